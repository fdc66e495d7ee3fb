"""An import into an empty store, and the files for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from crawler.imports.gather import gather
from crawler.imports.gathered import Rejected, Row, Wish
from crawler.jobs_import import ImportReport, import_posts
from crawler.post import Post
from store.database import Database
from tests.support.factories import NOW
from tingfeng.model import Brand

ZONE = ZoneInfo("Asia/Shanghai")
BRANDS = (Brand(name="云雀", aliases=("Skylark",)), Brand(name="山雀", none=("鸟类",)))
SECRET = "0123456789abcdef" * 4
NOON = datetime(2026, 11, 20, 0, 5, tzinfo=UTC)  # 8:05 in Shanghai


def wish(**told: Any) -> Wish:
    return Wish(**{"zone": ZONE, "now": NOW, "seen_at": NOW} | told)


def items_of(path: Path, **told: Any) -> list[Row | Rejected]:
    return list(gather(path, wish(**told)).items)


def posts_of(path: Path, **told: Any) -> list[Post]:
    """All posts of a file in which no row is rejected."""
    items = items_of(path, **told)
    assert not [item for item in items if isinstance(item, Rejected)], items
    return [item.post for item in items if isinstance(item, Row)]


def bring_in(db: Database, paths: Sequence[Path], *, brand: str | None = None, **told: Any) -> ImportReport:
    ours = {name: told.pop(name) for name in ("dry_run", "author_names") if name in told}
    return import_posts(
        db,
        [(path, wish(label="agency", **told)) for path in paths],
        source="agency",
        brands=BRANDS,
        brand=brand,
        author_secret=SECRET,
        now=NOW,
        **ours,
    )
