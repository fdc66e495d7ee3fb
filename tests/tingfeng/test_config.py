"""One TOML in, one frozen record out; every mistake at once, with its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tingfeng.config import Config, Known, QueryConfig, check_names, load_config
from tingfeng.errors import ConfigError
from tingfeng.model import Brand

AUTHOR = "0123456789abcdef0123456789abcdef"
KNOWN = Known(
    spiders=("weibo_cli", "weibo_mobile", "zhihu_open", "v2ex", "feed", "weibo_hot", "hot_boards"),
    scorers=("tingfeng", "bayes", "snownlp"),
    detectors=("seasonal",),
    check_aspect=lambda name: "no" if name == "客服" else None,
)

Load = Callable[..., Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load_text(text: str, environ: Mapping[str, str] | None = None, *, known: Known | None = KNOWN) -> Config:
        file = tmp_path / "tingfeng.toml"
        file.write_text(text, "utf-8")
        return load_config(file, {"TINGFENG_AUTHOR_SECRET": AUTHOR, **(environ or {})}, known=known)

    return load_text


BRAND = '[[brands]]\nname = "云雀咖啡"\n'
SOURCE = BRAND + '[[sources]]\nname = "weibo"\nkind = "weibo_mobile"\n'
MAIL = '[mail]\nhost = "smtp.example.com"\nsender = "听风 <tingfeng@example.com>"\n'
PEOPLE = BRAND + '[[recipients]]\nname = "pr"\nemail = "pr@example.com"\n'


def problems(load: Load, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """What is wrong, without the folder of the file."""
    with pytest.raises(ConfigError) as caught:
        load(text, environ)
    return [p[p.index("tingfeng.toml") :] for p in caught.value.problems]


def test_defaults_are_filled_in(load, tmp_path):
    config = load(SOURCE + '[[brands]]\nname = "山雀茶"\ncompetitor_of = ["云雀咖啡"]\n')
    source = config.sources[0]
    assert config.brands[0] == Brand(name="云雀咖啡")
    assert source.queries == (
        QueryConfig(brand="云雀咖啡", text="云雀咖啡"),
        QueryConfig(brand="山雀茶", text="山雀茶"),
    )
    assert source.interval == timedelta(minutes=5)
    assert source.stale_after == timedelta(minutes=30)
    assert config.report_zone == ZoneInfo("Asia/Shanghai")
    assert config.data_dir == tmp_path / "data"
    assert config.database_url == f"sqlite:///{tmp_path}/data/tingfeng.db"
    assert config.mail is None


@pytest.mark.parametrize(
    ("why", "line", "want"),
    [
        ("minutes", 'interval = "5m"', timedelta(minutes=5)),
        ("seconds", 'interval = "90s"', timedelta(seconds=90)),
        ("hours", 'interval = "1h"', timedelta(hours=1)),
        ("days", 'interval = "7d"', timedelta(days=7)),
        ("weeks, with a space", 'interval = "2 w"', timedelta(days=14)),
        ("a bare number is seconds", "interval = 120", timedelta(minutes=2)),
    ],
)
def test_durations(load, why, line, want):
    assert load(SOURCE + line).sources[0].interval == want, why


def test_words_and_aspects_travel(load):
    config = load(
        'words = ["一口价", "Pro-Max"]\n' + BRAND + 'aspects = { " 口味 " = ["奶盖 ", "珍珠"], "联名" = ["杯套"] }'
    )
    assert config.words == ("一口价", "Pro-Max")
    assert config.whole_words == ("一口价", "Pro-Max", "云雀咖啡")
    [brand] = config.brands
    assert brand.aspects == {"口味": ("奶盖", "珍珠"), "联名": ("杯套",)}
    assert brand == Brand(name="云雀咖啡", aspects={"口味": ["奶盖", "珍珠"], "联名": ["杯套"]}), "JSON brings lists"
    assert len({brand, Brand(name="云雀咖啡")}) == 2, "brands stay hashable"


def test_stale_after_follows_the_interval(load):
    assert load(SOURCE + 'interval = "1h"').sources[0].stale_after == timedelta(hours=3)


def test_mail_port_follows_security(load):
    ports = {s: load(BRAND + MAIL + f'security = "{s}"').mail.port for s in ("none", "starttls", "tls")}
    assert ports == {"none": 25, "starttls": 587, "tls": 465}


def test_paths_are_relative_to_the_file(load, tmp_path):
    config = load('data_dir = "state"\ndatabase_url = "sqlite:///own.db"\n' + BRAND)
    assert config.data_dir == tmp_path / "state"
    assert config.database_url == f"sqlite:///{tmp_path}/own.db"


def test_a_home_that_does_not_exist_is_a_plain_folder(load, tmp_path):
    assert load('data_dir = "~nobody-of-that-name/x"\n' + BRAND).data_dir == tmp_path / "~nobody-of-that-name/x"


def test_every_mistake_of_a_file_at_once(load):
    text = """\
report_zone = "Asia/Shangai"
databse_url = "sqlite:///x.db"
scorer = "bays"

[[brands]]
name = "云雀咖啡"
alias = ["云雀"]
must = "咖啡"

[[brands]]
name = "云雀咖啡"
competitor_of = [
    "云雀",
]

[[sources]]
name = "weibo"
kind = "weibo_mobil"
interval = "5x"
queries = [{ brand = "云鹊咖啡", text = "" }]

[[sources]]
interval = 30
base_url = "ftp://example.com"

[[recipients]]
name = "ops"
email = "ops at example.com"

[[routes]]
to = ["opps"]
kinds = ["alerts"]

[mail]
host = "smtp.example.com"
port = "25"
security = "start-tls"

[alerts]
max_p = 2
window = "7m"
warm_up = "30d"
min_negative = true
detector = "seasonl"

[digest]
hour = 24
daily = 1
report_zone = "Asia/Shanghai"
"""
    assert problems(load, text) == [
        "tingfeng.toml:1: report_zone: unknown time zone 'Asia/Shangai'; did you mean 'Asia/Shanghai'?",
        "tingfeng.toml:2: databse_url: unknown key; did you mean 'database_url'?",
        "tingfeng.toml:3: scorer: unknown scorer 'bays'; did you mean 'bayes'?",
        "tingfeng.toml:7: brands[云雀咖啡].alias: unknown key; did you mean 'aliases'?",
        "tingfeng.toml:8: brands[云雀咖啡].must: expected a list in [ ], got a text",
        "tingfeng.toml:11: brands[云雀咖啡].name: '云雀咖啡' is already the name of another one",
        "tingfeng.toml:13: brands[云雀咖啡].competitor_of[1]: unknown brand '云雀'; did you mean '云雀咖啡'?",
        "tingfeng.toml:18: sources[weibo].kind: unknown kind of source 'weibo_mobil'; did you mean 'weibo_mobile'?",
        'tingfeng.toml:19: sources[weibo].interval: expected a duration such as "90s", "5m", "1h" or "7d", got \'5x\'',
        "tingfeng.toml:20: sources[weibo].queries[1].brand: unknown brand '云鹊咖啡'; did you mean '云雀咖啡'?",
        "tingfeng.toml:20: sources[weibo].queries[1].text: must not be empty",
        "tingfeng.toml:22: sources[2].name: missing; it must be given",
        "tingfeng.toml:22: sources[2].kind: missing; it must be given",
        "tingfeng.toml:23: sources[2].interval: a platform is asked at most once a minute; use '60s' or more",
        "tingfeng.toml:24: sources[2].base_url: expected an address such as 'https://m.weibo.cn', "
        "got 'ftp://example.com'",
        "tingfeng.toml:28: recipients[ops].email: expected an e-mail address such as 'ops@example.com', "
        "got 'ops at example.com'",
        "tingfeng.toml:31: routes[1].to[1]: unknown recipient 'opps'; did you mean 'ops'?",
        "tingfeng.toml:32: routes[1].kinds[1]: 'alerts' is not one of alert, digest, operator; did you mean 'alert'?",
        "tingfeng.toml:34: mail.sender: missing; it must be given",
        "tingfeng.toml:36: mail.port: expected a whole number, got a text",
        "tingfeng.toml:37: mail.security: 'start-tls' is not one of none, starttls, tls; did you mean 'starttls'?",
        "tingfeng.toml:40: alerts.max_p: must be below 1.0, got 2",
        "tingfeng.toml:41: alerts.window: counts are kept per five minutes; "
        "expected a multiple of '5m' of at most '1d'",
        "tingfeng.toml:42: alerts.warm_up: warm_up (30d) is longer than history (28d)",
        "tingfeng.toml:43: alerts.min_negative: expected a whole number, got true/false",
        "tingfeng.toml:44: alerts.detector: unknown detector 'seasonl'; did you mean 'seasonal'?",
        "tingfeng.toml:47: digest.hour: must be at most 23, got 24",
        "tingfeng.toml:48: digest.daily: expected true or false, got a number",
        "tingfeng.toml:49: digest.report_zone: unknown key; it belongs to the top of the file",
    ]


@pytest.mark.parametrize(
    ("why", "text", "want"),
    [
        ("nothing to listen for", "", ": no brand to listen for; add a [[brands]] table with a name"),
        (
            "a table where a list of tables belongs",
            '[brands]\nname = "x"',
            ":1: brands: expected a list in [ ], got a table",
        ),
        ("too often", SOURCE + 'interval = "59s"', ":6: sources[weibo].interval: a platform is asked at most once"),
        ("always stale", SOURCE + 'stale_after = "2m"', ":6: sources[weibo].stale_after: shorter than the interval"),
        ("no time at all", SOURCE + "time_limit = 0", ":6: sources[weibo].time_limit: expected a duration above 0"),
        ("an endless number", SOURCE + f"time_limit = {10**30}", ":6: sources[weibo].time_limit: expected a duration"),
        (
            "a name that cannot be a file",
            BRAND + '[[sources]]\nname = "../x"\nkind = "feed"',
            ":4: sources[../x].name: '../x' is not",
        ),
        ("routes without a server", PEOPLE + '[[routes]]\nto = ["pr"]', ":6: routes: there are routes but no [mail]"),
        ("a route to nobody", PEOPLE + "[[routes]]\nto = []\n" + MAIL, ":7: routes[1].to: too short: at least 1"),
        (
            "two recipients of one name",
            PEOPLE + '[[recipients]]\nname = "pr"\nemail = "b@example.com"',
            ":7: recipients[pr].name: 'pr' is already",
        ),
        (
            "competing with itself",
            BRAND + 'competitor_of = ["云雀咖啡"]',
            ":3: brands[云雀咖啡].competitor_of[1]: a brand cannot",
        ),
        (
            "a sender that smuggles a header",
            BRAND + MAIL.replace("听风 <", "a\\r\\nBcc: b@example.com <"),
            ":5: mail.sender: expected",
        ),
        ("a memory database", 'database_url = "sqlite://"\n' + BRAND, ":1: database_url: a database in memory"),
        ("another database", 'database_url = "mysql://h/n"\n' + BRAND, ":1: database_url: expected sqlite:///file or"),
        (
            "a window longer than the warm-up",
            BRAND + '[alerts]\nwindow = "1d"\nwarm_up = "5h"',
            ":4: alerts.window: window (1d) is",
        ),
        (
            "an unknown key of a query",
            SOURCE + '[[sources.queries]]\nbrand = "云雀咖啡"\nterm = "a"',
            ":8: sources[weibo].queries[1].term: unknown key; did you mean 'text'?",
        ),
        (
            "a word with a space",
            'words = ["一口价", "a b"]\n' + BRAND,
            ":1: words[2]: 'a b' cannot be one word; use two",
        ),
        ("a word of one character", 'words = ["茶"]\n' + BRAND, ":1: words[1]: '茶' cannot be one word"),
        ("words that are no list", 'words = "茶"\n' + BRAND, ":1: words: expected a list in [ ], got a text"),
        (
            "words of the wrong table",
            BRAND + 'words = ["一口价"]',
            ":3: brands[云雀咖啡].words: unknown key; it belongs",
        ),
        (
            "an aspect with a sign that the store needs",
            BRAND + 'aspects = { "a:b" = ["x"] }',
            ":3: brands[云雀咖啡].aspects.a:b: 'a:b' is not a name of an aspect",
        ),
        (
            "no words",
            BRAND + '[brands.aspects]\n"联名" = []',
            ":4: brands[云雀咖啡].aspects.联名: too short: at least 1",
        ),
        (
            "an aspect's word",
            BRAND + 'aspects = { "联名" = "杯套" }',
            ":3: brands[云雀咖啡].aspects.联名: expected a list",
        ),
        ("aspects that are no table", BRAND + 'aspects = ["联名"]', ":3: brands[云雀咖啡].aspects: expected a table"),
        (
            "one aspect",
            BRAND + 'aspect = { "联名" = ["杯套"] }',
            ":3: brands[云雀咖啡].aspect: unknown key; did you mean",
        ),
        (
            "a word in two aspects",
            BRAND + '[brands.aspects]\n"联名" = ["杯套"]\n"周边" = ["贴纸",\n "杯套"]',
            ":6: brands[云雀咖啡].aspects.周边[2]: '杯套' already belongs to '联名'",
        ),
        (
            "an aspect the taxonomy refuses",
            BRAND + 'aspects = { "客服" = ["小云"] }',
            ":3: brands[云雀咖啡].aspects.客服: no",
        ),
        ("not TOML: the line is told", BRAND + "x = = 1", ":3: not TOML: Invalid value"),
        ("not TOML: an open bracket", BRAND + "x = [1,\n", ":3: not TOML: Invalid value"),
        ("a key given twice", BRAND + 'name = "b"', ":3: not TOML: Cannot overwrite a value"),
        ("a key that would break the line", '"a\\nb" = 1\n' + BRAND, ":1: 'a\\nb': unknown key"),
        ("a folder nobody can make", 'data_dir = "a\\u0000b"\n' + BRAND, ":1: data_dir: must not contain"),
        ("a number int() refuses", "x = " + "9" * 5000, ": not TOML: Exceeds the limit"),
    ],
)
def test_single_mistakes(load, why, text, want):
    found = problems(load, text)
    assert any(p.startswith(f"tingfeng.toml{want}") for p in found), (why, found)


@pytest.mark.parametrize(
    ("why", "raw", "want"),
    [
        ("Windows Notepad's mark and line ends", ("\ufeff" + BRAND.replace("\n", "\r\n")).encode(), None),
        ("GBK", BRAND.encode("gb18030"), ":2: not UTF-8 text; save the file as UTF-8"),
        ("deep nesting", b"x = " + b"[" * 100_000, ": nested too deep"),
    ],
)
def test_bytes(tmp_path, why, raw, want):
    file = tmp_path / "tingfeng.toml"
    file.write_bytes(raw)
    if want is None:
        assert load_config(file, {"TINGFENG_AUTHOR_SECRET": AUTHOR}).brands[0].name == "云雀咖啡", why
        return
    with pytest.raises(ConfigError, match=r"tingfeng\.toml") as caught:
        load_config(file, {})
    assert str(caught.value).endswith(want), why


def test_a_missing_file_names_the_way_out(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot be read: No such file.*tingfeng init"):
        load_config(tmp_path / "none.toml", {})


def test_loopback_may_be_asked_every_second(load):
    config = load(SOURCE + 'interval = "1s"\nbase_url = "http://127.0.0.1:8000"\n')
    assert config.sources[0].is_local
    assert not load(SOURCE).sources[0].is_local


def test_names_are_checked_after_loading_too(load):
    config = load(SOURCE + '[alerts]\ndetector = "season"\n', known=None)
    with pytest.raises(ConfigError) as caught:
        check_names(config, spiders=["feed"], scorers=["tingfeng"], detectors=["seasonal"])
    assert [p.partition("tingfeng.toml")[2] for p in caught.value.problems] == [
        ":5: sources[weibo].kind: unknown kind of source 'weibo_mobile'; known: feed",
        ":7: alerts.detector: unknown detector 'season'; did you mean 'seasonal'?",
    ]
    check_names(config, spiders=["weibo_mobile"], scorers=["tingfeng"], detectors=["season"])


def test_a_dotted_path_is_left_to_whoever_imports_it(load):
    assert load(SOURCE.replace("weibo_mobile", "acme.spider:Forum")).sources[0].kind == "acme.spider:Forum"


def test_the_record_is_frozen_and_may_be_built_in_code():
    config = Config(brands=(Brand(name="甲"),), author_secret=AUTHOR)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="frozen"):
        config.scorer = "x"  # type: ignore[misc]
    assert config.origin.lines == {}
