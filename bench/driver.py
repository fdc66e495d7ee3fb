"""One life of the chain: crawl → score → watch → digest → deliver, over and over until nothing is left to do.

Run by bench/kill.py, which ends it with SIGKILL at moments of its own choosing and starts it again.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alerts.channels import load_notifiers
from alerts.jobs import watch
from alerts.jobs_say import LEASE, deliver, digest
from alerts.routing import Routing
from bench.corpus_site import BRAND, NOW
from bench.replay import source
from crawler.jobs import crawl
from sentiment.jobs import score_pending
from sentiment.scorers import load_scorer
from store import outbox, scores
from store.database import Database
from tingfeng.config import AlertRule, MailConfig, RecipientConfig, RouteConfig
from tingfeng.model import Brand, RunStatus

BRANDS = (Brand(name=BRAND),)
RULE = AlertRule()
BATCH = 200  # mentions a scoring transaction: small, so that a kill falls between two
PREFETCH = 4


def routing(readers: int) -> Routing:
    people = tuple(RecipientConfig(name=f"r{n}", email=f"r{n}@bench.invalid") for n in range(readers))
    return Routing(recipients=people, routes=(RouteConfig(to=tuple(p.name for p in people)),))


def live(told: dict[str, Any]) -> None:
    """Until done. The file "stage" says what it is about to do."""
    db, scorer = Database(told["database_url"]), load_scorer("bayes")
    site, folder = source(told["url"], prefetch=PREFETCH), Path(told["folder"])
    stage = folder / "stage"
    mail = MailConfig(host="127.0.0.1", port=told["port"], security="none", sender="bench@bench.invalid")
    post, zone = load_notifiers(mail), told["zone"]
    # Each life begins after the leases of the one before have run out, as it would when a service is started again.
    now = NOW + told["life"] * (LEASE + timedelta(minutes=1))
    while True:
        stage.write_text("crawl")
        report = crawl(
            db, site, BRANDS, secret=None, author_secret="bench-secret-of-no-value", now=NOW, state_dir=folder
        )
        stage.write_text("score")
        score_pending(db, scorer, batch=BATCH)
        stage.write_text("watch")
        watch(db, BRANDS, (site,), RULE, routing(told["readers"]), now=NOW, zone=zone)
        stage.write_text("digest")
        digest(db, BRANDS, (site,), routing(told["readers"]), now=NOW, zone=zone, period="daily")
        stage.write_text("deliver")
        deliver(db, post, now=now)
        with db.read() as s:
            left = scores.pending(s, limit=1) or outbox.waiting(s)
        if report.run.status is RunStatus.OK and not left:
            return


if __name__ == "__main__":
    from zoneinfo import ZoneInfo

    live(json.loads(sys.argv[1]) | {"zone": ZoneInfo("Asia/Shanghai")})
