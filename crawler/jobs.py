"""The crawl job: one source, one subprocess, one row in the table of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from store.database import Database
from tingfeng.model import Brand, Run

if TYPE_CHECKING:
    from tingfeng.config import SourceConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlReport:
    """What came of one crawl. `run.status`, `run.reason` and the counts say it all."""

    run: Run


def crawl(
    db: Database,
    source: SourceConfig,
    brands: Sequence[Brand],
    *,
    secret: str | None,
    author_secret: str,
    now: datetime,
    state_dir: Path,
) -> CrawlReport:
    """Crawl `source` once in a subprocess and write down how it went.

    `secret` is the credential's value, if the source names one. `state_dir` takes the child's log. Never raises for
    what a platform does: a refusal, a time-out or a changed layout is a run with that status and reason.
    """
    raise NotImplementedError
