"""From a row of a table to a post, or to the reasons why it is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from crawler.imports import cells
from crawler.imports.gathered import Rejected, Row, Wish
from crawler.imports.identity import PLATFORMS, USUAL_KIND, Place, canonical, digest_of, place_of, weibo_id
from crawler.imports.mapping import Columns
from crawler.post import Kind, Post
from crawler.times import weibo_id_time
from tingfeng.tablefiles import Cell, Line

DAY = timedelta(days=1)
SHORTEST_ID = 6  # characters; shorter ones number the rows of a file and mean another post in the next
COUNTS = ("reposts", "comments", "likes", "followers")
NOWHERE = Place("")


class RowReader:
    """Reads the rows of one table. `notes` counts what was read with a doubt."""

    def __init__(self, columns: Columns, wish: Wish) -> None:
        self.width = len(columns.heads)
        self.notes: Counter[str] = Counter()
        self.clock = cells.Clock(wish.zone, seen_at=wish.seen_at, now=wish.now, form=wish.date_format)
        self.platform, self.label = wish.platform, wish.label
        self._at = columns.at
        self._repost_head = columns.heads[columns.at["repost"]] if "repost" in columns.at else ""
        self._counts = [(name, columns.at[name]) for name in COUNTS if name in columns.at]
        self._platforms: dict[Cell, str] = {}

    def read(self, line: Line) -> Row | Rejected:
        """The post in a row, or every reason why there is none."""
        reasons: list[str] = []
        row = line.cells
        if len(row) < self.width:
            row = row + ("",) * (self.width - len(row))
        elif any(cell != "" for cell in row[self.width :]):
            reasons.append("格数比表头多，可能有内容缺少引号")

        def cell(field: str) -> Cell:
            at = self._at.get(field)
            return "" if at is None else row[at]

        title, text = cells.words_of(cell("title")), cells.words_of(cell("text"))
        if not (title or text):
            reasons.append("没有标题也没有内容")
        try:
            told = self.clock.read(cell("time"))
        except ValueError as e:
            reasons.append(str(e))
        kind = cells.kind_of(cell("kind"))
        if kind is Kind.HOT:
            reasons.append("热榜条目不是帖子")
        if reasons:
            return Rejected(line.number, tuple(reasons), line.cells)
        post = self._post(cell, row, title, text, told, kind)
        return Row(line.number, post, cells.label_of(cell("brand")), line.cells)

    def _post(
        self,
        cell: Callable[[str], Cell],
        row: tuple[Cell, ...],
        title: str,
        text: str,
        told: tuple[datetime, bool, bool],
        kind: Kind | None,
    ) -> Post:
        url = cell("url")
        address = cells.label_of(url) if url != "" else ""
        place = (place_of(address) if address else None) or NOWHERE
        address = canonical(address) if address else ""
        platform = place.platform or self._platform(cell("platform"), address)
        name = cells.label_of(cell("author"))
        author = cells.label_of(cell("author_id")) or place.author or (f"name:{name}" if name else "")
        native_id = place.native_id or self._id(cell, platform, address)
        if not native_id:
            when = str(cell("time")) if told[2] else told[0]  # relative ones move with the file's time
            native_id = digest_of(platform, author, when, f"{title}\n{text}")
            self.notes["no_id"] += 1
        return Post(
            platform=platform,
            native_id=native_id,
            url=address,
            text=text or title,
            title="" if not text else title,
            published_at=self._when(told, platform, native_id),
            kind=kind or place.kind or USUAL_KIND.get(platform, Kind.POST),
            context=cells.words_of(cell("context")),
            author=author or None,
            author_name=name,
            region=cells.region_of(cell("region")),
            is_repost=bool(self._repost_head) and cells.is_repost(cell("repost"), self._repost_head),
            **self._numbers(row),
        )

    def _platform(self, cell: Cell, address: str) -> str:
        """The platform a row names, else the one given for the file, else the web its address is on."""
        if cell not in self._platforms:
            word = cells.label_of(cell).casefold()
            self._platforms[cell] = PLATFORMS.get(word, word[:60])
        named = self._platforms[cell]
        if named and (named in USUAL_KIND or named in PLATFORMS.values() or not address):
            return named
        return self.platform or ("web" if address else f"import:{self.label}")

    def _id(self, cell: Callable[[str], Cell], platform: str, address: str) -> str:
        told = cell("id")
        if cells.is_rounded(told):
            self.notes["rounded_id"] += 1
        elif told != "" and len(found := cells.label_of(told)) >= SHORTEST_ID:
            return weibo_id(found) if platform == "weibo" else found
        return address

    def _when(self, told: tuple[datetime, bool, bool], platform: str, native_id: str) -> datetime:
        """The time; of a Weibo post of which only the day is told, the one in its id if it is of that day."""
        at, is_day, _ = told
        if not is_day:
            return at
        by_id = weibo_id_time(native_id) if platform == "weibo" else None
        if by_id is not None and at <= by_id < at + DAY:
            return by_id
        self.notes["day_only"] += 1
        return at

    def _numbers(self, row: tuple[Cell, ...]) -> dict[str, Any]:
        found: dict[str, int | None] = {}
        for name, at in self._counts:
            cell = row[at]
            found[name] = number = cells.number_of(cell)
            if number is None and cells.is_told(cell):
                self.notes[f"unreadable_{name}"] += 1
        return found
