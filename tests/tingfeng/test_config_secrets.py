"""Secrets come from the environment or from files it names, and show nowhere."""

from __future__ import annotations

import pytest

from tests.tingfeng.test_config import AUTHOR, BRAND, MAIL, SOURCE, load, problems
from tingfeng.config import load_config

__all__ = ["load"]  # the fixture

USER = BRAND + MAIL + 'user = "tingfeng"\n'
LOGIN = SOURCE + 'credential = "weibo_login"\n'


def test_secrets_come_from_the_environment(load):
    config = load(
        LOGIN + MAIL + 'user = "tingfeng"\n',
        {"TINGFENG_MAIL_PASSWORD": "hunter2", "TINGFENG_CREDENTIAL_WEIBO_LOGIN": "SUB=abc"},
    )
    assert config.mail.password.get_secret_value() == "hunter2"
    assert config.secret("weibo_login") == "SUB=abc"
    assert config.secret("other") is None
    assert config.secret(None) is None


def test_secrets_come_from_files(load, tmp_path):
    (tmp_path / "password").write_text("hunter2\n")
    (tmp_path / "cookie").write_text("SUB=abc\r\n")
    environ = {
        "TINGFENG_MAIL_PASSWORD_FILE": str(tmp_path / "password"),
        "TINGFENG_CREDENTIAL_WEIBO_LOGIN_FILE": str(tmp_path / "cookie"),
    }
    config = load(LOGIN + MAIL + 'user = "tingfeng"\n', environ)
    assert config.mail.password.get_secret_value() == "hunter2"
    assert config.secret("weibo_login") == "SUB=abc"


def test_the_author_secret_that_init_wrote_is_found(tmp_path):
    (tmp_path / "tingfeng.toml").write_text(BRAND)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "author_secret").write_text(AUTHOR + "\n")
    assert load_config(tmp_path / "tingfeng.toml", {}).author_secret.get_secret_value() == AUTHOR


def test_the_database_address_may_be_a_secret(load):
    url = "postgresql://u:hunter2@db/tingfeng"
    config = load(BRAND, {"TINGFENG_DATABASE_URL": url})
    assert config.database_url == url
    assert "hunter2" not in repr(config)


def test_no_secret_shows(load):
    environ = {"TINGFENG_MAIL_PASSWORD": "hunter2", "TINGFENG_CREDENTIAL_WEIBO_LOGIN": "SUB=abc"}
    config = load(LOGIN + MAIL + 'user = "tingfeng"\n', environ)
    told = f"{config!r} {config} {config.mail!r} {config.model_dump()!r}"
    assert not [s for s in ("hunter2", "SUB=abc", AUTHOR) if s in told]


@pytest.mark.parametrize(
    ("why", "text", "environ", "want"),
    [
        ("no password for the user", USER, {}, ":6: mail.user: the password is missing; set TINGFENG_MAIL_PASSWORD or"),
        (
            "a misspelt variable",
            USER,
            {"TINGFENG_MAIL_PASWORD": "x"},
            ":6: mail.user: the password is missing; set TINGFENG_MAIL_PASSWORD or TINGFENG_MAIL_PASSWORD_FILE "
            "(TINGFENG_MAIL_PASWORD is set: misspelt?)",
        ),
        (
            "no secret of a credential",
            LOGIN,
            {},
            ":6: sources[weibo].credential: the secret of credential 'weibo_login' is missing; "
            "set TINGFENG_CREDENTIAL_WEIBO_LOGIN or",
        ),
        (
            "the file is not there",
            USER,
            {"TINGFENG_MAIL_PASSWORD_FILE": "/none"},
            ":6: mail.user: TINGFENG_MAIL_PASSWORD_FILE: cannot read /none: No such file",
        ),
        (
            "the file is empty",
            USER,
            {"TINGFENG_MAIL_PASSWORD_FILE": "/dev/null"},
            ":6: mail.user: TINGFENG_MAIL_PASSWORD_FILE: /dev/null is empty",
        ),
        (
            "twice",
            USER,
            {"TINGFENG_MAIL_PASSWORD_FILE": "/none", "TINGFENG_MAIL_PASSWORD": "x"},
            ":6: mail.user: both TINGFENG_MAIL_PASSWORD and TINGFENG_MAIL_PASSWORD_FILE are set",
        ),
        (
            "a short author secret",
            BRAND,
            {"TINGFENG_AUTHOR_SECRET": "short"},
            ": author_secret: too short: at least 16",
        ),
        (
            "readable on the wire",
            USER + 'security = "none"',
            {"TINGFENG_MAIL_PASSWORD": "x"},
            ":7: mail.security: a password would travel readable",
        ),
    ],
)
def test_what_is_wrong_with_the_environment(load, why, text, environ, want):
    found = problems(load, text, environ)
    assert len(found) == 1, why
    assert found[0].startswith(f"tingfeng.toml{want}"), why


def test_no_author_secret_at_all(tmp_path, load):
    found = problems(load, BRAND, {"TINGFENG_AUTHOR_SECRET": ""})
    assert found == [
        "tingfeng.toml: author_secret: missing; `tingfeng init` writes one, or set TINGFENG_AUTHOR_SECRET or …_FILE"
    ]


@pytest.mark.parametrize(
    ("why", "text", "key", "variable"),
    [
        ("of the mail server", USER + 'password = "hunter2"', "mail.password", "TINGFENG_MAIL_PASSWORD"),
        ("of a source", SOURCE + 'cookie = "hunter2"', "sources[weibo].cookie", "TINGFENG_CREDENTIAL_NAME"),
        (
            "among options",
            SOURCE + 'options = { access_token = "hunter2" }',
            "sources[weibo].options.access_token",
            "TINGFENG_CREDENTIAL_NAME",
        ),
        ("of the pseudonyms", 'author_secret = "hunter2"\n' + BRAND, "author_secret", "TINGFENG_AUTHOR_SECRET"),
        (
            "of the database",
            'database_url = "postgresql://u:hunter2@h/n"\n' + BRAND,
            "database_url",
            "TINGFENG_DATABASE_URL",
        ),
        ("a table of them", BRAND + '[credentials]\nzhihu = "hunter2"', "credentials", "TINGFENG_CREDENTIAL_<NAME>"),
        ("within an address", SOURCE + 'base_url = "http://u:hunter2@h/"', "sources[weibo].base_url", "`credential`"),
        ("as another type", USER + 'password = ["hunter2"]', "mail.password", "TINGFENG_MAIL_PASSWORD"),
    ],
)
def test_a_secret_in_the_file_is_refused_by_name_and_never_repeated(load, why, text, key, variable):
    found = problems(load, text, {"TINGFENG_MAIL_PASSWORD": "x"})
    assert len(found) == 1, why
    assert f": {key}: " in found[0], why
    assert variable in found[0], why
    assert "hunter2" not in found[0], why


def test_a_disabled_source_needs_no_secret(load):
    assert load(LOGIN + "enabled = false").secret("weibo_login") is None
