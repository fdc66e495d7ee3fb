"""Whatever is done to a configuration file, the answer is a Config or a ConfigError."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.tingfeng.test_config import AUTHOR, KNOWN
from tingfeng.config import (
    AlertRule,
    BrandConfig,
    Config,
    DigestRule,
    MailConfig,
    PrivacyRule,
    QueryConfig,
    RecipientConfig,
    RetentionRule,
    RouteConfig,
    SourceConfig,
    load_config,
)
from tingfeng.errors import ConfigError

EXAMPLE = (files("commands") / "templates" / "tingfeng.toml").read_text("utf-8")
EVERYTHING = re.sub(r"^# (?=(?:\[|# |[a-z_]+ = ))", "", EXAMPLE, flags=re.MULTILINE)
SECRETS = {
    "TINGFENG_AUTHOR_SECRET": AUTHOR,
    "TINGFENG_MAIL_PASSWORD": "x",
    "TINGFENG_CREDENTIAL_ZHIHU": "x",
    "TINGFENG_CREDENTIAL_WEIBO": "x",
    "TINGFENG_CREDENTIAL_WEIBO_CLI": "x",
    "TINGFENG_CREDENTIAL_WEIBO_HOT": "app-7:x",
}
SETTABLE = re.sub(r'^robots_override_reason = ""', 'robots_override_reason = "own instance"', EVERYTHING, flags=re.M)

ENVIRONMENT = {
    "password": "TINGFENG_MAIL_PASSWORD",
    "author_secret": "TINGFENG_AUTHOR_SECRET",
    "credentials": "TINGFENG_CREDENTIAL_<NAME>",
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wild") / "tingfeng.toml"


def read(file: Path, text: str) -> Config | None:
    file.write_text(text, "utf-8", errors="surrogatepass")
    try:
        return load_config(file, SECRETS, known=KNOWN)
    except ConfigError as e:
        assert e.problems
        assert all("\n" not in p for p in e.problems)
        return None


def test_the_example_is_right_as_written(file):
    assert read(file, EXAMPLE) is not None


def test_every_setting_it_shows_exists_and_shows_its_default(file):
    full, bare = read(file, SETTABLE), read(file, EXAMPLE)
    assert full is not None
    assert bare is not None
    assert (full.alerts, full.digest, full.scorer, full.report_zone) == (
        bare.alerts,
        bare.digest,
        bare.scorer,
        bare.report_zone,
    )
    assert full.database_url == bare.database_url
    assert full.retention.model_copy(update={"surveys": None, "corrections": None}) == bare.retention
    plain = SourceConfig(name="news", kind="feed")
    assert full.sources[0].model_copy(update={"options": {}, "queries": ()}) == plain
    assert (full.mail.port, full.mail.timeout) == (587, MailConfig(host="h", sender="a@b.c").timeout)


@pytest.mark.parametrize(
    ("header", "section"),
    [
        ("", Config),
        ("[[brands]]", BrandConfig),
        ("[[sources]]", SourceConfig),
        ("[[sources.queries]]", QueryConfig),
        ("[[recipients]]", RecipientConfig),
        ("[[routes]]", RouteConfig),
        ("[mail]", MailConfig),
        ("[alerts]", AlertRule),
        ("[digest]", DigestRule),
        ("[retention]", RetentionRule),
        ("[privacy]", PrivacyRule),
    ],
)
def test_every_setting_stands_in_the_example_with_a_sentence(header: str, section: type[BaseModel]):
    shown = EXAMPLE.replace("# ", "")
    for name, info in section.model_fields.items():
        assert info.description, name
        assert ENVIRONMENT.get(name, "") in EXAMPLE, name
        assert name in ENVIRONMENT or re.search(rf"^(?:{name} = |\[[\w.\[]*\b{name}\])", shown, re.M), (header, name)


JUNK = st.one_of(
    st.sampled_from(
        [
            "=",
            "[[sources]]",
            "[mail]",
            '"',
            "'''",
            "{",
            "}",
            "]",
            "\n",
            "true",
            "-1",
            "nan",
            "1e999",
            '"1h"',
            "[]",
            "{}",
        ]
    ),
    st.text(max_size=6),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_text_cut_and_stuffed_anywhere(file, data):
    text = SETTABLE
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(begin, min(len(text), begin + 40)))
        text = text[:begin] + data.draw(JUNK) + text[end:]
    read(file, text)


VALUES = [
    "true",
    "-1",
    "0",
    "3",
    "nan",
    "1e999",
    '"1h"',
    '""',
    "[]",
    "{}",
    "[[1]]",
    '["甲"]',
    '"甲"',
    "1979-05-27",
    "{a=1}",
]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_in_any_place(file, data):
    """Valid TOML with values of every kind where others belong: what a hurried edit leaves."""
    lines = SETTABLE.split("\n")
    settable = [i for i, line in enumerate(lines) if re.match(r"\w+ = ", line)]
    for i in data.draw(st.lists(st.sampled_from(settable), min_size=1, max_size=6)):
        lines[i] = lines[i].split(" = ")[0] + " = " + data.draw(st.sampled_from(VALUES))
    read(file, "\n".join(lines))
