"""How a platform says no, and what we call it. A refusal ends the run under its name and is never "nothing found".

All names are in tingfeng/refusals.py.
Statuses, addresses and words as collected in sources.md 1.9, 2.1, 2.4 and 14. One table per kind of sign.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from scrapy import exceptions
from scrapy.http import Response

from tingfeng.errors import CrawlError, LayoutChanged, Refused, Unreachable

LONGEST_WAIT = 30 * 86_400  # seconds; whoever asks for more is not understood, or jokes

# HTTP status → name. All of these are a hard stop: no retry, no other identity, no solving.
STATUSES = {
    401: "unauthorized",
    402: "payment_required",
    403: "forbidden",
    407: "proxy_refused",
    412: "risk_control",
    418: "teapot",
    429: "too_many_requests",
    432: "anticrawl",
    451: "legal_reasons",
    461: "captcha",
    471: "captcha",
}

LOGIN_WALLS = ("login_required",)  # what they mean when a credential was sent: it has expired

# Part of a redirect's target (host and path) → name; the first that fits counts.
REDIRECTS = (
    ("passport.weibo.com/verify", "captcha"),
    ("/account/unhuman", "captcha"),
    ("antispider", "captcha"),
    ("captcha", "captcha"),
    ("wappass", "captcha"),
    ("passport", "login_required"),
    ("login", "login_required"),
    ("signin", "login_required"),
    ("/sso/", "login_required"),
    ("visitor", "login_required"),
)

# Words in a message of an API → name.
MESSAGES = (
    ("验证", "captcha"),
    ("登录", "login_required"),
    ("存在异常", "risk_control"),
    ("频繁", "too_many_requests"),
)

# Words on a page that came in place of data → name. "登录" alone is on every page, and so are the names of captcha
# vendors (yidun, geetest): no signs.
PAGES = (
    ("请完成安全验证", "captcha"),
    ("百度安全验证", "captcha"),
    ("请输入验证码", "captcha"),
    ("Sina Visitor System", "login_required"),
    ("微博通行证", "login_required"),
    ("暂时限制本次访问", "risk_control"),
)


def by_message(text: str) -> str | None:
    """The name of the refusal that an API's message speaks of, or None."""
    return next((name for words, name in MESSAGES if words in text), None)


def by_page(body: bytes) -> str | None:
    """The name of the refusal that an HTML page is, or None when it may be anything."""
    text = body[:20_000].decode("utf-8", "replace")
    return next((name for words, name in PAGES if words in text), None)


def by_address(url: str, *, otherwise: str = "redirected") -> str:
    """The name of what being sent to `url` means; `otherwise` when it is none we know."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return otherwise
    place = f"{parts.hostname or ''}{parts.path}".lower()
    return next((name for part, name in REDIRECTS if part in place), otherwise)


def judge(response: Response) -> CrawlError | None:
    """What is wrong with an answer by its status alone; None for 200."""
    status = response.status
    if status == 200:
        return None
    if status in STATUSES:
        return Refused(STATUSES[status], f"HTTP {status}" + _waiting(response))
    if 300 <= status < 400:
        target = urljoin(response.url, (response.headers.get("Location") or b"").decode("latin-1"))
        parts = urlsplit(target)
        return Refused(
            by_address(target), f"HTTP {status} to {parts.hostname}{parts.path}"
        )  # no query: may hold tokens
    if status >= 500 or status == 408:
        return Unreachable("unreachable", f"HTTP {status}" + _waiting(response))
    if status in (404, 410):
        return CrawlError("not_found", f"HTTP {status}")
    if 200 < status < 300:
        return LayoutChanged("layout_changed", f"HTTP {status} without an answer")
    return CrawlError("bad_request", f"HTTP {status}")


def retry_after(response: Response, *, now: datetime) -> datetime | None:
    """When the platform says we may come back: seconds or an HTTP-date; None when it says nothing readable.

    A date counts from the answer's own Date, as the platform's clock may differ from ours.
    """
    told = _header(response, "Retry-After")
    if told.isascii() and told.isdigit() and len(told) <= 9:
        return now + timedelta(seconds=min(int(told), LONGEST_WAIT))
    at = http_date(told)
    if at is None:
        return None
    wait = (at - (http_date(_header(response, "Date")) or now)).total_seconds()
    return now + timedelta(seconds=min(max(wait, 0.0), LONGEST_WAIT))


def http_date(text: str) -> datetime | None:
    """ "Fri, 20 Nov 2026 04:00:00 GMT" → aware UTC; None for anything else."""
    try:
        at = parsedate_to_datetime(text[:60])
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):  # what the library makes of "", of a year 0, of an offset of days
        return None


def _waiting(response: Response) -> str:
    """What the platform says about coming back, if it says it plainly."""
    told = _header(response, "Retry-After")
    plain = (told.isascii() and told.isdigit() and len(told) < 10) or http_date(told) is not None
    return f", Retry-After {told[:60]}" if plain else ""


def _header(response: Response, name: str) -> str:
    return (response.headers.get(name) or b"").decode("latin-1").strip()


def not_json(body: bytes) -> CrawlError:
    """What it means that JSON was expected and something else came."""
    text = body[:20_000].decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    if text.startswith("<"):
        name = by_page(body)
        return (
            Refused(name, "HTML page in place of data") if name else LayoutChanged("layout_changed", "HTML, not JSON")
        )
    if not text:
        return LayoutChanged("layout_changed", "empty body")
    return LayoutChanged("layout_changed", f"no JSON, or cut short, after {len(body)} bytes")


def translate(error: BaseException | None) -> CrawlError:
    """Whatever stopped a download, in our own words; the original stays its cause."""
    if isinstance(error, CrawlError):
        return error
    named = _named(error)
    named.__cause__ = error
    return named


def _named(error: BaseException | None) -> CrawlError:
    if isinstance(error, exceptions.DownloadTimeoutError):
        return Unreachable("unreachable", "no answer in time")
    if isinstance(error, exceptions.CannotResolveHostError):
        return Unreachable("unreachable", "host name not found")
    if isinstance(error, exceptions.DownloadConnectionRefusedError):
        return Unreachable("unreachable", "connection refused")
    if isinstance(error, exceptions.ResponseDataLossError):
        return LayoutChanged("layout_changed", "the answer was cut short")
    if isinstance(error, exceptions.DownloadCancelledError):
        return LayoutChanged("too_large", "the answer is larger than max_body")
    if isinstance(error, exceptions.IgnoreRequest):
        if "redirections" in str(error):
            return Refused("redirected", "too many redirects")
        if "exceed" in str(error):
            return LayoutChanged("too_large", "the unpacked answer is larger than max_body")
        return Refused("ignored", str(error)[:100])
    if "certificate" in str(error):
        return Unreachable("unreachable", "the server's certificate is not to be trusted")
    return Unreachable("unreachable", type(error).__name__)
