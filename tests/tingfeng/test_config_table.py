"""Options dataclasses are read as strictly as the rest of the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal

import pytest
from pydantic import Field

from tingfeng.config import read_table
from tingfeng.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    url: str
    json: bool = False  # the name of a pydantic method
    pages: Annotated[int, Field(ge=1, le=50)] = 10
    wait: timedelta = timedelta(seconds=1)
    limit: timedelta | None = None
    words: tuple[str, ...] = ()
    spans: tuple[timedelta, ...] = ()
    share: float = 0.5
    order: Literal["new", "hot"] = "new"
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.url.startswith("http"):
            raise ValueError(f"expected https://…, got '{self.url}'")


def test_a_full_table():
    table = {
        "url": "https://example.com",
        "json": True,
        "pages": 3,
        "wait": "90s",
        "limit": "1h",
        "words": ["a", "b"],
        "spans": ["1m", 5],
        "share": 1,
        "order": "hot",
        "headers": {"a": "b"},
    }
    assert read_table(Options, table, at="x") == Options(
        url="https://example.com",
        json=True,
        pages=3,
        wait=timedelta(seconds=90),
        limit=timedelta(hours=1),
        words=("a", "b"),
        spans=(timedelta(minutes=1), timedelta(seconds=5)),
        share=1.0,
        order="hot",
        headers={"a": "b"},
    )


def test_defaults_are_the_dataclass_s_own():
    assert read_table(Options, {"url": "http://x"}, at="x") == Options(url="http://x")


@pytest.mark.parametrize(
    ("why", "table", "want"),
    [
        ("a typo", {"url": "http://x", "page": 1}, ["x.page: unknown key; did you mean 'pages'?"]),
        ("nothing given", {}, ["x.url: missing; it must be given"]),
        (
            "all at once",
            {"url": 1, "pages": 99, "wait": "soon"},
            [
                'x.url: expected a text in "quotes", got a number',
                "x.pages: must be at most 50, got 99",
                'x.wait: expected a duration such as "90s", "5m", "1h" or "7d", got \'soon\'',
            ],
        ),
        ("a text is not a number", {"url": "http://x", "pages": "3"}, ["x.pages: expected a whole number, got a text"]),
        ("1 is not true", {"url": "http://x", "json": 1}, ["x.json: expected true or false, got a number"]),
        ("true is not 1", {"url": "http://x", "pages": True}, ["x.pages: expected a whole number, got true/false"]),
        (
            "one of a list",
            {"url": "http://x", "words": ["a", 1]},
            ['x.words[2]: expected a text in "quotes", got a number'],
        ),
        (
            "a choice",
            {"url": "http://x", "order": "hott"},
            ["x.order: 'hott' is not one of new, hot; did you mean 'hot'?"],
        ),
        ("what the class itself refuses", {"url": "htp://x"}, ["x: expected https://…, got 'htp://x'"]),
    ],
)
def test_mistakes(why, table, want):
    with pytest.raises(ConfigError) as caught:
        read_table(Options, table, at="x")
    assert list(caught.value.problems) == want, why
