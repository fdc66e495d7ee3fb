"""What the heads of the first level are asked: for or against, neutral or not, which kind of text.

One question for all texts and one for each group where people speak alike; each in several ways of fitting, because
the second level makes more of different answers than of the best one.
"""

from __future__ import annotations

import numpy as np

from sentiment.train_heads import TAUGHT, Corpus, Flags, Head, Kind

FITTED: tuple[Kind, ...] = ("nb", "idf")


class _Texts:
    """Which texts are which, as flags."""

    def __init__(self, corpus: Corpus) -> None:
        self.label, self._family, self._category = corpus.label, corpus.family, corpus.category
        self.every = np.ones(len(corpus.label), dtype=np.bool_)
        self.polar: Flags = corpus.label != 0
        self.good: Flags = corpus.label > 0
        self.neutral: Flags = corpus.label == 0
        self.smp = self.of("smp_usual", "smp_virus", TAUGHT)
        self.emotion: Flags = self.smp | self.of("clue")
        self.social: Flags = self.emotion | self.of("weibo2018")
        self.hotel = self.of("htl", "酒店")

    def of(self, *names: str) -> Flags:
        """Of these families or categories."""
        flags: Flags = np.isin(self._family, names) | np.isin(self._category, names)
        return flags

    def groups(self) -> dict[str, Flags]:
        return {
            "all": self.every,
            "reviews": self.of("waimai", "htl", "shop"),
            "social": self.social,
            "waimai": self.of("waimai"),
            "hotel": self.hotel,
            "weibo2018": self.of("weibo2018"),
            "emotion": self.emotion,
            "virus": self.of("smp_virus"),
            "clue": self.of("clue"),
            "devices": self.of("平板", "计算机", "手机", "热水器"),
            "food": self.of("水果", "蒙牛", "waimai"),
            "care": self.of("衣服", "洗发水"),
        }


def questions(corpus: Corpus) -> list[Head]:
    """All heads, in the order of the table's columns. Those named kind:… tell kinds of text apart."""
    texts = _Texts(corpus)
    return [head for head in (*_leaning(texts), *_neutral(texts), *_emotions(texts), *_kinds(texts)) if _tells(head)]


def _tells(head: Head) -> bool:
    """Whether there is anything to tell apart: a small corpus of one's own may lack a whole group."""
    return head.kind == "lexicon" or bool((head.rows & head.target).any() and (head.rows & ~head.target).any())


def _leaning(texts: _Texts) -> list[Head]:
    groups = texts.groups()

    def head(name: str, group: str, kind: Kind = "nb", c: float = 3) -> Head:
        return Head(name=name, rows=groups[group] & texts.polar, target=texts.good, kind=kind, c=c)

    found = [head(f"lean:{name}", name, c=6 if name == "weibo2018" else 3) for name in groups]
    found += [head(f"lean:{name}:{c}", name, c=c) for name, c in (("all", 1), ("social", 10), ("weibo2018", 20))]
    for name in ("all", "reviews", "social", "weibo2018", "emotion", "waimai", "clue"):
        found.append(head(f"lean-idf:{name}", name, "idf"))
    for name in ("all", "reviews", "social", "weibo2018", "clue"):
        found.append(head(f"lean-bayes:{name}", name, "bayes"))
    return [*found, head("lexicon:lean", "all", "lexicon")]


def _neutral(texts: _Texts) -> list[Head]:
    """Asked where somebody looked for neutral texts: elsewhere "not neutral" means nothing."""
    label, smp, neutral = texts.label, texts.smp, texts.neutral
    classes = {"neutral": neutral, "negative": label < 0, "positive": label > 0}
    places = {"smp": smp, "virus": texts.of("smp_virus")}
    found = [
        Head(name=f"is-{kind}:{name}:{where}", rows=rows, target=target, kind=kind)
        for kind in FITTED
        for where, rows in places.items()
        for name, target in classes.items()
    ]
    found += [
        Head(name=f"{name}-or-neutral-{kind}", rows=smp & (label * side >= 0), target=label != 0, kind=kind)
        for kind in FITTED
        for name, side in (("positive", 1), ("negative", -1))
    ]
    found += [Head(name=f"is:neutral:{c}", rows=smp, target=neutral, c=c) for c in (1, 8)]
    return [
        *found,
        Head(name="is-idf:neutral:1", rows=smp, target=neutral, kind="idf", c=1),
        Head(name="is-bayes:neutral", rows=smp, target=neutral, kind="bayes"),
        Head(name="is:neutral:usual", rows=texts.of("smp_usual"), target=neutral),
        Head(name="lexicon:neutral", rows=texts.every, target=neutral, kind="lexicon"),
    ]


def _emotions(texts: _Texts) -> list[Head]:
    negative = texts.emotion & (texts.label < 0)
    return [
        Head(name="joy", rows=texts.emotion & texts.polar, target=texts.of("happy", "happiness", "like"), c=1),
        Head(name="anger", rows=negative, target=texts.of("angry", "anger", "disgust")),
        Head(name="sadness", rows=negative, target=texts.of("sad", "sadness")),
        Head(name="fear", rows=negative, target=texts.of("fear")),
    ]


def _kinds(texts: _Texts) -> list[Head]:
    asked = {"social": texts.social, "waimai": texts.of("waimai"), "hotel": texts.hotel}
    found = [Head(name=f"kind:{name}", rows=texts.every, target=target) for name, target in asked.items()]
    for name in ("weibo2018", "smp_virus", "smp_usual", "clue"):
        found.append(Head(name=f"kind:{name}", rows=texts.social, target=texts.of(name)))
    return found
