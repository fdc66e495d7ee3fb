"""From a row of a table to a post, or to the reasons why it is none."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from crawler.imports import cells
from crawler.imports.gathered import Rejected, Row, Wish
from crawler.imports.identity import (
    PLATFORMS,
    USUAL_KIND,
    Place,
    canonical,
    digest_of,
    identity_of,
    is_plain,
    place_of,
    weibo_id,
)
from crawler.imports.mapping import FIELDS, Columns
from crawler.post import Kind, Post
from crawler.times import weibo_id_time
from tingfeng.tablefiles import Cell, Line, plain_head

DAY = timedelta(days=1)
SHORTEST_ID = 6  # characters; shorter ones number the rows of a file and mean another post in the next
COUNTS = ("reposts", "comments", "likes", "followers")
COMMENT_HEADS = frozenset({"评论内容", "回复内容", "评论id", "回复id"})
COMMENT_PREFIX = {"zhihu": "comment:", "v2ex": "reply:"}
MOST_LABELS = 100_000  # remembered ones; more would cost more than they save
NOWHERE = Place("")


class RowReader:
    """Reads the rows of one table. `notes` counts what was read with a doubt.

    Exports have a hundred thousand rows: what repeats itself is read once, and columns that are not there cost nothing.
    """

    def __init__(self, columns: Columns, wish: Wish, *, days_behind: int = 0) -> None:
        self.width = len(columns.heads)
        self.notes: Counter[str] = Counter()
        self.clock = cells.Clock(
            wish.zone, seen_at=wish.seen_at, now=wish.now, form=wish.date_format, days_behind=days_behind
        )
        self.platform, self.label = wish.platform, wish.label
        self._at = {field: columns.at.get(field, self.width) for field in FIELDS}  # `width`: an empty cell, see read
        self._counts = [(name, columns.at[name]) for name in COUNTS if name in columns.at]
        self._repost_head = columns.heads[columns.at["repost"]] if "repost" in columns.at else ""
        self._of_comments = any(plain_head(columns.heads[i]) in COMMENT_HEADS for i in columns.at.values())
        self._labels: dict[Cell, str] = {"": ""}
        self._words: dict[tuple[str, str], int] = {}  # what was said under an identity, hashed

    def read(self, line: Line) -> Row | Rejected:
        """The post in a row, or every reason why there is none."""
        reasons: list[str] = []
        row = line.cells
        if len(row) != self.width:
            if any(cell != "" for cell in row[self.width :]):
                reasons.append("格数比表头多，可能有内容缺少引号")
            row = row[: self.width] + ("",) * (self.width - len(row))
        row = (*row, "")
        at = self._at
        title, text = cells.words_of(row[at["title"]]), cells.words_of(row[at["text"]])
        if not (title or text):
            reasons.append("没有标题也没有内容")
        try:
            told = self.clock.read(row[at["time"]])
        except ValueError as e:
            reasons.append(str(e))
        kind = cells.kind_of(self._label(row[at["kind"]]))
        if kind is None and self._of_comments:
            kind = Kind.COMMENT
        if kind is Kind.HOT:
            reasons.append("热榜条目不是帖子")
        if reasons:
            return Rejected(line.number, tuple(reasons), line.cells)
        return Row(line.number, self._post(row, title, text, told, kind), self._label(row[at["brand"]]), line.cells)

    def _label(self, cell: Cell) -> str:
        found = self._labels.get(cell)
        if found is None:
            found = cells.label_of(cell)
            if len(self._labels) < MOST_LABELS:
                self._labels[cell] = found
        return found

    def _post(
        self, row: tuple[Cell, ...], title: str, text: str, told: tuple[datetime, bool, bool], kind: Kind | None
    ) -> Post:
        at = self._at
        place, address = self._place(row[at["url"]])
        platform = place.platform or self._platform(self._label(row[at["platform"]]), address)
        name = self._label(row[at["author"]])
        author = self._label(row[at["author_id"]]) or place.author or (f"name:{name}" if name else "")
        if kind is Kind.COMMENT:  # its address is that of what it comments on
            native_id, parent = self._comment_id(row[at["id"]], platform), place.native_id or None
        else:
            native_id, parent = place.native_id or self._id(row[at["id"]], platform) or identity_of(address), None
        if not native_id:
            when = str(row[at["time"]]) if told[2] else told[0]  # relative ones move with the file's time
            native_id = digest_of(platform, author, when, f"{title}\n{text}\n{parent or ''}")
            self.notes["no_id"] += 1
        elif self._words.setdefault((platform, native_id), words := hash((title, text))) != words:
            self.notes["same_id_other_words"] += 1
        return Post(
            platform=platform,
            native_id=native_id,
            url=address,
            text=text or title,
            title="" if not text else title,
            published_at=told[0] if not told[1] else self._time_of_day(told[0], platform, native_id),
            kind=kind or place.kind or USUAL_KIND.get(platform, Kind.POST),
            parent=parent,
            context=cells.words_of(row[at["context"]]) if row[at["context"]] != "" else "",
            author=author or None,
            author_name=name,
            region=cells.region_of(self._label(row[at["region"]])),
            is_repost=bool(self._repost_head) and cells.is_repost(self._label(row[at["repost"]]), self._repost_head),
            **self._numbers(row),
        )

    def _place(self, cell: Cell) -> tuple[Place, str]:
        """What an address names, and the address as it is kept; nothing where there is none."""
        if cell == "":
            return NOWHERE, ""
        told = cell.strip() if isinstance(cell, str) else ""
        place = place_of(told) or NOWHERE
        return place, told if place.native_id and is_plain(told) else canonical(told)

    def _platform(self, told: str, address: str) -> str:
        """The platform a row names, else the one given for the file, else the web its address is on."""
        word = told.casefold()
        named = PLATFORMS.get(word) or ("" if address else word[:60])
        return named or self.platform or ("web" if address else f"import:{self.label}")

    def _id(self, cell: Cell, platform: str) -> str:
        """The id in a row's own column; "" without one that can be relied on."""
        if cell == "":
            return ""
        if cells.is_rounded(cell):
            self.notes["rounded_id"] += 1
            return ""
        told = cells.label_of(cell)
        if len(told) < SHORTEST_ID:
            return ""
        return weibo_id(told) if platform == "weibo" else told

    def _comment_id(self, cell: Cell, platform: str) -> str:
        """As the readers of the platform name comments."""
        told = self._id(cell, "")
        return f"{COMMENT_PREFIX.get(platform, '')}{told}" if told else ""

    def _time_of_day(self, day: datetime, platform: str, native_id: str) -> datetime:
        """Where only the day is told: of a Weibo post the time in its id, if it is of that day."""
        by_id = weibo_id_time(native_id) if platform == "weibo" else None
        if by_id is not None and day <= by_id < day + DAY:
            return by_id
        self.notes["day_only"] += 1
        return day

    def _numbers(self, row: tuple[Cell, ...]) -> dict[str, Any]:
        found: dict[str, int | None] = {}
        for name, at in self._counts:
            cell = row[at]
            found[name] = number = cells.number_of(cell)
            if number is None and cells.is_told(cell):
                self.notes[f"unreadable_{name}"] += 1
        return found
