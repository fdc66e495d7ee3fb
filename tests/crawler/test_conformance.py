"""What every registered spider must do, whoever wrote it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import pytest
from scrapy.http import Request, Response
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from crawler.options import Options, read_options
from crawler.spiders import SPIDERS
from crawler.spiders.base import TingfengSpider
from tests.support.crawls import make_spec
from tingfeng.errors import CrawlError
from tingfeng.registry import resolve

BODIES = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"<html></html>",
    b'{"ok": 1}',
    b'{"Code": 0}',
    b"\xff\xfe\x00",
    b'{"data": [[[]]]}',
]


@pytest.fixture(params=sorted(SPIDERS))
def kind(request: pytest.FixtureRequest) -> type[TingfengSpider]:
    return resolve("spider", request.param, SPIDERS)


def made(kind: type[TingfengSpider], **more: Any) -> TingfengSpider:
    spec = make_spec(kind.__module__.rpartition(".")[2], credential="abc", **more)
    return kind(spec=spec, options=kind.options_class())


def test_it_is_a_spider_with_options_of_its_own(kind):
    assert issubclass(kind, TingfengSpider)
    assert issubclass(kind.options_class, Options)
    assert kind.__doc__ or inspect.getmodule(kind).__doc__


def test_its_defaults_are_courteous_to_strangers(kind):
    options = read_options(kind.options_class, {}, at="o", local=False)
    assert options.concurrency == 1 and options.throttle and options.delay >= options.least_delay


def test_scrapys_own_tools_find_the_spiders():
    settings = Settings()
    settings.setmodule("crawler.settings")
    assert set(SpiderLoader.from_settings(settings).list()) == set(SPIDERS)


def test_a_crawling_process_loads_little(tmp_path):
    """It starts once per crawl: no configuration, no word cutting, no second HTTP client, and not all spiders."""
    code = (
        "import sys; from crawler.child import run; from tests.support.crawls import make_spec; run(make_spec());"
        "unwanted = {'pydantic', 'jieba', 'rjieba', 'snownlp', 'aiohttp', 'typer', 'rich', 'feedparser', 'alembic'};"
        "print(sorted(unwanted & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_options_are_frozen(kind):
    with pytest.raises(AttributeError):
        kind.options_class().delay = 0


def test_each_request_belongs_to_a_search_and_ends_the_run_when_it_fails(kind):
    spider = made(kind)
    requests = list(spider.searches())
    assert requests and spider.outcome.open_searches
    for request in requests:
        assert request.errback is not None, "a lost answer must be noticed"
        assert request.url.startswith("http://127.0.0.1:9")
        assert request.meta.get("dont_redirect") or kind.follows_redirects


def test_no_body_ever_counts_as_nothing_found(kind):
    """Garbage is an error under a name; a search is closed only by an answer that was understood."""
    for body in BODIES:
        spider = made(kind)
        for request in spider.searches():
            outcome = feed(spider, request, body)
            assert outcome is not None, f"{body!r} passed for an empty result"
            assert outcome.reason


def feed(spider: TingfengSpider, request: Request, body: bytes) -> CrawlError | None:
    try:
        list(request.callback(Response(request.url, body=body, request=request), **request.cb_kwargs))  # type: ignore[misc]
    except CrawlError as e:
        return e
    return None


def test_a_missing_credential_is_found_before_anything_is_fetched(kind):
    problems = kind.problems(make_spec(kind.__module__.rpartition(".")[2]), kind.options_class())
    assert bool(problems) is kind.needs_credential


def test_authors_are_pseudonyms(kind):
    key = made(kind).author_key("somebody")
    assert key is not None and len(key) == 32 and key != made(kind, author_secret="other").author_key("somebody")
    assert made(kind).author_key("") is made(kind).author_key(None) is None
