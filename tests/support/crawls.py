"""Many crawls in one subprocess: a reactor starts once per process, but takes as many crawls as one likes.

`python -m tests.support.crawls` reads specs, one JSON line each, and writes their results in the same order.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from crawler.outcome import Result
from crawler.spec import CrawlSpec
from tests.support.factories import NOW
from tingfeng.model import Brand, Query

BRAND = Brand(name="云雀", aliases=("Skylark",))
LOCAL = {"delay": 0, "throttle": False}


def make_spec(kind: str = "weibo_mobile", **overrides: Any) -> CrawlSpec:
    """A crawl for 云雀 of the last day, without pauses; `options` are added to those."""
    options = LOCAL | overrides.pop("options", {})
    fields: dict[str, Any] = {
        "source": "测试源",
        "kind": kind,
        "base_url": "http://127.0.0.1:9",
        "queries": (Query(brand="云雀", text="云雀"),),
        "brands": (BRAND,),
        "since": NOW - timedelta(days=1),
        "now": NOW,
        "database_url": "sqlite://",
        "author_secret": "a secret of no value",
    }
    return CrawlSpec(**fields | overrides, options=options)


def crawl_all(
    specs: Sequence[CrawlSpec], *, timeout: float = 60, hosts: Mapping[str, str] | None = None
) -> list[Result]:
    """Run the crawls side by side; their results. AssertionError with the log when the process fails.

    `hosts`: names and the addresses they have in this process, as /etc/hosts would say it.
    """
    with begin_all(specs, hosts=hosts) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0, err.decode("utf-8", "replace")
    return [Result.from_json(line) for line in out.splitlines()]


def begin_all(specs: Sequence[CrawlSpec], *, hosts: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """The process that runs the crawls, under way."""
    with tempfile.TemporaryFile() as given:  # a pipe might be too small for all of it
        given.write("".join(spec.to_json() + "\n" for spec in specs).encode())
        given.seek(0)
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.crawls", json.dumps(dict(hosts or {}))],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[2],
        )


def _know(hosts: Mapping[str, str]) -> None:
    look_up = socket.gethostbyname
    socket.gethostbyname = lambda name: hosts.get(name) or look_up(name)


def main() -> None:
    from scrapy.crawler import CrawlerProcess
    from scrapy.settings import Settings

    from crawler.child import prepare, settings_for, verdict
    from crawler.doors import TRUSTED

    _know(json.loads(sys.argv[1]))
    crawls = []
    for line in sys.stdin.buffer:
        spec = CrawlSpec.from_json(line)
        kind, options, local = prepare(spec)
        crawls.append((kind, options, spec, settings_for(spec, kind, options, local=local)))
    # The resolver is the reactor's: what one crawl may reach, all of this process may.
    trusted = sorted({host for *_, own in crawls for host in own.getlist(TRUSTED)})
    resolver = crawls[0][3]["TWISTED_DNS_RESOLVER"]
    process = CrawlerProcess(
        Settings({"LOG_INSTALL_ROOT_HANDLER": False, "TWISTED_DNS_RESOLVER": resolver, TRUSTED: trusted})
    )
    crawlers = []
    for kind, options, spec, own in crawls:
        crawler = process.create_crawler(kind)
        crawler.settings.update(own)
        crawlers.append(crawler)
        process.crawl(crawler, spec=spec, options=options)
    process.start()
    for crawler in crawlers:
        # Scrapy counts the errors of all crawls in the process for each of them.
        sys.stdout.write(verdict(crawler, errors_logged=0).to_json() + "\n")


if __name__ == "__main__":
    main()
