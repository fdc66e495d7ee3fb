"""A person at the desk corrects the scorer and lets it learn: the real commands on a real folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scheduler import House
from sentiment.layers import current, folder_of
from store import corrections, mentions, reports, scores
from store.database import Database
from tests.sentiment import domain
from tests.support.factories import make_mention, make_verdict, stored_scored
from tingfeng.clock import utc_now
from tingfeng.config import load_config
from tingfeng.model import Label

NOW = utc_now()  # the commands read the clock
HOSTILE = "坏\x1b[31m\u202e了"


@pytest.fixture
def blind(desk: Path) -> Path:
    """The folder, scored by the toy scorer of tests/sentiment/domain.py."""
    toml = desk / "tingfeng.toml"
    toml.write_text('scorer = "tests.sentiment.domain:Blind"\n' + toml.read_text("utf-8"), "utf-8")
    return desk


def put(db: Database, *texts: str, **fields: object) -> None:
    with db.write() as s:
        stored_scored(s, [make_mention(text=text, published_at=NOW, **fields) for text in texts])


def lines(folder: Path, rows: domain.Rows, name: str) -> str:
    path = folder / name
    made = [json.dumps({"text": text, "polarity": int(label)}, ensure_ascii=False) for text, label in rows]
    path.write_text("\n".join(made), "utf-8")
    return str(path)


def test_correct_and_take_back(call, desk_db):
    put(desk_db, HOSTILE, HOSTILE)
    done = call("sentiment", "correct", "1", "正面", "--brand", "skylark", "--author", "李", "--note", "反话")
    assert done.exit_code == 0
    assert "correction 修正 1: mention 帖子 1 → positive 正面 (云雀)" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    [listed] = json.loads(call("sentiment", "corrections", "--json").stdout)
    assert (listed["state"], listed["correction"]["author"], listed["correction"]["note"]) == ("in force", "李", "反话")
    with desk_db.read() as s:
        assert reports.totals(s, ["云雀"], NOW.replace(year=2020), NOW.replace(year=2099))["云雀"].positive == 2
    call("sentiment", "correct", "2", "neutral")
    text = call("sentiment", "corrections").stdout
    assert "superseded 被取代" in text  # the newer one is for every brand, this one too
    assert "\x1b" not in text
    assert call("sentiment", "uncorrect", "2").exit_code == 0
    again = call("sentiment", "uncorrect", "2")
    assert (again.exit_code, "此前已撤回" in again.stdout) == (1, True)


@pytest.mark.parametrize(
    ("why", "args", "says"),
    [
        ("nothing said", [], "MENTION_ID"),
        ("no label", ["1"], "MENTION_ID and LABEL"),
        ("a mistyped label", ["1", "postive"], "did you mean 'positive'"),
        ("a mistyped brand", ["1", "positive", "--brand", "云却"], "did you mean '云雀'"),
        ("no such mention", ["99", "positive"], "no mention 99"),
        ("a brand it is not about", ["1", "positive", "--brand", "山雀"], "is not about '山雀' but about 云雀"),
        ("both ways at once", ["1", "positive", "--file", "x.jsonl"], "either MENTION_ID LABEL or a file"),
        ("a file that is not there", ["--file", "none.jsonl"], "none.jsonl: No such file"),
    ],
)
def test_what_cannot_be_corrected(call, desk_db, why, args, says):
    put(desk_db, "坏")
    done = call("sentiment", "correct", *args)
    assert done.exit_code == 2
    assert says in done.stderr
    with desk_db.read() as s:
        assert corrections.listing(s) == []


def test_a_file_is_taken_whole_or_not_at_all(call, desk, desk_db):
    put(desk_db, "一", "二")
    (desk / "labels.csv").write_text("id,label\n1,正面\n7,负面\n2,中性\n8,中性\n", "utf-8")
    done = call("sentiment", "correct", "--file", "labels.csv")
    assert done.exit_code == 2
    assert "labels.csv:3: no mention 7" in done.stderr
    assert "labels.csv:5: no mention 8" in done.stderr
    with desk_db.read() as s:
        assert corrections.listing(s) == []
    (desk / "labels.csv").write_text("id,label\n1,正面\n2,中性\n", "utf-8")
    assert [c["label"] for c in json.loads(call("sentiment", "correct", "--file", "labels.csv", "--json").stdout)] == [
        1,
        0,
    ]


def test_an_unknown_correction_says_where_to_look(call, desk):
    done = call("sentiment", "uncorrect", "3")
    assert done.exit_code == 2
    assert "tingfeng sentiment corrections" in done.stderr


def test_review_shows_ids_and_doubts(call, desk_db):
    torn = make_verdict(Label.NEUTRAL, negative=0.33, neutral=0.34, positive=0.33, polarity=0.0)
    with desk_db.write() as s:
        stored_scored(s, [make_mention(text=HOSTILE, published_at=NOW)], torn)
        stored_scored(s, [make_mention(text="有把握", published_at=NOW)])
    done = call("sentiment", "review", "--since", "30d")
    assert "1" in done.stdout.splitlines()[1]
    assert "neutral 中性 34 %" in done.stdout.splitlines()[1]
    assert "\x1b" not in done.stdout
    assert "tingfeng sentiment correct" in done.stderr
    found = json.loads(call("sentiment", "review", "--json", "--limit", "1", "--brand", "skylark").stdout)
    assert [(d["shown"]["id"], round(d["unsure"], 2)) for d in found] == [(1, 0.66)]
    assert "did you mean '云雀'" in call("sentiment", "review", "--brand", "云却").stderr


def test_learn_list_use(call, blind, desk_db):
    """Corrections in the store and in a file; tried, installed, listed, left; old scores stay."""
    rows = domain.corrections()
    with desk_db.write() as s:
        mentions.add(s, [make_mention(text=text, published_at=NOW) for text, _ in rows[:60]])
        for number, (_, label) in enumerate(rows[:60], 1):
            corrections.add(s, number, label, author="李", now=NOW)
    args = ["--file", lines(blind, rows[60:], "more.jsonl"), "--public", lines(blind, domain.public(), "public.jsonl")]
    layers = blind / "data" / "sentiment" / "layers"

    tried = call("sentiment", "learn", *args, "--dry-run")
    assert tried.exit_code == 0, tried.stderr
    assert "仅试算，未安装" in tried.stdout
    assert not layers.exists()

    report = json.loads(call("sentiment", "learn", *args, "--json").stdout)
    assert report["corrections"] == len(rows)
    assert report["refused"] is None
    assert report["held_back"]["after"]["macro_f1"] > report["held_back"]["before"]["macro_f1"]
    assert {p.name for p in layers.iterdir()} == {"current", f"{report['layer']}.npz"}

    listed = call("sentiment", "learn", "--list").stdout
    assert [line for line in listed.splitlines() if "→" in line][-1].split()[1] == report["layer"]
    assert json.loads(call("sentiment", "learn", "--list", "--json").stdout)["current"] == report["layer"]

    doctor = call("doctor").stdout
    assert f"blind 1+{report['layer']}" in doctor
    call("once", "score")
    with desk_db.read() as s:
        keys = [c.text_key for c in corrections.listing(s)]
        assert len(scores.known(s, keys, "blind", f"1+{report['layer']}")) == 60

    assert call("sentiment", "learn", "--use", "base").exit_code == 0
    assert "blind 1 " in call("doctor").stdout
    wrong = call("sentiment", "learn", "--use", report["layer"][:-1] + "x")
    assert wrong.exit_code == 2
    assert f"did you mean '{report['layer']}'" in wrong.stderr
    with desk_db.read() as s:
        assert len(scores.known(s, keys, "blind", f"1+{report['layer']}")) == 60  # kept


def test_learn_refuses_aloud_and_writes_nothing(call, blind, desk_db):
    done = call("sentiment", "learn", "--public", lines(blind, domain.public(), "public.jsonl"))
    assert done.exit_code == 1
    assert "修正太少" in done.stderr
    assert "too few corrections: 0" in done.stderr
    assert not (blind / "data" / "sentiment").exists()
    assert call("sentiment", "learn", "--force").exit_code == 2


def test_score_with_what_was_learnt(call, blind, desk_db):
    args = [
        "--file",
        lines(blind, domain.corrections(), "c.jsonl"),
        "--public",
        lines(blind, domain.public(), "p.jsonl"),
    ]
    assert call("sentiment", "learn", *args).exit_code == 0
    text = json.dumps({"text": "老周周末说它压舱得很"})
    name = "tests.sentiment.domain:Blind"
    plain = call("sentiment", "score", "--scorer", name, stdin=text)
    learnt = call("sentiment", "score", "--scorer", name, "--layers", "data/sentiment/layers", stdin=text)
    assert json.loads(plain.stdout)["polarity"] < json.loads(learnt.stdout)["polarity"] - 0.05


@pytest.mark.parametrize(
    ("scorer", "says"), [("bayes@base", None), ("bayes@12345678", None), ("bayse@base", "did you mean 'bayes'")]
)
def test_a_pinned_version_in_the_configuration(call, desk, scorer, says):
    toml = desk / "tingfeng.toml"
    toml.write_text(f'scorer = "{scorer}"\n' + toml.read_text("utf-8"), "utf-8")
    done = call("check-config")
    assert (done.exit_code == 0) is (says is None)
    if says:
        assert says in done.stdout + done.stderr


@pytest.mark.parametrize("scorer", ["tingfeng", "bayes"])
def test_the_daemon_uses_what_was_learnt(call, desk, scorer):
    """Both must tell the scorer of the same brands and words, or the layer is for a version that nobody runs."""
    toml = desk / "tingfeng.toml"
    toml.write_text(f'scorer = "{scorer}"\nwords = ["压舱石"]\n' + toml.read_text("utf-8"), "utf-8")
    done = call("sentiment", "learn", "--file", lines(desk, domain.corrections(), "c.jsonl"))
    assert done.exit_code == 0, done.output
    house = House(load_config(toml, {}))
    try:
        assert house.scorer.version.endswith(f"+{current(folder_of(house.config.data_dir))}")
    finally:
        house.close()
