"""`tingfeng erase`: whom and why are needed, the receipt says what went."""

from __future__ import annotations

import json

import pytest

from store import mentions
from tests.support.factories import make_mention
from tingfeng.privacy import Pseudonyms

SECRET = "0123456789abcdef" * 4
KEY = Pseudonyms(SECRET).of("weibo", "123")


@pytest.fixture
def stored(desk_db):
    posts = [make_mention(author_key=KEY, text="请删掉我"), make_mention(author_key="b" * 32)]
    with desk_db.write() as s:
        assert mentions.add(s, posts) == 2
    return desk_db


@pytest.mark.parametrize("who", ["weibo:123", KEY])
def test_erased_with_a_receipt(call, stored, who):
    told = json.loads(call("erase", "--author", who, "--reason", "本人来信", "--yes", "--json").stdout)
    assert (told["author_key"], told["mentions"], told["reason"]) == (KEY, 1, "本人来信")
    with stored.read() as s:
        assert mentions.count(s) == 1
    assert "本人来信" in call("erase", "receipts").stdout
    assert json.loads(call("erase", "receipts", "--json").stdout) == [told]


def test_a_person_may_see_what_is_stored(call, stored):
    [post] = json.loads(call("erase", "--author", "weibo:123", "--dry-run").stdout)
    assert post["text"] == "请删掉我"
    with stored.read() as s:
        assert mentions.count(s) == 2


def test_nothing_is_erased_without_a_yes(call, stored):
    assert call("erase", "--author", "weibo:123", "--reason", "-", stdin="n\n").exit_code == 1
    with stored.read() as s:
        assert mentions.count(s) == 2


def test_somebody_unknown_gets_a_receipt_too(call, stored):
    done = call("erase", "--author", "zhihu:name:某人", "--reason", "来信", "--yes")
    assert "nothing of this author was stored" in done.stderr and "receipt 回执 1" in done.stdout


@pytest.mark.parametrize(
    ("why", "args", "says"),
    [
        ("nobody", ["--reason", "-"], "--author"),
        ("no reason", ["--author", "weibo:1"], "--reason"),
        ("no platform", ["--author", "123", "--reason", "-"], "weibo:1234567890"),
        ("no id", ["--author", "weibo:", "--reason", "-"], "weibo:1234567890"),
    ],
)
def test_wrong_calls(call, stored, why, args, says):
    done = call("erase", *args, "--yes")
    assert done.exit_code == 2 and says in done.stderr, why
