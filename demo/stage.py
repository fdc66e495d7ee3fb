"""The real chain on the demo's stage: the same jobs the daemon calls, at the moments the story wants."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter

from alerts.channels import load_notifiers
from alerts.digest import Period
from alerts.jobs import watch
from alerts.jobs_say import deliver, digest
from alerts.notifier import Notifier
from alerts.routing import Routing
from crawler.jobs import crawl
from demo.folder import DemoFolder, write_config
from demo.mailbox import Mailbox
from demo.replica.app import SECRET, Replica
from demo.replica.posts import StoryClock, World
from demo.story import Story
from demo.survey import survey_csv
from feedback.jobs import ImportReport, import_survey
from sentiment.brands import BrandWords
from sentiment.jobs import score_pending
from sentiment.jobs_stories import group_pending
from sentiment.layers import folder_of
from sentiment.scorer import Scorer
from store.database import Database, upgrade
from tingfeng.config import Config, SourceConfig, load_config
from tingfeng.model import Run

TURN = 0.0005  # seconds


@dataclass(slots=True)
class Stage:
    """Everything one performance needs. `runs` and `seconds` (by stage) fill up as it goes."""

    config: Config
    db: Database
    replica: Replica
    mailbox: Mailbox
    scorer: Scorer
    words: BrandWords
    notifiers: dict[str, Notifier]
    folder: DemoFolder
    runs: list[Run] = field(default_factory=list)
    judged: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _crawled_at: dict[str, datetime] = field(default_factory=dict)

    def crawl(self, now: datetime) -> None:
        """Crawl every source that is due at `now`, side by side: each waits for a subprocess of its own."""
        with self._timed("crawl"):
            self.replica.clock.move_to(now)
            due = [s for s in self.config.sources if self._is_due(s, now)]
            with ThreadPoolExecutor(max(1, len(due))) as pool:
                self.runs += pool.map(lambda source: self._crawl_one(source, now), due)

    def score(self, now: datetime) -> None:
        """Judge what is new and find its copies, as the daemon's jobs do one after the other."""
        with self._timed("score"):
            score_pending(self.db, self.scorer, words=self.words)
            group_pending(self.db, now=now)

    def watch(self, moments: Sequence[datetime]) -> None:
        """Judge the brands and sources as if the watch job had run at each of `moments`."""
        config, routing = self.config, self.routing
        with self._timed("watch"):
            for now in moments:
                watch(self.db, config.brands, config.sources, config.alerts, routing, now=now, zone=config.report_zone)
        self.judged += len(moments)

    def deliver(self, now: datetime) -> None:
        with self._timed("deliver"):
            deliver(self.db, self.notifiers, now=now)

    def import_survey(self, now: datetime) -> ImportReport:
        """The story's survey answers, from the file an operator would have exported."""
        with self._timed("survey"):
            self.folder.survey.write_text(survey_csv(), "utf-8-sig")
            return import_survey(
                self.db, self.folder.survey, {}, brands=self.config.brands, zone=self.config.report_zone, now=now
            )

    def digest(self, now: datetime, period: Period) -> None:
        with self._timed("digest"):
            digest(
                self.db,
                self.config.brands,
                self.config.sources,
                self.routing,
                now=now,
                zone=self.config.report_zone,
                period=period,
            )

    @property
    def routing(self) -> Routing:
        return Routing(routes=self.config.routes, recipients=self.config.recipients)

    def _is_due(self, source: SourceConfig, now: datetime) -> bool:
        last = self._crawled_at.get(source.name)
        return last is None or now - last >= source.interval

    def _crawl_one(self, source: SourceConfig, now: datetime) -> Run:
        self._crawled_at[source.name] = now
        report = crawl(
            self.db,
            source,
            self.config.brands,
            secret=self.config.secret(source.credential),
            author_secret=self.config.author_secret.get_secret_value(),
            now=now,
            state_dir=self.folder.state,
        )
        return report.run

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        started = perf_counter()
        yield
        self.seconds[name] += perf_counter() - started


@contextmanager
def set_stage(folder: DemoFolder, story: Story) -> Iterator[Stage]:
    """Servers up, configuration written, fresh database migrated; all of it gone (but the files) at the end."""
    started = perf_counter()
    world = World(story.posts, StoryClock(story.starts))
    with Replica(world, hot=story.hot) as replica, Mailbox(folder.mails) as mailbox, _quick_turns():
        write_config(folder, url=replica.url, port=mailbox.port)
        config = load_config(folder.config, {"TINGFENG_CREDENTIAL_ZHIHU": SECRET})
        upgrade(config.database_url)
        db = Database(config.database_url)
        words = BrandWords(config.brands, config.whole_words)
        try:
            stage = Stage(
                config=config,
                db=db,
                replica=replica,
                mailbox=mailbox,
                scorer=words.scorer(config.scorer, layers=folder_of(config.data_dir)),
                words=words,
                notifiers=dict(load_notifiers(config.mail)),
                folder=folder,
            )
            stage.seconds["set up"] = perf_counter() - started
            yield stage
        finally:
            db.close()


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Let threads take turns ten times as often: the replica must answer while the brands are being judged.

    With Python's 5 ms each of a crawl's few hundred requests waits that long, and the demo a quarter longer.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
