"""What is hard about feelings in Chinese, as a table: hard_cases.jsonl, every text of it invented.

A case says its group, why it is there, its text, and the labels a careful reader would accept. `must` cases hold, every
one. The others are known to be weak: each group has a floor, how many of it the default scorer got right when the
floor was set, so that what fails is counted in the open and may only become less. Floors are raised with the scorer:

    python -m pytest -n 0 -rP tests/sentiment/test_hard_cases.py -k floor
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from sentiment.corpora import same_start
from sentiment.scorer import Scorer
from sentiment.scorers import load_scorer
from tingfeng.model import Label

# Right / known weak cases of the group, measured with `tingfeng`.
FLOORS = {
    "negation": 10,  # of 15
    "double negation": 7,  # of 10
    "contrast": 7,  # of 12
    "comparison": 9,  # of 13
    "question": 8,  # of 12
    "news": 11,  # of 12
    "advertising": 7,  # of 8
    "sarcasm": 10,  # of 19
    "repost": 6,  # of 7
    "topic": 3,  # of 5
    "traditional": 5,  # of 5
    "repetition": 10,  # of 10
    "brand name": 4,  # of 10
    "old customer": 5,  # of 8
    "numbers only": 7,  # of 10
    "bare": 5,  # of 7
    "emoji": 13,  # of 13
    "foreign and code": 5,  # of 10
    "broken": 3,  # of 3
    "length": 4,  # of 4
}


@dataclass(frozen=True)
class Case:
    group: str
    must: bool
    accept: tuple[Label, ...]
    why: str
    text: str


def read_cases() -> list[Case]:
    """`times` repeats the text, `then` follows it: ten thousand characters need no ten thousand in the file."""
    lines = Path(__file__).with_name("hard_cases.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Case(
            group=row["group"],
            must=row["must"],
            accept=tuple(map(Label, row["accept"])),
            why=row["why"],
            text=row["text"] * row.get("times", 1) + row.get("then", ""),
        )
        for row in map(json.loads, lines)
    ]


CASES = read_cases()
MUST = [case for case in CASES if case.must]


@pytest.fixture(scope="module")
def default() -> Scorer:
    return load_scorer()


@pytest.mark.parametrize("case", MUST, ids=[f"{case.group}: {case.why}" for case in MUST])
def test_what_every_scorer_of_ours_must_get_right(default: Scorer, case: Case) -> None:
    [verdict] = default.score([case.text])
    assert verdict.label in case.accept, f"{case.why}: {case.text[:60]!r} {verdict}"


@pytest.mark.parametrize("group", FLOORS)
def test_a_weak_group_stays_above_its_floor(default: Scorer, group: str) -> None:
    cases = [case for case in CASES if case.group == group and not case.must]
    verdicts = default.score([case.text for case in cases])
    wrong = [
        f"  {case.why}: {case.text[:40]!r} is {v.label:+d}, not one of {[int(label) for label in case.accept]}"
        for case, v in zip(cases, verdicts, strict=True)
        if v.label not in case.accept
    ]
    right = len(cases) - len(wrong)
    told = "\n".join([f"{group}: {right} of {len(cases)} right, floor {FLOORS[group]}; wrong:", *wrong])
    sys.stdout.write(told + "\n")
    assert right >= FLOORS[group], told


def test_the_table_is_whole() -> None:
    assert len(CASES) >= 150
    assert {case.group for case in CASES if not case.must} == set(FLOORS)
    assert all(case.why and case.accept for case in CASES)
    assert all(any(case.group == group for case in MUST) or FLOORS[group] for group in FLOORS)


def test_a_text_stands_twice_only_to_be_seen_from_two_sides() -> None:
    """A comparison is praise for one brand and blame for the other; a verdict without a brand can only be one."""
    counts = Counter(case.text for case in CASES)
    twice = [case for case in CASES if counts[case.text] > 1]
    assert {case.group for case in twice} == {"comparison"}
    assert all(counts[case.text] == 2 for case in twice)


def test_no_case_is_a_text_of_the_corpora(shared: Path) -> None:
    from sentiment.corpora import read_corpora

    # Shouts and laughter (哈哈哈…) are anybody's.
    ours = {start for case in CASES if len(set(start := same_start(case.text))) >= 5}
    assert not ours & {same_start(row.text) for row in read_corpora(shared / "corpora")}
