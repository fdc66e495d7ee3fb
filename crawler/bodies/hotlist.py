"""What the readers of hot lists share: a document or a named refusal, and entries ranked from 1."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crawler.post import Kind, Post, Reading
from crawler.refusals import by_message, by_page
from crawler.text import cut, plain
from tingfeng.errors import CrawlError, LayoutChanged, Refused

MOST = 500  # entries read of one list; the longest known has 60
LONGEST_TITLE, LONGEST_TEXT = 300, 2_000  # characters


def refusal_page(body: bytes) -> CrawlError | None:
    """The refusal that an HTML page is, if it is a known one."""
    name = by_page(body)
    return Refused(name, "HTML page in place of data") if name else None


def refusal_message(data: Mapping[str, Any]) -> CrawlError | None:
    """The refusal that an object speaks of in its message, wherever it keeps it."""
    inner = data.get("error")
    told = [data.get(key) for key in ("message", "msg", "errmsg", "error_msg")]
    told.append(inner.get("message") if isinstance(inner, dict) else inner)
    said = " ".join(one for one in told if isinstance(one, str))
    name = by_message(said)
    return Refused(name, said[:80]) if name else None


def objects(value: object) -> list[dict[str, Any]]:
    """The objects in a list; none where there is no list."""
    return [one for one in value[:MOST] if isinstance(one, dict)] if isinstance(value, list) else []


def inside(value: object, *keys: str) -> Any:
    """`value[keys[0]][keys[1]]…`; None as soon as there is no object to look into."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def words(value: object) -> str:
    """A text on one line; "" for what is none. Numbers count as texts: words such as '618' come as such."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return " ".join(plain(value).split()) if isinstance(value, str) else ""


class Entries:
    """A list being read: `add` the entries from the top, then `done`.

    A hot list is never empty. One of which nothing could be read is not a quiet day but a changed layout.
    """

    def __init__(self, board: str) -> None:
        self.board, self.reading = board, Reading()

    def leave_out(self, why: str) -> None:
        """An entry that holds no place of its own: "ad" or "pinned"."""
        self.reading.notes[why] += 1

    def add(
        self,
        *,
        title: str,
        url: str,
        native_id: str = "",
        rank: int | None = None,
        heat: int | None = None,
        text: str = "",
        at: datetime | None = None,
    ) -> None:
        """The next entry. `native_id`: the list's own, where it has one that stays; else the words are it.

        `rank`: as told; where nothing sensible is told, the entry's place in the order it was added in.
        """
        if not title:
            self.reading.skipped["text"] += 1
            return
        place = len(self.reading.posts) + 1
        self.reading.posts.append(
            Post(
                platform=self.board,
                native_id=native_id or title,
                url=url,
                title=cut(title, LONGEST_TITLE),
                text=cut(text or title, LONGEST_TEXT),
                published_at=at,
                kind=Kind.HOT,
                rank=rank if rank is not None and 1 <= rank <= MOST else place,
                heat=heat,
            )
        )

    def done(self) -> Reading:
        if not self.reading.posts:
            raise LayoutChanged("layout_changed", f"{self.board}: no entry could be read")
        return self.reading
