"""Many crawls in one subprocess: a reactor starts once per process, but takes as many crawls as one likes.

`python -m tests.support.crawls` reads specs, one JSON line each, and writes their results in the same order.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
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


def crawl_all(specs: Sequence[CrawlSpec], *, timeout: float = 60) -> list[Result]:
    """Run the crawls side by side; their results. AssertionError with the log when the process fails."""
    lines = "".join(spec.to_json() + "\n" for spec in specs)
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.crawls"],
        input=lines.encode(),
        capture_output=True,
        timeout=timeout,
        cwd=Path(__file__).resolve().parents[2],
        check=False,
    )
    log = done.stderr.decode("utf-8", "replace")
    assert done.returncode == 0, log
    return [Result.from_json(line) for line in done.stdout.splitlines()]


def main() -> None:
    from scrapy.crawler import CrawlerProcess
    from scrapy.settings import Settings

    from crawler.child import prepare, settings_for, verdict

    process = CrawlerProcess(Settings({"LOG_INSTALL_ROOT_HANDLER": False}))
    crawlers = []
    for line in sys.stdin.buffer:
        spec = CrawlSpec.from_json(line)
        kind, options, local = prepare(spec)
        crawler = process.create_crawler(kind)
        crawler.settings.update(settings_for(spec, kind, options, local=local))
        crawlers.append(crawler)
        process.crawl(crawler, spec=spec, options=options)
    process.start()
    for crawler in crawlers:
        # Scrapy counts the errors of all crawls in the process for each of them.
        sys.stdout.write(verdict(crawler, errors_logged=0).to_json() + "\n")


if __name__ == "__main__":
    main()
