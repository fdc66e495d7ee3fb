"""The small version of bench/kill.py: SIGKILL in crawl, scoring and delivery, and nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import kill

pytestmark = pytest.mark.timeout(170)


@pytest.fixture
def corpus(shared: Path) -> Path:
    return shared / "corpora" / "weibo2018.jsonl.gz"


def test_three_kills(corpus: Path, tmp_path: Path) -> None:
    outcome = kill.run(corpus, tmp_path, kills=3, limit=300, readers=3, seed=5)
    assert outcome.problems == []
    assert len(outcome.kills) == 3, "struck while there was still something to do"
    assert outcome.posts == 300 and outcome.lives == 4
    messages, arrived = outcome.mails
    assert messages == 6, "an alert and a digest for each of three readers"
    assert arrived >= messages


def test_the_bench_would_notice(corpus: Path, tmp_path: Path) -> None:
    """A check that finds nothing wrong with an empty database would find nothing wrong with anything."""
    real = kill.read(corpus, limit=5)
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    kill.upgrade(url)
    db = kill.Database(url)
    problems = kill.compare(db, db, real, [])
    db.close()
    assert sum(p.startswith("lost: ") for p in problems) == 5
    assert any("in buckets" in p for p in problems)
