"""A store that is told what happened when, and the turns of `watch` over it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from alerts.facts import AlertFacts, FreshnessFacts
from alerts.hot_lists import HotFacts
from alerts.jobs import WatchReport, watch
from alerts.render import Rendered
from alerts.routing import Routing
from store import incidents, outbox
from store.database import Database
from tests.support.factories import NOW, make_mention, make_verdict, stored_run, stored_scored
from tingfeng.config import AlertRule, RecipientConfig, RouteConfig, SourceConfig
from tingfeng.model import Brand, IncidentKind, Label, Reason, RunStatus

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LARK = Brand(name="云雀")
RIVAL = Brand(name="海燕", competitor_of=("云雀",))
WEIBO = SourceConfig(name="weibo", kind="weibo_mobile")
ZHIHU = SourceConfig(name="zhihu", kind="zhihu_open")
ROUTING = Routing(
    recipients=(
        RecipientConfig(name="李", email="li@example.com"),
        RecipientConfig(name="王", email="wang@example.com"),
        RecipientConfig(name="运维", email="ops@example.com"),
    ),
    routes=(RouteConfig(to=("李", "王"), kinds=("alert",)), RouteConfig(to=("运维",), kinds=("operator",))),
)
SPIKE, BLIND = IncidentKind.NEGATIVE_SPIKE, IncidentKind.FRESHNESS


@dataclass
class Notebook:
    """A renderer that keeps what it was given."""

    alerts: list[AlertFacts] = field(default_factory=list)
    freshness: list[FreshnessFacts] = field(default_factory=list)
    hot: list[HotFacts] = field(default_factory=list)

    def render_alert(self, facts, *, zone):
        self.alerts.append(facts)
        return Rendered(subject=f"{facts.brand} {facts.reason}", text="正文", html="<p>正文</p>")

    def render_hot(self, facts, *, zone):
        self.hot.append(facts)
        return Rendered(subject=f"{facts.brand} {facts.reason}", text="正文", html="<p>正文</p>")

    def render_freshness(self, facts, *, zone):
        self.freshness.append(facts)
        return Rendered(subject=f"{facts.source} {facts.reason}", text="正文", html="<p>正文</p>")


class World:
    """A store, told what happened when; `look` is one turn of `watch`."""

    def __init__(self, db: Database) -> None:
        self.db, self.notes = db, Notebook()
        self.seen_until = {}

    def history(self, *sources: str, days: int = 10, brand: str = "云雀") -> None:
        """Quiet days up to NOW: one negative and one positive post every four hours from each source."""
        with self.db.write() as s:
            for source in sources:
                times = [NOW - k * 4 * HOUR - 90 * MINUTE for k in range(days * 6)]
                posts = [make_mention(source=source, published_at=at, brands=(brand,)) for at in times]
                stored_scored(s, posts, terms=["贵", "排队"])
                happy = [make_mention(source=source, published_at=at, brands=(brand,)) for at in times]
                stored_scored(s, happy, make_verdict(Label.POSITIVE))
                stored_run(s, source, since=NOW - days * DAY, until=NOW)
                self.seen_until[source] = NOW

    def crawl(self, at, *sources: str, posts: int = 0, status=RunStatus.OK, reason="", text=None) -> None:
        """One run of each source up to `at`, finding `posts` negative ones of the last ten minutes."""
        with self.db.write() as s:
            for source in sources:
                more = {"text": text, "reposts": 50} if text else {}
                found = [
                    make_mention(source=source, published_at=at - 10 * MINUTE + i * timedelta(seconds=1), **more)
                    for i in range(posts)
                ]
                if found:
                    stored_scored(s, found, terms=["起火", "召回"])
                stored_run(
                    s, source, since=self.seen_until.get(source, at - DAY), until=at, status=status, reason=reason
                )
                if status is RunStatus.OK:
                    self.seen_until[source] = at

    def look(self, at, *, sources=(WEIBO,), brands=(LARK, RIVAL), routing=ROUTING, rule=None) -> WatchReport:
        return watch(self.db, brands, sources, rule or AlertRule(), routing, now=at, zone=ZONE, renderer=self.notes)

    def reasons(self, at, **more) -> list[Reason]:
        return [step.reason for step in self.look(at, **more).steps if step.kind is SPIKE]

    def queued(self) -> list[tuple[str, str]]:
        with self.db.read() as s:
            return [(m.recipient, m.subject) for m in outbox.waiting(s)]

    def steps(self, incident_id: int) -> list[Reason]:
        with self.db.read() as s:
            return [step.reason for step in incidents.steps(s, incident_id)]

    def state(self):
        """Everything that watching writes."""
        with self.db.read() as s:
            found = incidents.between(s, NOW - 90 * DAY, NOW + 90 * DAY)
            return found, [incidents.steps(s, one.id) for one in found], outbox.waiting(s)
