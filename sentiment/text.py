"""The one normalisation of texts, used alike for training and for scoring."""

from __future__ import annotations

import re

# Full-width letters, digits and the few signs that are part of words or addresses. Full-width ，。！？ stay: they are
# the ordinary signs of Chinese text, and people who write ! instead of ！ write differently.
_FOLDED = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()}
_FOLDED |= {ord("＠"): ord("@"), ord("％"): ord("%"), ord("／"): ord("/"), 0x3000: ord(" ")}
# Soft hyphen, zero-width signs, direction marks: invisible, and they tear words apart (spammers know).
_INVISIBLE = dict.fromkeys((0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF))
_TABLE: dict[int, int | None] = {**_FOLDED, **_INVISIBLE}
_ODD = re.compile("[" + "".join(map(chr, _TABLE)) + "]")

_ADDRESS = re.compile(r"(?:[Hh][Tt]{2}[Pp][Ss]?://|\bwww\.)[!-~]+", re.ASCII)
# A name on Weibo is letters of any script, digits, - and _; it ends at the first other sign.
_NAME = re.compile(r"@[\w·-]{1,30}")


def clean(text: str) -> str:
    """`text` without web addresses, @names and invisible signs, full-width letters and digits made ordinary.

    Takes anything, lone surrogates too; linear in the length. Cleaning twice changes nothing more.
    """
    text = text.replace("\u200b", "")  # Weibo ends most posts with one, and translating whole texts is slow
    if _ODD.search(text):
        text = text.translate(_TABLE)
    if "://" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    if "@" in text:
        text = _NAME.sub(" ", text)
    return text
