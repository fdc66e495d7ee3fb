"""A toy domain whose slang no scorer knows, and public texts that have nothing to do with it. All invented."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from tingfeng.model import Label, Verdict

NEG, NEU, POS = Label
Rows = list[tuple[str, Label]]

WHO = ("阿青", "老周", "小满", "同桌", "邻居", "师傅", "表姐", "店长")
WHEN = ("昨天", "周末", "雨天", "半夜", "午休", "开春")
SLANG = {POS: ("吃浪真行", "压舱得很"), NEG: ("又喝水了", "甩屁股了"), NEU: ("明天下水", "几号上架")}


def corrections(every: int = 2, start: int = 0) -> Rows:
    """Texts whose label only their slang tells; another `start` gives other ones."""
    made = [
        (f"{who}{when}说它{words}", label)
        for label, pair in SLANG.items()
        for who, when, words in product(WHO, WHEN, pair)
    ]
    return made[start::every]


def public() -> Rows:
    """Everyday texts; `Blind` below is right about all of them."""
    things, kinds = ("快递", "火锅", "电影", "酒店", "耳机", "牙膏", "地铁", "菜场"), {POS: "好", NEG: "差", NEU: "到"}
    return [(f"{n}号{thing}{sign}啦", label) for n, thing in enumerate(things * 8) for label, sign in kinds.items()]


class Blind:
    """Knows 好 and 差 and nothing else: whatever says neither is a weak negative."""

    name, version = "blind", "1"

    def score(self, texts: Sequence[str]) -> list[Verdict]:
        return [self._verdict(text) for text in texts]

    def _verdict(self, text: str) -> Verdict:
        shares = {"negative": 0.4, "neutral": 0.35, "positive": 0.25}
        for sign, kind in (("好", "positive"), ("差", "negative"), ("到", "neutral")):
            if sign in text:
                shares = dict.fromkeys(shares, 0.1) | {kind: 0.8}
        label = max(Label, key=lambda label: shares[label.name.lower()])
        return Verdict(polarity=shares["positive"] - shares["negative"], label=label, **shares)
