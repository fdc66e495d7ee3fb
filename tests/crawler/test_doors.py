"""Nobody outside sends a crawl to a machine inside: over real sockets, names as a hosts file would have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crawler.doors import is_inner, is_private, trusted_hosts
from crawler.outcome import Result
from tests.support.crawls import crawl_all, make_spec
from tests.support.web import NOT_FOUND, Asked, Reply, serve
from tingfeng.model import RunStatus

OK, REFUSED = RunStatus.OK, RunStatus.REFUSED
HOSTS = {"intern.example": "127.0.0.1", "hub.example": "127.0.0.1", "cloud.example": "169.254.169.254"}
DATE = "<pubDate>Fri, 20 Nov 2026 03:00:00 GMT</pubDate>"
RSS = f"<rss version='2.0'><channel><item><title>云雀上市</title><link>/1</link>{DATE}</item></channel></rss>"


@pytest.mark.parametrize(
    ("address", "inner"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("172.17.0.1", True),
        ("192.168.1.1", True),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("0.0.0.0", True),
        ("::1", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("198.18.0.7", False),  # a local proxy's stand-in for a public name
        ("110.242.68.66", False),
        ("2400:da00::1", False),
    ],
)
def test_inner_addresses(address, inner):
    assert is_inner(address) is inner


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://localhost:1/x", True),
        ("http://nas.local/", True),
        ("http://[::1]/", True),
        ("http://hub.internal/", True),
        ("https://weibo.com/", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_what_addresses_say_of_themselves(url, private):
    assert is_private(url) is private


def test_only_what_is_written_down_as_private_may_be():
    urls = ("http://10.0.0.5:1200/x", "https://hub.example/y")
    assert "10.0.0.5" in (found := trusted_hosts(urls, allow_private=False)) and "hub.example" not in found
    assert "hub.example" in trusted_hosts(urls, allow_private=True)


CASES: list[tuple[str, str, dict[str, Any], RunStatus, str]] = [  # why, base, options, status, reason
    ("a loopback address the operator wrote down", "{local}/a", {}, OK, ""),
    ("a public-looking name that leads inside", "http://intern.example:{port}/b", {}, REFUSED, "private_address"),
    ("… and is meant to", "http://hub.example:{port}/c", {"allow_private": True}, OK, ""),
    ("a machine of the cloud's own", "http://cloud.example/d", {}, REFUSED, "private_address"),
    ("an address in disguise", "http://2130706433:{port}/e", {}, REFUSED, "private_address"),
    ("sent on to a name that leads inside", "{local}/to/intern.example:{port}/f", {}, REFUSED, "private_address"),
    ("sent on to an inner address", "{local}/to/10.0.0.1/g", {}, REFUSED, "private_address"),
    ("sent on to this machine under another name", "{local}/to/localhost:{port}/h", {}, REFUSED, "private_address"),
]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, sqlite_migrated: Path) -> tuple[dict[str, Result], set[str]]:
    path = tmp_path_factory.mktemp("doors") / "t.db"
    path.write_bytes(sqlite_migrated.read_bytes())

    def answer(asked: Asked) -> Reply:
        if asked.path == "/robots.txt":
            return NOT_FOUND
        if asked.path.startswith("/to/"):
            return Reply(b"", 302, headers={"Location": "http://" + asked.path.removeprefix("/to/")})
        return Reply(RSS, type="application/rss+xml")

    with serve(answer) as site:
        port = site.url.rpartition(":")[2]
        specs = [
            make_spec(
                "feed",
                source=why,
                base_url=base.format(local=site.url, port=port),
                options={"url": "", "delay": 1} | options,
                database_url=f"sqlite:///{path}",
            )
            for why, base, options, *_ in CASES
        ]
        results = crawl_all(specs, hosts=HOSTS)
        asked = {a.path for a in site.asked}
    return {spec.source: result for spec, result in zip(specs, results, strict=True)}, asked


@pytest.mark.parametrize(("why", "status", "reason"), [(why, *rest) for why, _, _, *rest in CASES])
def test_who_may_be_connected_to(ran, why, status, reason):
    result = ran[0][why]
    assert (result.status, result.reason) == (status, reason), result


def test_refused_machines_were_not_asked_anything(ran):
    assert not {"/b", "/d", "/e", "/f", "/h"} & ran[1]
