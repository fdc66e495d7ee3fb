"""s.weibo.com's search pages as HTML (sources.md 1.6, 1.9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lxml import etree

from crawler.post import Post, Reading
from crawler.refusals import by_page
from crawler.text import count_of, plain
from crawler.times import weibo_posted
from crawler.weibo import address_of, mid_of_name, post_address, refuse_gates
from tingfeng.errors import LayoutChanged, Refused

MAX_PAGE = 8 * 1024 * 1024  # bytes; the real ones have some 300,000
MARGIN = 4_096  # bytes; what else may stand at the end of a page: comments, what a browser adds
_SPACES = re.compile(r"\s+")
_HOME = re.compile(r"(?:https?:)?//(?:www\.)?weibo\.com/(?:u/)?(\d{1,20})(?:[/?#].*)?")


def _with_class(name: str) -> str:
    return f'contains(concat(" ", normalize-space(@class), " "), " {name} ")'


_INSIDE = f"ancestor::div[{_with_class('card-comment')}]"  # the reposted original, with fields of the same names
_TEXT = 'p[@node-type="feed_list_content"]'
_FULL = 'p[@node-type="feed_list_content_full"]'

_CARD = f"div[@mid][{_with_class('card-wrap')}]"
_CARDS = etree.XPath(f"//{_CARD}[not(ancestor::{_CARD})]")  # in one another they would cost their number squared
_NOTHING = etree.XPath(f"boolean(//div[{_with_class('card-no-result')}])")
_PAGES = etree.XPath(f"count(//ul[{_with_class('s-scroll')}]/li)")
_NEXT = etree.XPath(f"boolean(//a[{_with_class('next')}])")
_OWN_FULL = etree.XPath(f".//{_FULL}[not({_INSIDE})]")
_OWN = etree.XPath(f".//{_TEXT}[not({_INSIDE})]")
_BOX = etree.XPath(f".//div[{_with_class('card-comment')}]")
_BOX_TEXTS = tuple(etree.XPath(f".//{path}") for path in (_FULL, _TEXT, '*[@node-type="feed_list_forwardContent"]'))
_NAME = etree.XPath(f".//div[{_with_class('info')}]//a[{_with_class('name')}][not({_INSIDE})]")
_FROM = etree.XPath(f".//*[self::div or self::p][{_with_class('from')}][not({_INSIDE})]//a")
_COUNTS = etree.XPath(f".//div[{_with_class('card-act')}][not({_INSIDE})]//*[@action-type]")
_UNFOLD, _FOLD = "fl_unfold", "fl_fold"  # 展开 and 收起
_ACTIONS = {"feed_list_forward": "reposts", "feed_list_comment": "comments", "feed_list_like": "likes"}


def read(body: bytes, *, url: str, seen_at: datetime) -> Reading:
    """Posts of a search page; an empty Reading when the page says that nothing was found.

    `paging`: pages (as listed; 1 if none are), next (whether there is a link to the next page).
    """
    refuse_gates(url)
    if len(body) > MAX_PAGE:
        raise LayoutChanged("too_large", f"a page of {len(body)} bytes")
    root = _parsed(body)
    into = Reading()
    if _NOTHING(root):
        into.notes["page/empty"] += 1
        return into
    cards = _CARDS(root)
    if cards and b"</html" not in body[-MARGIN:].lower():
        raise LayoutChanged("layout_changed", f"the page is cut short after {len(body)} bytes")
    if not cards:
        name = by_page(body)
        if name:
            raise Refused(name, "a page of another kind in place of the results")
        raise LayoutChanged("layout_changed", "neither results nor the word that there are none")
    for card in cards:
        _read_card(card, into, seen_at)
    into.paging = {"pages": max(1, int(_PAGES(root))), "next": bool(_NEXT(root))}
    return into


def _parsed(body: bytes) -> Any:
    # A parser of its own for each page: one that met a broken page may keep what it met. No network, no huge trees.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError) as e:
        raise LayoutChanged("layout_changed", "no HTML") from e
    if root is None:
        raise LayoutChanged("layout_changed", "empty body")
    return root


def _read_card(card: Any, into: Reading, seen_at: datetime) -> None:
    links = _FROM(card)
    told = post_address(links[0].get("href", "").strip()) if links else None
    mid = mid_of_name(card.get("mid").strip()) or (told[1] if told else "")
    if not mid:
        into.skipped["id"] += 1
        return
    when = _words(links[0]) if links else ""
    published_at, contradicted = weibo_posted(when, mid, seen_at=seen_at)
    if contradicted:
        into.notes["time/id_differs"] += 1
    text, is_cut = _own_text(card)
    if not text:
        into.skipped["text"] += 1
        return
    author, name = _author(card, told)
    boxes = _BOX(card)
    post = Post(
        platform="weibo",
        native_id=mid,
        url=address_of(mid),
        text=text,
        published_at=published_at,
        context=_original(boxes[0]) if boxes else "",
        author=author,
        author_name=name,
        is_repost=bool(boxes),
        is_cut=is_cut,
        **_counts(card),
    )
    into.posts.append(post)


def _own_text(card: Any) -> tuple[str, bool]:
    """The text, and whether the page holds only its beginning."""
    full = _OWN_FULL(card)
    if full and (text := _words(full[0])):
        return text, False
    short = _OWN(card)
    if not short:
        return "", False
    is_cut = any(link.get("action-type") == _UNFOLD for link in short[0].iter("a"))
    return _words(short[0]), is_cut


def _original(box: Any) -> str:
    """The words of the reposted original, as full as the page has them; "" when it is gone."""
    for find in _BOX_TEXTS:
        found = find(box)
        if found:
            return _words(found[0])
    return ""


def _author(card: Any, told: tuple[str, str] | None) -> tuple[str | None, str]:
    """Id and name. The id stands in the post's address, and in that of the name."""
    names = _NAME(card)
    name = _words(names[0]) if names else ""
    home = _HOME.fullmatch(names[0].get("href", "").strip()) if names else None
    uid = told[0] if told else home[1] if home else ""
    return uid or (f"name:{name}" if name else None), name


def _counts(card: Any) -> dict[str, Any]:
    """Reposts, comments, likes: a number, or the action's own name where there were none."""
    return {
        _ACTIONS[action]: count_of(_words(part))
        for part in _COUNTS(card)
        if (action := part.get("action-type")) in _ACTIONS
    }


def _words(element: Any) -> str:
    """An element as a reader sees it: emoticons by their `alt`, `<br>` as line ends, other white space as one space."""
    lines = "".join(_spoken(element)).split("\n")
    return plain("\n".join(line.strip(" ") for line in lines))


def _spoken(element: Any) -> Iterator[str]:
    """The pieces of a text in the page's order, each visited once: XPath would sort what it unites."""
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, node in walk:
        if event == "end":
            if node.tail and node is not element:
                yield _SPACES.sub(" ", node.tail)
        elif node.tag == "br":
            yield "\n"
        elif node.tag == "img":
            yield node.get("alt", "")
        elif node.tag == "i" or node.get("action-type") in (_UNFOLD, _FOLD):
            walk.skip_subtree()  # icons are letters of a font of the site's own
        elif node.text:
            yield _SPACES.sub(" ", node.text)
