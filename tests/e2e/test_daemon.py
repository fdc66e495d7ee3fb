"""The daemon as an operator runs it: a process, real sources on loopback, a real mail server, SIGTERM."""

from __future__ import annotations

from pathlib import Path

from bench.daemon import LIMIT_MB, live


def test_the_daemon_alerts_and_leaves_cleanly(tmp_path: Path) -> None:
    seen = live(tmp_path, seconds=90, until_alert=True)
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert seen["alert_after"] is not None, log
    assert seen["code"] == 0, log
    assert "Traceback" not in log
    assert "bench-secret" not in log
    assert len([subject for subject in seen["mails"] if "预警" in subject]) == 1, seen["mails"]
    assert max(seen["peaks"].values()) <= LIMIT_MB, seen["peaks"]
