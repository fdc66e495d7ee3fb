"""The whole chain as a user starts it, `tingfeng demo --once --json`: a fresh folder, and sockets held to loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from alerts.detectors import load_detector
from demo.story import CRISIS, ENDS, OWN, STARTS
from store.database import Database
from store.series import series
from tingfeng.clock import BUCKET
from tingfeng.config import load_config

LIMIT = 170.0  # seconds; some 30 on two idle cores, but the suite runs beside it

# Loaded by every Python process of the demo, crawls included: whoever reaches out is named and refused.
GUARD = """
import ipaddress, os, socket
def outside(address):
    try:
        return isinstance(address, tuple) and not ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return address[0] != "localhost"
def refuse(name):
    real = getattr(socket.socket, name)
    def checked(self, address, *rest):
        if outside(address):
            with open(os.environ["REACHED_OUT"], "a") as told:
                told.write(f"{address}\\n")
            raise OSError("only loopback in this test")
        return real(self, address, *rest)
    return checked
guarded = type("socket", (socket.socket,), {n: refuse(n) for n in ("connect", "connect_ex")})
socket.socket = guarded
"""


@dataclass(frozen=True)
class Played:
    code: int
    told: Mapping[str, Any]
    stderr: str
    seconds: float
    folder: Path
    reached_out: str


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    root = tmp_path_factory.mktemp("demo")
    (root / "guard").mkdir()
    (root / "guard" / "sitecustomize.py").write_text(GUARD)
    reached, folder = root / "reached", root / "played"
    env = {**os.environ, "PYTHONPATH": str(root / "guard"), "REACHED_OUT": str(reached)}
    command = [sys.executable, "-m", "commands", "demo", "--once", "--json", "--folder", str(folder)]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, env=env, check=False)
    return Played(
        code=done.returncode,
        told=json.loads(done.stdout) if done.stdout else {},
        stderr=done.stderr,
        seconds=time.monotonic() - started,
        folder=folder,
        reached_out=reached.read_text() if reached.exists() else "",
    )


pytestmark = pytest.mark.timeout(LIMIT + 10)


def test_only_the_planted_crisis_is_alerted(played: Played) -> None:
    assert played.code == 0, played.told.get("problems", played.stderr)
    assert played.told["ok"] is True and played.told["problems"] == []
    (incident,) = played.told["incidents"]
    assert incident["kind"] == "negative_spike" and incident["subject"] == "云麂"
    assert 0 < incident["minutes"] <= 30
    assert incident["observed"] >= 8 and incident["p_value"] < 1e-4
    assert incident["resolved_at"] is not None


def test_no_five_minutes_of_the_month_would_have_alerted_but_those_of_the_crisis(played: Played) -> None:
    """The demo looks every hour at its history; here the same detector looks at every bucket there is."""
    config = load_config(played.folder / "tingfeng.toml", {})
    detector, db = load_detector(config.alerts), Database(config.database_url)
    with db.read() as s:
        whole = series(s, OWN, since=STARTS, until=ENDS)
    db.close()
    first, last = config.alerts.warm_up // BUCKET, len(whole[0].negative)
    found = []
    for end in range(first, last + 1):
        begin = max(0, end - config.alerts.history // BUCKET)
        cut = [replace(x, start=x.start + begin * BUCKET, negative=x.negative[begin:end]) for x in whole]
        if detector.judge(cut, now=whole[0].start + end * BUCKET):
            found.append(whole[0].start + end * BUCKET)
    assert last - first > 6_000
    assert found and min(found) > CRISIS and max(found) < CRISIS + timedelta(hours=8)


def test_every_source_was_crawled_and_every_mention_scored(played: Played) -> None:
    assert set(played.told["mentions"]) == {"weibo", "zhihu", "news"}
    assert set(played.told["crawls"]) == {"ok"}
    own = played.told["labels"]["云麂"]
    assert min(own.values()) > 500, "all three labels occur"
    assert played.told["survey"]["added"] == played.told["survey"]["rows"] > 600
    assert played.told["judged"] > 300


def test_the_mails_lie_in_the_folder(played: Played) -> None:
    mails = played.told["mails"]
    assert len({m["message_id"] for m in mails}) == len(mails)
    assert all(m["recipients"] == ["pr@demo.invalid"] for m in mails), "nothing for the operator: no source was blind"
    kinds = [next(k for k in ("预警", "持续", "平息", "日报", "周报") if k in m["subject"]) for m in mails]
    assert kinds[0] == "预警" and kinds[-2:] == ["日报", "周报"] and kinds.count("预警") == 1
    for mail in mails:
        parsed = message_from_bytes(Path(mail["eml"]).read_bytes(), policy=policy.default)
        assert parsed["Message-ID"] == mail["message_id"]
        assert "云麂" in parsed.get_body(("plain",)).get_content()
        assert "cid:" not in Path(mail["html"]).read_text("utf-8"), "a browser shows the pictures too"


def test_the_alert_says_what_happened(played: Played) -> None:
    text = Path(played.told["mails"][0]["html"]).read_text("utf-8")
    for words in ("云麂", "塑料片", "https://m.weibo.cn/detail/", "data:image/png;base64,"):
        assert words in text


def test_the_folder_can_be_kept_and_used(played: Played) -> None:
    for name in ("tingfeng.toml", "survey.csv", "data/tingfeng.db", "mails"):
        assert (played.folder / name).exists(), name
    assert (played.folder / "data/author_secret").stat().st_mode & 0o077 == 0
    command = [sys.executable, "-m", "commands", "incidents", "list", "-c", str(played.folder / "tingfeng.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and "云麂" in done.stdout, done.stderr


def test_nobody_reached_beyond_this_machine(played: Played) -> None:
    assert played.reached_out == ""


def test_in_time(played: Played) -> None:
    assert played.told["seconds"]["total"] < LIMIT
