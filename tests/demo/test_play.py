"""The parts of the performance that can be wrong without being played: the folder, the plan, the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from demo import report
from demo.folder import MARK, prepare, retire_config, write_config
from demo.mailbox import Letter
from demo.plan import BACKFILL, STEPS, moments
from demo.replica.app import SECRET
from demo.story import CRISIS, ENDS, OWN, STARTS
from tingfeng.config import load_config
from tingfeng.errors import ConfigError
from tingfeng.model import Incident, IncidentKind, Run, RunStatus

STORY: Any = SimpleNamespace(crisis_at=CRISIS, posts=[SimpleNamespace(platform="weibo")] * 3)


def incident(**more: Any) -> Incident:
    at = CRISIS + timedelta(minutes=12)
    told: dict[str, Any] = {"id": 1, "kind": IncidentKind.NEGATIVE_SPIKE, "subject": OWN, "version": 1, "told": 1}
    told |= dict.fromkeys(("opened_at", "last_spike_at", "last_told_at", "since"), at)
    told |= {"observed": 9, "expected": 1.0, "p_value": 1e-6, "peak_observed": 9}
    return Incident(**{**told, **more})


def letter(message_id: str = "<a@b>") -> Letter:
    return Letter(message_id=message_id, subject="s", recipients=("a@b",), eml=None, html=None)


# --- the folder


def test_a_new_folder_is_made_and_ours_is_emptied(tmp_path: Path) -> None:
    made = prepare(tmp_path / "deep" / "demo")
    (made.mails / "old.eml").write_text("old")
    again = prepare(made.path)
    assert (again.path / MARK).is_file() and list(again.mails.iterdir()) == []


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="not empty"):
        prepare(tmp_path)
    with pytest.raises(ConfigError, match="not a folder"):
        prepare(tmp_path / "thesis.txt")
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(ConfigError, match="not a folder"):
        prepare(tmp_path / "link")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_what_a_link_in_our_folder_points_to_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    made = prepare(tmp_path / "demo")
    (made.path / "link").symlink_to(tmp_path / "precious", target_is_directory=True)
    prepare(made.path)
    assert (tmp_path / "precious" / "file").exists()


def test_the_configuration_is_a_real_one(tmp_path: Path) -> None:
    folder = prepare(tmp_path / "demo")
    write_config(folder, url="http://127.0.0.1:1", port=2525)
    config = load_config(folder.config, {"TINGFENG_CREDENTIAL_ZHIHU": SECRET})
    assert [s.name for s in config.sources] == ["weibo", "zhihu", "news"]
    assert all(s.is_local for s in config.sources)
    assert config.mail is not None and config.mail.port == 2525
    assert (folder.state / "author_secret").stat().st_mode & 0o077 == 0
    retire_config(folder)
    kept = load_config(folder.config, {})
    assert not any(s.enabled for s in kept.sources), "usable afterwards, without a secret and without the replica"


# --- the plan


def test_the_plan_goes_forward_and_ends_with_the_story() -> None:
    assert list(STEPS) == sorted(STEPS) and STEPS[0] > STARTS and STEPS[-1] == ENDS
    assert set(BACKFILL) < set(STEPS) and max(BACKFILL) < CRISIS


@pytest.mark.parametrize(
    ("why", "hours", "every"),
    [
        ("while it matters", 1, timedelta(minutes=5)),
        ("the night that follows", 10, timedelta(minutes=30)),
        ("weeks of history", 200, timedelta(hours=1)),
    ],
)
def test_moments(why: str, hours: int, every: timedelta) -> None:
    until = CRISIS + timedelta(hours=hours, minutes=2)
    found = moments(CRISIS, until)
    assert found[0] == CRISIS + every and found[-1] == until, why
    assert all(timedelta(0) < b - a <= every for a, b in pairwise(found))


# --- the verdict


@pytest.mark.parametrize(
    ("why", "found", "wrong"),
    [
        ("just the crisis", [incident()], []),
        ("nothing", [], ["the planted crisis was not alerted in time"]),
        (
            "too late: not the planted one, and one too many",
            [incident(opened_at=CRISIS + timedelta(hours=1))],
            ["the planted crisis was not alerted in time", "alerted though nothing was planted: negative_spike"],
        ),
        (
            "a second one",
            [incident(), incident(id=2, opened_at=CRISIS + timedelta(minutes=20))],
            ["alerted though nothing was planted: negative_spike"],
        ),
        (
            "a blind source",
            [incident(), incident(kind=IncidentKind.FRESHNESS, subject="weibo")],
            ["alerted though nothing was planted: freshness weibo"],
        ),
    ],
)
def test_only_the_planted_crisis_is_right(why: str, found: list[Incident], wrong: list[str]) -> None:
    told = report._wrong_incidents(found, STORY)
    assert len(told) == len(wrong) and all(a.startswith(b) for a, b in zip(told, wrong, strict=True)), why


def test_a_failed_crawl_a_lost_post_and_a_doubled_mail_are_told() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    good = Run(id=1, source="weibo", status=RunStatus.OK, started_at=at, window_since=at, window_until=at)
    assert report._wrong_crawls([good]) == []
    assert "refused: captcha" in report._wrong_crawls([replace(good, status=RunStatus.REFUSED, reason="captcha")])[0]
    assert report._wrong_mentions({"weibo": 3, "news": 1}, STORY) == []
    assert report._wrong_mentions({"weibo": 2, "news": 0}, STORY) == [
        "nothing came from news",
        "3 posts on Weibo, but 2 stored",
    ]
    assert report._wrong_mails([letter(), letter("<c@d>")]) == []
    assert report._wrong_mails([letter(), letter(), letter("")]) == [
        "mail without Message-ID: s",
        "arrived 2 times: <a@b>",
    ]
