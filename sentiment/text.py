"""The one normalisation of texts, used alike for training, scoring, words and aspects; whole batches through arrays.

What it does, in this order: full-width letters and digits made ordinary, invisible signs and variation selectors out,
control characters and white space to a blank, Traditional to Simplified (OpenCC, only texts that have Traditional
characters), addresses out, @names to a bare @, repost chains marked, a configured brand's names to one neutral sign,
longer runs of one character cut to three.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

SEPARATOR = "\x00"  # between the texts of a batch; within a text NUL is U+FFFD
BRAND = "\ue000"  # any name of a configured brand: it says whom, not what is felt
CHAIN = "\ue001"  # here begins what somebody else wrote, in a repost
LONGEST_RUN = 3  # 好好好好好 says no more than 好好好

Codes = NDArray[np.uint32]
Positions = NDArray[np.int64]

NEWEST = 0x20000  # of the code points that tables speak of; beyond are rare signs of names
_TAGS = 0xE0000  # from here on: invisible
_SURROGATES = (0xD800, 0xE000)
# Soft hyphen, zero-width signs and joiners, direction marks, variation selectors, skin tones, tags: invisible or
# decoration, and they tear words apart (spammers know).
_INVISIBLE = (
    *((0xAD, 0xAE), (0x200B, 0x2010), (0x202A, 0x202F), (0x2060, 0x2070), (0xFEFF, 0xFF00)),
    *((0xFE00, 0xFE10), (0x1F3FB, 0x1F400)),
)
_BLANKS = (*((0x01, 0x21), (0x7F, 0xA1), (0x1680, 0x1681), (0x2000, 0x200B), (0x2028, 0x202A)), (0x3000, 0x3001))
_REPLACEMENT, _BLANK, _GONE = 0xFFFD, ord(" "), 0xFFFFFFFF

# Each begins with a plain string, which re looks for some ten times as fast as for a choice.
_ADDRESS = re.compile(r"://[!-~]+")
_BARE_ADDRESS = re.compile(r"www\.(?<![0-9A-Za-z_]www\.)[!-~]+")
_SCHEME = re.compile(r"https?\Z", re.IGNORECASE)
# A name on Weibo is letters of any script, digits, - and _; it ends at the first other sign.
_REPOST = re.compile(r"// ?@[\w·-]{1,30} ?[:：]? ?")
_NAME = re.compile(r"@[\w·-]{1,30}")
_TOPIC_SHELL = re.compile(r"\{%(?=#)|(?<=#)%\}")  # how one export of Weibo wraps #topics#


@dataclass(frozen=True, slots=True)
class Batch:
    """Normalised texts as code points: one separator (0) before each text and one at the end."""

    codes: Codes
    bounds: Positions  # where the separators are: text i is codes[bounds[i] + 1 : bounds[i + 1]]

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def texts(self) -> list[str]:
        """The same as strings."""
        return _decode(self.codes).split(SEPARATOR)[1:-1]


class Normaliser:
    """Normalises batches. `names`: what the configured brands are called, whole words where they are Latin."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        known = {clean(name).strip() for name in names} - {""}
        self._names = _any_of(known) if known else None

    def batch(self, texts: Sequence[str]) -> Batch:
        """All texts at once, in order. Takes anything, lone surrogates too; linear in the characters."""
        joined = SEPARATOR.join(("", *texts, ""))
        if joined.count(SEPARATOR) != len(texts) + 1:
            joined = SEPARATOR.join(("", *(text.replace(SEPARATOR, "\ufffd") for text in texts), ""))
        codes = translated(_encode(joined), _folding())
        if (gone := codes == _GONE).any():
            codes = codes[~gone]
        codes = _encode(self._signs(_simplified(codes)))
        codes = _bounded(codes)
        return Batch(codes, np.flatnonzero(codes == 0))

    def texts(self, texts: Sequence[str]) -> list[str]:
        return self.batch(texts).texts()

    def _signs(self, joined: str) -> str:
        """What is easier said in patterns than in arrays; each is looked for only where its first sign is."""
        if "{%#" in joined or "#%}" in joined:
            joined = _TOPIC_SHELL.sub("", joined)
        if "://" in joined:
            joined = _without_addresses(joined)
        if "www." in joined:
            joined = _BARE_ADDRESS.sub(" ", joined)
        if "@" in joined:
            joined = _NAME.sub("@ ", _REPOST.sub(CHAIN, joined))
        return self._names.sub(BRAND, joined) if self._names else joined


@cache
def _plain() -> Normaliser:
    return Normaliser()


def cleaned(texts: Sequence[str]) -> list[str]:
    """Many texts normalised at once, without any brand's names."""
    return _plain().texts(texts)


def clean(text: str) -> str:
    """One text normalised, without any brand's names. Cleaning twice changes nothing more."""
    return _plain().texts([text])[0]


def shown(text: str) -> str:
    """A normalised text for human eyes: the signs of our own spelled out."""
    return text.replace(CHAIN, "//").replace(BRAND, "〔品牌〕")


def _any_of(names: set[str]) -> re.Pattern[str]:
    """The longest name first; Latin ones only as whole words: mac is not in machine."""
    return re.compile("|".join(map(_whole, sorted(names, key=lambda n: (-len(n), n)))), re.IGNORECASE)


def _whole(name: str) -> str:
    before = r"(?<![0-9A-Za-z])" if re.match(r"[0-9A-Za-z]", name) else ""
    after = r"(?![0-9A-Za-z])" if re.search(r"[0-9A-Za-z]\Z", name) else ""
    return before + re.escape(name) + after


def _without_addresses(joined: str) -> str:
    pieces, end = [], 0
    for found in _ADDRESS.finditer(joined):
        scheme = _SCHEME.search(joined[max(end, found.start() - 5) : found.start()])
        if scheme:
            pieces += [joined[end : found.start() - len(scheme[0])], " "]
            end = found.end()
    return "".join([*pieces, joined[end:]])


def _encode(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _decode(codes: Codes) -> str:
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le")


def translated(codes: Codes, table: Codes) -> Codes:
    """What the table makes of each code point; those beyond it (rare signs of names, and tags) stay."""
    found: Codes = table.take(codes, mode="clip")
    beyond = codes >= len(table)
    if beyond.any():
        found[beyond] = np.where(codes[beyond] < _TAGS, codes[beyond], _GONE)
    return found


@cache
def _folding() -> Codes:
    """What becomes of each code point below NEWEST."""
    table = np.arange(NEWEST, dtype=np.uint32)
    for code in range(0xFF01, 0xFF5F):
        if chr(code - 0xFEE0).isalnum():  # full-width ，。！？ stay: who writes ! instead of ！ writes differently
            table[code] = code - 0xFEE0
    for wide, ordinary in zip("＠％／＃［］", "@%/#[]", strict=True):
        table[ord(wide)] = ord(ordinary)
    for low, high in _INVISIBLE:
        table[low:high] = _GONE
    for low, high in _BLANKS:
        table[low:high] = _BLANK
    table[slice(*_SURROGATES)] = _REPLACEMENT
    return table


@cache
def _traditional() -> NDArray[np.bool_]:
    """Characters that only Traditional texts have: OpenCC would change them, and GB 2312 does not know them."""
    from opencc import OpenCC

    every = "".join(map(chr, range(0x3400, 0xA000)))
    changed = OpenCC("t2s").convert("\n".join(every)).split("\n")
    known = every.encode("gb2312", "replace").decode("gb2312").replace("?", " ")
    flags = np.zeros(NEWEST, dtype=np.bool_)
    for before, after, simplified in zip(every, changed, known, strict=True):
        flags[ord(before)] = before not in (after, simplified)
    return flags


@cache
def _converter() -> object:
    from opencc import OpenCC

    return OpenCC("tw2sp")  # words of Taiwan too: 滑鼠 → 鼠标


def _simplified(codes: Codes) -> str:
    """As a string, texts with Traditional characters converted; others are not looked at: 著 and 乾 are both."""
    found = np.flatnonzero(_traditional().take(codes, mode="clip"))
    joined = _decode(codes)
    if not len(found):
        return joined
    texts = joined.split(SEPARATOR)
    number = np.searchsorted(np.flatnonzero(codes == 0), found)
    for i in np.unique(number):
        texts[i] = _converter().convert(texts[i])  # type: ignore[attr-defined]
    return SEPARATOR.join(texts)


def _bounded(codes: Codes) -> Codes:
    """Runs of one character cut to LONGEST_RUN, blanks to one; separators stay, however many empty texts there are."""
    same = codes[1:] == codes[:-1]
    same &= codes[1:] != 0
    blank = same & (codes[1:] == _BLANK)
    run = same[: len(same) - LONGEST_RUN + 1].copy()
    for i in range(1, LONGEST_RUN):
        run &= same[i : len(same) - LONGEST_RUN + 1 + i]
    drop = np.zeros(len(codes), dtype=np.bool_)
    drop[1:] = blank
    drop[LONGEST_RUN:] |= run
    return codes[~drop] if drop.any() else codes
