"""The crawling process: `python -m crawler.child`, spec in on standard input, result out on standard output.

Imports little: it starts once per crawl. Everything that is printed or logged goes to standard error; the one line on
standard output is the result. When its parent dies, standard input ends and the crawl stops by itself.
"""

from __future__ import annotations

import gc
import logging
import os
import re
import resource
import signal
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO, cast
from urllib.parse import quote, quote_plus

from crawler.options import Options, is_local, read_options
from crawler.outcome import Result
from crawler.spec import CrawlSpec
from crawler.spiders import SPIDERS
from tingfeng.errors import ConfigError, TingfengError
from tingfeng.model import RunStatus
from tingfeng.registry import resolve

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.spiders.base import TingfengSpider


ORPHAN_GRACE = 10.0  # seconds; Scrapy waits for answers under way, and nobody is left to wait for it


def main() -> int:
    """Crawl once. Exit code 0 whenever a result was written, whatever it says."""
    gc.set_threshold(50_000)  # thousands of short-lived pages: looking for cycles at every 700 objects costs a tenth
    out = _own_stdout()
    spec = CrawlSpec.from_json(sys.stdin.buffer.readline())
    threading.Thread(target=_follow_parent, daemon=True).start()
    try:
        result = run(spec)
    except TingfengError as e:
        result = Result(status=RunStatus.FAILED, reason="config", detail=str(e)[:500])
    out.write(result.to_json() + "\n")
    out.flush()
    return 0


def _own_stdout() -> TextIO:
    """Keeps standard output for the result; whatever else writes there ends up in standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


def _follow_parent() -> None:
    """Blocks until the parent closes our standard input, alive or killed; then ends the crawl, politely first.

    Reads the bare descriptor: a thread that held sys.stdin's lock would make the interpreter's shutdown abort.
    """
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ORPHAN_GRACE)
    os.kill(os.getpid(), signal.SIGKILL)


def prepare(spec: CrawlSpec) -> tuple[type[TingfengSpider], Options, bool]:
    """The spider that `spec` names, its checked options, and whether its source is on this machine.

    ConfigError or UnknownName with everything that keeps the source from being crawled.
    """
    # First of all, while little is loaded: for each name it deprecates, this module walks the whole stack and every
    # loaded module, which costs 50 ms later on.
    import scrapy.core.downloader.contextfactory  # noqa: F401

    from crawler.spiders.base import TingfengSpider

    kind = resolve("spider", spec.kind, SPIDERS)
    if not issubclass(kind, TingfengSpider):
        raise ConfigError(f"sources.{spec.source}.kind: '{spec.kind}' is not a TingfengSpider")
    local = is_local(spec.base_url or kind.home)
    options = read_options(kind.options_class, spec.options, at=f"sources.{spec.source}.options", local=local)
    if problems := kind.problems(spec, options):
        raise ConfigError([f"sources.{spec.source}: {line}" for line in problems])
    return kind, options, local


def run(spec: CrawlSpec) -> Result:
    """Run the spider that `spec` names. ConfigError or UnknownName when it cannot be begun."""
    kind, options, local = prepare(spec)

    from scrapy.crawler import CrawlerProcess

    _log_to_stderr(spec)
    process = CrawlerProcess(settings_for(spec, kind, options, local=local))
    logging.getLogger("scrapy").setLevel(logging.WARNING)  # else a record is made per page, only to be dropped
    crawler = process.create_crawler(kind)
    process.crawl(crawler, spec=spec, options=options)
    process.start()
    return verdict(crawler)


def verdict(crawler: Crawler, *, errors_logged: int | None = None) -> Result:
    """How a crawl that has ended went, with what it cost. `errors_logged`: if known better than by Scrapy's count."""
    spider = crawler.spider
    if errors_logged is None:
        errors_logged = int(crawler.stats.get_value("log_count/ERROR", 0))
    if spider is None:
        return Result(status=RunStatus.FAILED, reason="crash", detail="the spider could not be made; see its log")
    outcome = cast("TingfengSpider", spider).outcome
    result = outcome.result(errors_logged=errors_logged)
    measured = {
        "pages": outcome.pages,
        "cpu_seconds": round(time.process_time(), 2),
        "peak_mb": peak_mb(),
    }
    return replace(result, stats=result.stats | measured)


def peak_mb() -> int:
    """Megabytes this process has held at most.

    Where Linux tells by itself: ru_maxrss is kept over exec, and begins with what the parent held when it made us.
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            told = next((line.split() for line in status if line.startswith("VmHWM:")), None)
    except OSError:
        told = None
    if told is not None:
        return int(told[1]) // 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1024 * 1024 if sys.platform == "darwin" else 1024)


_TOKEN = re.compile(r"(?<=[?&]token=)[^&\s>]+")


class _Discreet(logging.Formatter):
    """Scrapy logs whole addresses; a feed's may carry the credential, an API's a token made with it."""

    def __init__(self, secrets: list[str]) -> None:
        super().__init__("%(asctime)s %(name)s %(levelname)s %(message)s")
        forms = {form for s in secrets for form in (s, quote(s), quote_plus(s)) if len(form) >= 6}
        self._secrets = sorted(forms, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _TOKEN.sub("***", text)


def _log_to_stderr(spec: CrawlSpec) -> None:
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Discreet([spec.credential or "", spec.author_secret]))
    logging.getLogger().addHandler(handler)


def settings_for(spec: CrawlSpec, kind: Any, options: Options, *, local: bool) -> Any:
    """Scrapy's settings of this crawl: the project's, and what the source adds."""
    from scrapy.settings import Settings

    from crawler.doors import TRUSTED, trusted_hosts

    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    seconds = options.delay.total_seconds()
    settings.setdict(
        {
            "SPIDER_MODULES": [],  # finding them would import them all
            "USER_AGENT": settings["USER_AGENT"] + (f" {options.contact}" if options.contact else ""),
            "ROBOTSTXT_OBEY": not (kind.robots_exempt or spec.robots_override_reason),
            # What lies at least between two requests; RateMiddleware makes it longer by chance.
            "DOWNLOAD_DELAY": seconds,
            "DOWNLOAD_DELAY_JITTER": 0,
            "AUTOTHROTTLE_ENABLED": options.throttle,
            "AUTOTHROTTLE_START_DELAY": max(seconds, 0.0 if local else 1.0),
            "CONCURRENT_REQUESTS": options.concurrency,
            "CONCURRENT_REQUESTS_PER_DOMAIN": options.concurrency,
            "DOWNLOAD_TIMEOUT": options.timeout.total_seconds(),
            "DOWNLOAD_MAXSIZE": options.max_body,
            "HTTPPROXY_ENABLED": not local,
            "COMPRESSION_ENABLED": not local,
            TRUSTED: trusted_hosts(kind.configured_urls(spec, options), allow_private=options.allow_private),
        },
        priority="cmdline",
    )
    if spec.probe:
        from crawler import probe

        settings.setdict(probe.SETTINGS, priority="cmdline")
    return settings


if __name__ == "__main__":
    raise SystemExit(main())
