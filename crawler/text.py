"""From what a platform sends to what a reader saw: plain text, plain numbers, plain addresses."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from tingfeng.model import storable

MAX_URL = 2_000  # characters; longer ones are no addresses a reader can use
MAX_MARKUP = 200_000  # characters of HTML that are read at all

# Possessive quantifiers and bounds: hostile markup must not make the search go back over what it has read.
_SILENT = re.compile(r"<(script|style|template|head)\b[^<>]{0,500}+>.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.I | re.S)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]*+)((?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>|<[!?][^>]*+>")
_ALT = re.compile(r"""(?<![\w-])alt\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I)
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "section"})
INVISIBLE = " \t\r\n\u200b\u200c\u200d\ufeff\u2060\u3000\xa0"
_BLANK_LINES = re.compile(r"[ \t\xa0]*\n\s*\n\s*")
_LINE_ENDS = re.compile(r"[ \t\xa0]*\n[ \t\xa0]*")


def text_of(markup: str) -> str:
    """HTML as a reader sees it: emoticons by their `alt`, `<br>` and blocks as line ends, entities resolved."""
    if len(markup) > MAX_MARKUP:
        markup = markup[:MAX_MARKUP]
    if "<" in markup:
        markup = _TAG.sub(_spoken, _SILENT.sub("", markup))
    if "&" in markup:
        markup = html.unescape(markup)
    return plain(markup)


def _spoken(tag: re.Match[str]) -> str:
    name = (tag[2] or "").lower()
    if name == "img":
        found = _ALT.search(tag[3])
        return (found[1] or found[2] or found[3] or "") if found else ""
    return "\n" if name in _BREAKS else ""


def plain(text: str) -> str:
    """Plain text without invisible ends and fit for every database; otherwise as it was written."""
    return storable(text).strip(INVISIBLE)


def tidy(text: str) -> str:
    """Without the blank lines and indents that come from how a page's source is laid out."""
    return _LINE_ENDS.sub("\n", _BLANK_LINES.sub("\n", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; what was cut shows as '…'."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


_COUNT = re.compile(r"(\d{1,15}(?:,\d{3})*|\d{1,15})(\.\d{1,6})?\s*(万|亿|[kKwW])?\s*\+?")
_UNITS = {None: 1, "万": 10_000, "w": 10_000, "亿": 100_000_000, "k": 1_000}
MAX_COUNT = 10**12  # nobody has more followers; what claims so is not a count


def count_of(value: object) -> int | None:
    """A count as an integer: 348872, '43.2万' → 432000, '100万+' → 1000000, '1,024'. None when it is not one.

    Words instead of numbers ('转发', '赞', '评论') stand for 0 on the pages that use them.
    """
    if type(value) is int:  # and not bool, which is one too
        return value if 0 <= value <= MAX_COUNT else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if text in ("转发", "评论", "赞"):
        return 0
    found = _COUNT.fullmatch(text)
    if not found:
        return None
    unit = _UNITS[found[3].lower() if found[3] else None]
    whole, fraction = int(found[1].replace(",", "")), found[2] or ""
    # Integers throughout: 43.2 × 10,000 as floats is 431999.99….
    number = whole * unit + (int(fraction[1:]) * unit // 10 ** len(fraction[1:]) if fraction else 0)
    return number if number <= MAX_COUNT else None


def address(url: object, *, base: str = "") -> str:
    """`url` if it is an http(s) address, made absolute against `base`; "" for javascript:, data: and other traps."""
    if not isinstance(url, str):
        return ""
    text = storable(url).strip(INVISIBLE)
    if not text or len(text) > MAX_URL or any(c < " " for c in text):
        return ""
    try:
        text = urljoin(base, text) if base else text
        parts = urlsplit(text)
        return text if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""


def without_parameters(url: str, *, prefixes: Iterable[str]) -> str:
    """`url` without the query parameters whose names begin with one of `prefixes`; untouched if there are none."""
    unwanted = tuple(prefixes)
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in given if not name.lower().startswith(unwanted)]
    return url if len(kept) == len(given) else urlunsplit(parts._replace(query=urlencode(kept)))
