"""The grouping job on a real store: once, whoever runs it, wherever it is killed."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest

from sentiment import jobs_stories
from sentiment.jobs_stories import group_pending
from store import mentions, stories
from store.database import Database
from tests.support.factories import NOW, make_mention
from tests.tingfeng.test_stories import COMPLAINT, COPIES

OTHERS = (
    "今天去门店试驾了夜莺，座椅很舒服，销售也热情",
    "求问云雀冬天续航打几折，有没有北方的车主说说",
    "好喝",
    "转发微博",
)


def filled(db: Database, times: int = 4) -> int:
    """Every copy and every other text, `times` times, in random order; how many."""
    texts = [text for _, text in COPIES] * times + [text for text in OTHERS for _ in range(times)]
    random.Random(3).shuffle(texts)
    texts = [COMPLAINT, *texts]
    with db.write() as s:
        mentions.add(s, [make_mention(text=text) for text in texts])
    return len(texts)


def state(db: Database) -> list[tuple[int, str]]:
    with db.read() as s:
        rows = s.execute(stories.STORY.select()).all()
    return sorted((row.copies, row.platform) for row in rows)


@pytest.mark.parametrize("batch", [3, 1000])
def test_groups_everything_once(db: Database, batch: int) -> None:
    n = filled(db)
    report = group_pending(db, now=NOW, batch=batch)
    assert (report.mentions, report.stories, report.stopped) == (n, 5, False)
    assert [copies for copies, _ in state(db)] == [4, 4, 4, 4, n - 16]
    again = group_pending(db, now=NOW)
    assert (again.mentions, again.stories) == (0, 0)


def test_killed_between_batches_it_goes_on(db: Database) -> None:
    n = filled(db)
    turns = iter([False, False, True])
    first = group_pending(db, now=NOW, batch=10, stop=lambda: next(turns))
    assert (first.mentions, first.stopped) == (20, True)
    assert group_pending(db, now=NOW, batch=10).mentions == n - 20
    assert [copies for copies, _ in state(db)] == [4, 4, 4, 4, n - 16]


def test_killed_inside_a_batch_it_leaves_nothing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    n = filled(db)

    def dies(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stories, "recount", dies)
        with pytest.raises(KeyboardInterrupt):
            group_pending(db, now=NOW)
    assert state(db) == []
    assert group_pending(db, now=NOW).mentions == n


def test_two_at_once_give_every_mention_one_story(db: Database) -> None:
    n = filled(db, times=10)
    reports: list[jobs_stories.StoriesReport] = []
    workers = [threading.Thread(target=lambda: reports.append(group_pending(db, now=NOW, batch=7))) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(report.mentions for report in reports) == n
    assert sum(report.stories for report in reports) == 5
    assert [copies for copies, _ in state(db)] == [10, 10, 10, 10, n - 40]


def test_a_restart_finds_the_stories_of_before(db: Database) -> None:
    with db.write() as s:
        mentions.add(s, [make_mention(text=COMPLAINT)])
    group_pending(db, now=NOW)
    with db.write() as s:
        mentions.add(s, [make_mention(text=f"【快讯】{COMPLAINT}", title="")])
    assert group_pending(db, now=NOW + timedelta(days=3)).stories == 0
    assert [copies for copies, _ in state(db)] == [2]
