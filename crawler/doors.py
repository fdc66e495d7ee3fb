"""Which machines a crawl may connect to: nobody outside may send it to one inside.

Decided where a name becomes the address that is then connected to, so that no name can be turned round in between.
Behind a proxy the proxy looks names up; then only addresses that are private by their own words are refused.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.http import Request, Response
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from tingfeng.errors import Refused

TRUSTED = "TINGFENG_TRUSTED_HOSTS"  # Scrapy setting: hosts that may be private
# What proxies on this machine answer for every public name ("fake IP"): kept for measurements, nobody lives there.
_STAND_INS = ipaddress.ip_network("198.18.0.0/15")
_refused: set[str] = set()  # hosts this process was not let through to


def is_inner(address: str) -> bool:
    """Whether an IP address is one of the inner network, of this machine, or of no machine. ValueError for a name."""
    found = ipaddress.ip_address(address)
    return not found.is_global and not (found.version == 4 and found in _STAND_INS)


def is_private(url: str) -> bool:
    """Whether `url` names a machine of the inner network by its own words (no name is looked up)."""
    host = host_of(url)
    try:
        return is_inner(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def host_of(url: str) -> str:
    """The host in `url` as names are looked up: lower case, without brackets; "" when it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def trusted_hosts(configured: tuple[str, ...], *, allow_private: bool) -> list[str]:
    """Hosts that may be private: those the operator wrote down as such, and his proxies."""
    meant = [host_of(url) for url in configured if allow_private or is_private(url)]
    proxies = [host_of(url if "://" in url else f"http://{url}") for url in getproxies().values()]
    return sorted({host for host in (*meant, *proxies) if host})


def private_address(host: str) -> Refused:
    return Refused("private_address", f"{host[:100]} is a machine of the inner network")


class GuardedResolver(CachingThreadedResolver):
    """Scrapy's, but an inner address is as good as none, unless the host is trusted. Literal addresses pass it too."""

    def __init__(self, reactor: Any, cache_size: int, timeout: float, trusted: frozenset[str] = frozenset()) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.trusted = trusted

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        made = super().from_crawler(crawler, reactor)
        made.trusted = frozenset(crawler.settings.getlist(TRUSTED))
        return made

    def getHostByName(self, name: str, timeout: Any = ()) -> Deferred[str]:
        return super().getHostByName(name, timeout).addCallback(self._admitted, name)

    def _admitted(self, address: str, name: str) -> str:
        if name.lower() in self.trusted or not is_inner(address):
            return address
        _refused.add(name.lower())
        raise DNSLookupError(f"{name} is a machine of the inner network")


class GuardedDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's, but says why a host was not let through."""

    async def download_request(self, request: Request) -> Response:
        try:
            return await super().download_request(request)
        except CannotResolveHostError as e:
            host = host_of(request.url)
            if host in _refused:
                raise private_address(host) from e
            raise
