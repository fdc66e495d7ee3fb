"""From an empty folder to a checked configuration."""

from __future__ import annotations

import json
import stat

import pytest

from tests.commands.conftest import CONFIG
from tests.tingfeng.test_config_wild import SETTABLE


def test_init_writes_what_check_config_accepts(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("init", "shop").exit_code == 0
    secret = tmp_path / "shop" / "data" / "author_secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(secret.parent.stat().st_mode) == 0o700
    assert len(secret.read_text().strip()) == 64
    checked = call("check-config", "--config", "shop/tingfeng.toml")
    assert checked.exit_code == 0, checked.stderr
    assert "brands 品牌 1" in checked.stdout


def test_init_overwrites_nothing(call, tmp_path):
    call("init", str(tmp_path))
    kept = {p: p.read_bytes() for p in (tmp_path / "tingfeng.toml", tmp_path / "data" / "author_secret")}
    again = call("init", str(tmp_path))
    assert again.exit_code == 0
    assert again.stdout.count("kept 保留原有") == 2
    assert {p: p.read_bytes() for p in kept} == kept


def test_init_puts_the_secret_where_an_existing_configuration_looks_for_it(call, tmp_path):
    (tmp_path / "tingfeng.toml").write_text('data_dir = "state"\n' + CONFIG, "utf-8")
    call("init", str(tmp_path))
    assert (tmp_path / "state" / "author_secret").is_file()
    assert call("check-config", "-c", str(tmp_path / "tingfeng.toml")).exit_code == 0


def test_init_where_nothing_can_be_written(call, tmp_path):
    (tmp_path / "file").write_text("")
    result = call("init", str(tmp_path / "file"))
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


MISTAKES = CONFIG.replace("[[sources]]\n", '[[sources]]\noptions = { pages = 3, first_window = "soon" }\n', 1).replace(
    'kind = "feed"', 'kind = "fed"'
)


def test_check_config_names_every_mistake_even_those_only_a_spider_knows(call, desk):
    (desk / "tingfeng.toml").write_text(MISTAKES, "utf-8")
    result = call("check-config")
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["tingfeng.toml:10", "sources[weibo].options.pages"],
        ["tingfeng.toml:10", "sources[weibo].options.first_window"],
        ["tingfeng.toml:18", "sources[news].kind"],
    ]
    assert "did you mean" in lines[0]
    assert "did you mean 'feed'?" in lines[2]


def test_check_config_as_json(call, desk):
    assert json.loads(call("check-config", "--json").stdout) == {"ok": True, "problems": [], "notes": []}
    (desk / "tingfeng.toml").write_text(MISTAKES, "utf-8")
    result = call("check-config", "--json")
    assert result.exit_code == 2
    assert len(json.loads(result.stdout)["problems"]) == 3


def test_a_spider_that_needs_a_credential_says_so(call, desk):
    (desk / "tingfeng.toml").write_text(CONFIG.replace('kind = "feed"', 'kind = "zhihu_open"'), "utf-8")
    result = call("check-config")
    assert result.exit_code == 2
    assert "tingfeng.toml:17: sources[news].kind: zhihu_open needs a credential" in result.stderr


def test_a_source_that_could_not_be_crawled_is_named(call, desk):
    (desk / "tingfeng.toml").write_text(CONFIG.replace("enabled = false", "", 1), "utf-8")
    result = call("check-config")
    assert result.exit_code == 2
    assert result.stderr == "tingfeng.toml:15: sources[news]: base_url is needed\n"


def test_every_source_of_the_example_is_one_its_spider_takes(call, desk, monkeypatch):
    monkeypatch.setenv("TINGFENG_MAIL_PASSWORD", "x")
    monkeypatch.setenv("TINGFENG_CREDENTIAL_ZHIHU", "x")
    monkeypatch.setenv("TINGFENG_CREDENTIAL_WEIBO", "x")
    monkeypatch.setenv("TINGFENG_CREDENTIAL_WEIBO_CLI", "x")
    monkeypatch.setenv("TINGFENG_CREDENTIAL_WEIBO_HOT", "app-7:x")
    (desk / "tingfeng.toml").write_text(SETTABLE, "utf-8")
    result = call("check-config")
    assert result.exit_code == 0, result.stderr
    assert f"sources 数据源 {SETTABLE.count('[[sources]]')}" in result.stdout


def test_what_may_not_be_meant_is_noted(call, desk):
    (desk / "tingfeng.toml").write_text('[[brands]]\nname = "云雀"\n', "utf-8")
    result = call("check-config")
    assert result.exit_code == 0
    assert result.stdout.count("note 提示") == 3


@pytest.mark.parametrize("how", ["option", "variable"])
def test_where_the_configuration_is(call, desk, tmp_path, monkeypatch, how):
    monkeypatch.chdir(tmp_path)
    assert call("check-config").exit_code == 2
    path = str(desk / "tingfeng.toml")
    if how == "variable":
        monkeypatch.setenv("TINGFENG_CONFIG", path)
    assert call("check-config", *(["--config", path] if how == "option" else [])).exit_code == 0


def test_an_error_is_one_clear_message_and_a_traceback_only_with_debug(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = call("sources")
    assert result.exit_code == 2
    assert result.stderr == "tingfeng.toml: cannot be read: No such file or directory; `tingfeng init` writes one\n"
    with pytest.raises(Exception, match="cannot be read"):
        call("--debug", "sources")


def test_check_config_names_what_the_detector_refuses(call, desk):
    path = desk / "tingfeng.toml"
    path.write_text(path.read_text("utf-8") + '\n[alerts]\nwindow = "50m"\n', "utf-8")
    found = call("check-config", "-c", str(path))
    assert found.exit_code == 2
    assert f"tingfeng.toml:{len(path.read_text('utf-8').splitlines())}: alerts.window: " in found.stderr


def test_weibos_hot_list_needs_a_credential_but_not_from_its_side_bar(call, desk):
    brand = '[[brands]]\nname = "云雀"\n'
    table = f'{brand}[[sources]]\nname = "hot"\nkind = "weibo_hot"\n'
    (desk / "tingfeng.toml").write_text(table, "utf-8")
    assert "weibo_hot needs a credential" in call("check-config").stderr
    side = table + 'options = { route = "ajax" }\n'
    (desk / "tingfeng.toml").write_text(side, "utf-8")
    told = call("check-config").stderr
    assert "robots_override_reason is needed" in told and "needs a credential" not in told
    (desk / "tingfeng.toml").write_text(side + 'robots_override_reason = "agreed"\n', "utf-8")
    assert call("check-config").exit_code == 0
