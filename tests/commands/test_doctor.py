"""What doctor finds, and what it says to do."""

from __future__ import annotations

import importlib.metadata
import json

import pytest

from commands import doctor
from demo.mailbox import Mailbox
from tests.commands.conftest import CONFIG

ALONE = CONFIG.replace('name = "weibo"', 'name = "weibo"\nenabled = false')  # no source to be asked live


def found(call, *args: str) -> dict[str, list[tuple[str, str]]]:
    checks: dict[str, list[tuple[str, str]]] = {}
    for finding in json.loads(call("doctor", "--json", *args).stdout):
        checks.setdefault(finding["check"], []).append((finding["state"], finding["detail"]))
    return checks


def test_a_sound_installation(call, desk):
    checks = found(call)
    assert {check: {state for state, _ in all_} for check, all_ in checks.items()} == {
        **{"python": {"ok"}, "names": {"ok"}, "fonts": {"ok"}, "config": {"ok"}},
        **{"data": {"ok"}, "database": {"ok"}, "scorer": {"ok"}, "mail": {"ok"}, "sources": {"ok"}},
    }


def test_another_owner_of_our_names_is_found(monkeypatch):
    owners = {"scheduler": ["scheduler"], "alerts": ["tingfeng", "alerts"], "tingfeng": ["Tingfeng"]}
    monkeypatch.setattr(importlib.metadata, "packages_distributions", lambda: owners)
    (finding,) = doctor.names()
    assert finding.state == "fail"
    assert "'scheduler' is also owned by scheduler" in finding.detail
    assert "'alerts' is also owned by alerts" in finding.detail
    assert "virtual environment" in finding.detail


def test_the_table_and_the_exit_code(call, desk, quick):
    result = call("doctor")
    assert result.exit_code == 0
    assert "names       ok" in result.stdout


def test_what_is_missing_says_what_to_do(call, desk, quick):
    (desk / "data" / "tingfeng.db").unlink()
    (desk / "data" / "author_secret").chmod(0o644)
    checks = found(call)
    assert checks["database"] == [("fail", "there is no Tingfeng database yet; run: tingfeng db upgrade")]
    assert any("chmod 600" in detail for state, detail in checks["data"] if state == "warn")
    assert call("doctor").exit_code == 1


def test_a_broken_configuration_is_told_line_by_line(call, desk, quick):
    (desk / "tingfeng.toml").write_text(CONFIG.replace('"feed"', '"fed"').replace("10m", "10"), "utf-8")
    assert [state for state, _ in found(call)["config"]] == ["fail", "fail"]


@pytest.fixture
def quick(monkeypatch):
    """Without drawing and scoring, which have their own rooms' tests."""
    monkeypatch.setattr(doctor, "_fonts", lambda: "")
    monkeypatch.setattr(doctor, "_scorer", lambda config: "")


def test_the_mail_server_is_asked_only_live_and_gets_no_mail(call, desk, quick):
    with Mailbox(None) as server:
        (desk / "tingfeng.toml").write_text(ALONE.replace("port = 9", f"port = {server.port}"), "utf-8")
        assert "not asked" in found(call)["mail"][0][1]
        assert found(call, "--live")["mail"] == [("ok", f"127.0.0.1:{server.port} answers (none)")]
        assert server.letters == ()


def test_a_mail_server_that_does_not_answer(call, desk, quick):
    (desk / "tingfeng.toml").write_text(ALONE, "utf-8")
    assert found(call, "--live")["mail"][0][0] == "fail"
