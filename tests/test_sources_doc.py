"""docs/sources.md says what the code does: kinds, options with their defaults, names of refusals, rests."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from crawler.breaker import NO, RESTS, Rest
from crawler.jobs import problems_of
from crawler.options import Options, duration
from crawler.spiders import SPIDERS
from tingfeng.config import load_config
from tingfeng.refusals import NAMES
from tingfeng.registry import resolve

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "sources.md").read_text(encoding="utf-8")
SECTIONS = {s.partition("\n")[0].split()[0]: s for s in re.split(r"^##+ ", TEXT, flags=re.MULTILINE)[1:]}
USUAL = {f.name: f.default for f in dataclasses.fields(Options)}
SAID_TOGETHER = {"max_text"}  # its other defaults stand in the table of all sources


def said(section: str) -> dict[str, str]:
    """Option → default, as the section's table tells them."""
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", SECTIONS[section], re.MULTILINE))


def same(told: str, default: object) -> bool:
    if isinstance(default, timedelta):
        return duration(told.partition(",")[0]) == default
    if isinstance(default, bool):
        return told == str(default).lower()
    if isinstance(default, tuple):
        return json.loads(told) == list(default)
    return told.strip('"–').partition(";")[0] == str(default)


@pytest.mark.parametrize("kind", SPIDERS)
def test_it_tells_every_option_of_a_kind_with_its_default(kind):
    table = said(kind)
    own = {f.name: f.default for f in dataclasses.fields(resolve("spider", kind, SPIDERS).options_class)}
    assert set(table) <= set(own)
    for name in own.keys() - SAID_TOGETHER:
        if own[name] != USUAL.get(name, dataclasses.MISSING):
            assert f"`{name}`" in SECTIONS[kind], name
    assert all(same(told, own[name]) for name, told in table.items())


def test_it_tells_every_option_of_all_kinds():
    table = said("Settings")
    assert set(table) == set(USUAL)
    assert all(same(told, USUAL[name]) for name, told in table.items())


def test_it_tells_how_far_back_each_kind_reaches():
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (\w+) \|$", SECTIONS["At"], re.MULTILINE))
    assert rows == {kind: resolve("spider", kind, SPIDERS).reaches_back for kind in SPIDERS}


def test_it_tells_every_name_of_blindness():
    assert set(NAMES) <= set(re.findall(r"`(\w+)`", SECTIONS["Blindness"]))


def test_it_tells_how_long_a_source_rests():
    rows = re.findall(r"^\| (.*`.*) \| (\d+) (min|h) \| (\d+) (min|h) \|$", SECTIONS["Resting"], re.MULTILINE)
    told = {}
    for names, first, unit, longest, unit2 in rows:
        rest = Rest(duration(first + unit[0]), duration(longest + unit2[0]))
        told |= dict.fromkeys(re.findall(r"`(\w+)`", names), rest)
    assert all(told.pop(name) == rest for name, rest in RESTS.items())
    assert told
    assert set(told.values()) == {NO}


def test_its_smallest_configuration_is_one(tmp_path):
    (sample,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    path = tmp_path / "tingfeng.toml"
    path.write_text('[[brands]]\nname = "云雀"\n\n' + sample, encoding="utf-8")
    named = {n.upper() for n in re.findall(r'credential = "(\w+)"', sample)}
    secrets = {f"TINGFENG_CREDENTIAL_{n}": "abc:def" for n in named}
    config = load_config(path, secrets | {"TINGFENG_AUTHOR_SECRET": "0123456789abcdef"})
    assert {s.kind for s in config.sources} == set(SPIDERS) - {"weibo_html"}
    for source in config.sources:
        assert problems_of(source, config.brands, secret=config.secret(source.credential)) == []
