"""What a post says about which aspect of a brand: the taste is praised, the delivery damned.

A taxonomy (data/aspects.toml, and what a brand adds) names aspects by words. The clause a word stands in is scored by
whatever scorer there is, all clauses of a batch at once; texts without a word cost next to nothing. A clause is judged
by

1. words that are a complaint or praise by themselves (漏发, 物超所值), turned round where negated (没有漏发);
2. else the scorer's verdict of the clause, with what it borrows where it is a bare noun (see `sentiment.clauses`);
3. else, where even then too little is said, the verdict of the whole post.

Several clauses on one aspect: the last one that is not neutral counts, because people tell things in the order in which
they happened (刚开始可以，用了三天就坏了), and conclude last.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple, Self

from sentiment.clauses import pieces
from sentiment.text import cleaned
from sentiment.triggers import Hit, Triggers, Word, folded
from tingfeng.errors import ScoringError
from tingfeng.model import Label, Verdict

Score = Callable[[Sequence[str]], Sequence[Verdict]]

_LEANING = 0.6  # polarity of a word that is a complaint or praise by itself, at least
_CONTRARY = 0.8  # a verdict this sure overrules such a word
_OPINION = 0.25  # a clause of one aspect seldom has none: polarity from which "neutral" is taken for the nearer label
_LONGEST = 20
_SHORT = 5  # characters of a clause whose verdict, when neutral, is no evidence: the post's counts


@dataclass(frozen=True, slots=True, kw_only=True)
class AspectVerdict:
    """What a text says about one aspect. `clause` is where, as it was read; `trigger` the word that named it."""

    aspect: str
    label: Label
    polarity: float
    clause: str
    trigger: str


class Aspect(NamedTuple):
    """One aspect of the shipped taxonomy."""

    name: str
    also: Sequence[str]  # other names for it
    about: str
    words: Mapping[str, Word]
    others: Sequence[str]  # contain a word and mean something else


class _Part(NamedTuple):
    """A clause on an aspect, waiting for its verdict."""

    aspect: str
    lean: int
    clause: str
    trigger: str
    bare: bool


class Taxonomy:
    """Aspects and the words that name them."""

    def __init__(self, words: Mapping[str, Word]) -> None:
        self._triggers = Triggers(words)
        self.names = tuple(dict.fromkeys(word.aspect for word in words.values() if word.aspect))

    @classmethod
    def load(cls, extra: Mapping[str, Sequence[str]] | None = None, *, names: Iterable[str] = ()) -> Self:
        """The shipped taxonomy; `extra` gives more words to an aspect, or adds one. A word it names is no other's.

        Nothing inside `names` (of brands) names an aspect. ScoringError, with the aspect and the nearest one known.
        """
        words: dict[str, Word] = {}
        for aspect in shipped():
            words |= dict.fromkeys(aspect.others, Word(None, 0))
        for aspect in shipped():
            words |= aspect.words
        for name, more in (extra or {}).items():
            if told := problem_of(name) or (None if any(more) else "has no words"):
                raise ScoringError(f"aspect '{name}' {told}")
            words |= dict.fromkeys(filter(None, cleaned(list(more))), Word(name, 0))
        return cls(words | dict.fromkeys(filter(None, cleaned(list(names))), Word(None, 0)))

    def tag(self, texts: Sequence[str], score: Score) -> list[tuple[AspectVerdict, ...]]:
        """Per text what it says about which aspect, in the order of the text. Takes any text; linear in its length.

        `score` is any scorer's; it is called once, and not at all when no text names an aspect.
        """
        read = cleaned(texts)
        plain = [folded(text) for text in read]
        parts = {
            place: [
                _Part(aspect, lean, read[place][piece.start : piece.end].strip(), trigger, piece.bare)
                for piece in pieces(plain[place], hits)
                for aspect, lean, trigger in _named(read[place], piece.hits)
            ]
            for place, hits in self._triggers.find(plain).items()
        }
        verdicts = _scored(parts, read, score)
        judged = {i: tuple(_judged(own, verdicts, read[i])) for i, own in parts.items()}
        return [judged.get(i, ()) for i in range(len(texts))]


def _named(text: str, hits: Sequence[Hit]) -> Iterator[tuple[str, int, str]]:
    """The aspects of a clause, each once: what its words lean to (complaints before praise), the word that named it."""
    naming = [hit for hit in hits if not hit.loose] or hits
    lent = min((hit.lean for hit in hits if hit.loose and hit.lean), default=0)
    for name in dict.fromkeys(hit.aspect for hit in naming):
        own = [hit for hit in hits if hit.aspect == name]
        lean = min((hit.lean for hit in own if hit.lean), default=0)
        told = next(hit for hit in own if hit.lean == lean)
        yield name, lean or lent, text[told.start : told.end]


def _scored(parts: Mapping[int, Sequence[_Part]], texts: Sequence[str], score: Score) -> Mapping[str, Verdict]:
    """Verdicts of all clauses, and of the posts that may have to speak for one, each distinct text once."""
    needed = {part.clause for own in parts.values() for part in own if not part.bare}
    needed |= {texts[i] for i, own in parts.items() if any(_doubtful(part) for part in own)}
    ordered = sorted(needed)
    return dict(zip(ordered, score(ordered) if ordered else (), strict=True))


def _doubtful(part: _Part) -> bool:
    return not part.lean and (part.bare or len(part.clause) < _SHORT)


def _judged(parts: Iterable[_Part], verdicts: Mapping[str, Verdict], text: str) -> Iterator[AspectVerdict]:
    """One verdict per aspect: the last that is not neutral, else the first."""
    said: dict[str, AspectVerdict] = {}
    for part in parts:
        one = _verdict(part, verdicts, text)
        if one and (part.aspect not in said or one.label is not Label.NEUTRAL):
            said[part.aspect] = one
    yield from said.values()


def _verdict(part: _Part, verdicts: Mapping[str, Verdict], text: str) -> AspectVerdict | None:
    """None when the whole post is no more than the word."""
    found = verdicts.get(part.clause)
    if _doubtful(part) and (found is None or found.label is Label.NEUTRAL):
        found = verdicts[text]
        if part.bare and part.clause == text.strip():
            return None
    polarity = found.polarity if found else 0.0
    label = found.label if found else Label.NEUTRAL
    if label is Label.NEUTRAL and abs(polarity) >= _OPINION:
        label = Label.POSITIVE if polarity > 0 else Label.NEGATIVE
    if part.lean and polarity * part.lean > -_CONTRARY:
        label, polarity = Label(part.lean), part.lean * max(polarity * part.lean, _LEANING)
    return AspectVerdict(aspect=part.aspect, label=label, polarity=polarity, clause=part.clause, trigger=part.trigger)


def render_stored(verdicts: Iterable[AspectVerdict]) -> str:
    """As the store keeps them: "质量:-1\\t物流:1", an aspect once."""
    return "\t".join(f"{one.aspect}:{int(one.label)}" for one in {v.aspect: v for v in verdicts}.values())


def problem_of(name: str) -> str | None:
    """What is wrong with the name of an aspect; None when it is known, or may be added."""
    if not name.isalnum() or len(name) > _LONGEST:
        return f"is not a name: letters and digits, at most {_LONGEST}"
    known = [aspect.name for aspect in shipped()]
    meant = next((aspect.name for aspect in shipped() if name.lower() in aspect.also), None)
    return f"is known by another name; did you mean '{meant}'?" if meant and name not in known else None


@cache
def shipped() -> tuple[Aspect, ...]:
    """The taxonomy of data/aspects.toml; read once per process."""
    text = resources.files("sentiment").joinpath("data/aspects.toml").read_text("utf-8")
    return tuple(_aspect(table) for table in tomllib.loads(text)["aspects"])


def _aspect(table: Mapping[str, str]) -> Aspect:
    name, loose = table["name"], set(table.get("loose", "").split())
    leans = {"words": 0, "bad": -1, "good": 1}
    words = {word: Word(name, lean, word in loose) for key, lean in leans.items() for word in table[key].split()}
    return Aspect(name, tuple(table["also"].split()), table["about"], words, tuple(table["except"].split()))
