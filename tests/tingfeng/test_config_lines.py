"""The line of every key, in every way TOML lets one write it."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, time
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from tingfeng.config_lines import Path, lines_of


@pytest.mark.parametrize(
    ("why", "text", "want"),
    [
        ("plain key", "\n# note\na = 1", {("a",): 3}),
        ("dotted key, quoted part", 'a."b.c" = 1', {("a",): 1, ("a", "b.c"): 1}),
        ("escapes in a quoted key", '"\\u00e9" = 1', {("é",): 1}),
        ("table and key", "\n[a.b]\nc = 1", {("a",): 2, ("a", "b"): 2, ("a", "b", "c"): 3}),
        (
            "table under an element of an array",
            "[[s]]\n[[s]]\n[s.o]\nk = 1",
            {("s",): 1, ("s", 0): 1, ("s", 1): 2, ("s", 1, "o"): 3, ("s", 1, "o", "k"): 4},
        ),
        (
            "array under an element of an array",
            "[[s]]\n[[s.q]]\n[[s.q]]\n[[s]]\n[[s.q]]",
            {("s",): 1, ("s", 0): 1, ("s", 0, "q"): 2, ("s", 0, "q", 0): 2, ("s", 0, "q", 1): 3}
            | {("s", 1): 4, ("s", 1, "q"): 5, ("s", 1, "q", 0): 5},
        ),
        ("over lines", "a = [ # [\n 1, # ,\n '#',\n]\nb = 1", {("a",): 1, ("a", 0): 2, ("a", 1): 3, ("b",): 5}),
        ("inline table", "a = { b = 1, c.d = '}' }", {("a",): 1, ("a", "b"): 1, ("a", "c"): 1, ("a", "c", "d"): 1}),
        ("multi-line basic string", 'a = """\n[x]\nb = 1 \\""""\nc = 1', {("a",): 1, ("c",): 4}),
        ("multi-line literal string, quotes at its end", "a = '''\n[x]'''''\nc = 1", {("a",): 1, ("c",): 3}),
        ("empty strings", "a = ''\nb = \"\"\nc = ''''''\nd = 1", {("a",): 1, ("b",): 2, ("c",): 3, ("d",): 4}),
        ("a date with a space", "a = 1979-05-27 07:32:00\nb = 1", {("a",): 1, ("b",): 2}),
        ("a header with spaces", "[ a . 'b' ] # note\nc = 1", {("a",): 1, ("a", "b"): 1, ("a", "b", "c"): 2}),
        ("a table opened again from below", "[a.b]\n[a]\nx = 1", {("a",): 1, ("a", "b"): 1, ("a", "x"): 3}),
    ],
)
def test_lines(why, text, want):
    tomllib.loads(text)
    assert lines_of(text) == want, why


def paths(value: Any, path: Path = ()) -> set[Path]:
    """Every path of a parsed document."""
    found = {path} if path else set()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found.union(*(paths(inner, (*path, key)) for key, inner in items))


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False),
    TEXT,
    st.dates(date(1000, 1, 1)),
    st.datetimes(datetime(1000, 1, 1)),  # noqa: DTZ001 -- TOML has local times
    st.times(time()),
)
VALUE = st.recursive(
    PLAIN, lambda v: st.one_of(st.lists(v, max_size=3), st.dictionaries(TEXT, v, max_size=3)), max_leaves=12
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(TEXT, VALUE, max_size=5))
def test_every_path_of_any_document_has_a_line(document):
    text = tomlkit.dumps(document).replace("\r\n", "\n")
    assert set(lines_of(text)) == paths(tomllib.loads(text))
