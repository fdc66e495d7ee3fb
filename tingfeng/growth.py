"""What people suddenly talk about: terms of a window against those before, phrases rather than their fragments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from tingfeng.measures import log_odds

EXPLAINS = 1 / 2  # a phrase in more than this part of a fragment's posts says what the fragment would say
ADDS = 1 / 3  # a phrase in less than this part of the posts of each of its words is an accident of wording
_LOOKED_AT = 200  # strongest terms that are compared with each other, or this many times the limit: cost is its square
_TIMES = 20
_OVERLAP = 2  # characters that the end of one phrase shares with the start of another


@dataclass(frozen=True, slots=True, kw_only=True)
class GrownTerm:
    """A word or phrase that stands out among the posts of a window against those before."""

    term: str
    now: int  # posts of the window that hold it
    share_now: float  # of all posts of the window, 0…1
    share_before: float  # of the posts before, 0…1
    z: float  # log-odds ratio with an informative Dirichlet prior, in standard deviations; > 0


def grown(
    now: Mapping[str, int],
    before: Mapping[str, int],
    *,
    posts_now: int,
    posts_before: int,
    least: int,
    least_z: float,
    limit: int,
    ignore: Collection[str] = (),
) -> tuple[GrownTerm, ...]:
    """At most `limit` terms that at least `least` posts hold and that grew by `least_z`, strongest first.

    `now` and `before` count the posts that hold a term; a phrase is counted beside the words it is made of. Shown is
    刹车失灵, not 刹车 and 失灵 as well, unless people say those otherwise too. Names in `ignore` are left out, and
    phrases that hold one. Empty when either side is.
    """
    names = {name.casefold() for name in ignore if name}
    strong = [
        (z, term)
        for term, z in log_odds(now, before).items()
        if z >= least_z and now[term] >= least and not _named(term.casefold(), names)
    ]
    strong.sort(key=lambda item: (-item[0], -len(item[1]), item[1]))
    looked = [term for _, term in strong[: max(_LOOKED_AT, _TIMES * limit)]]
    kept = set(_telling(looked, now))
    return tuple(
        GrownTerm(
            term=term,
            now=now[term],
            share_now=min(1.0, now[term] / max(1, posts_now)),
            share_before=min(1.0, before.get(term, 0) / max(1, posts_before)),
            z=z,
        )
        for z, term in strong
        if term in kept
    )[:limit]


def _named(term: str, names: Iterable[str]) -> bool:
    """Whether a term is a name, or a phrase with a name of two characters or more in it."""
    return any(term == name or (len(name) > 1 and name in term) for name in names)


def _telling(terms: list[str], now: Mapping[str, int]) -> list[str]:
    """`terms`, strongest first, without fragments that a phrase explains and phrases that add nothing."""
    fragments = {term: [part for part in terms if len(part) < len(term) and part in term] for term in terms}
    phrases: list[str] = []
    for term, parts in fragments.items():
        adds = any(now[term] > ADDS * now[part] for part in parts)
        if adds and not any(_chained(term, phrase, now) for phrase in phrases):
            phrases.append(term)
    explained = {part for phrase in phrases for part in fragments[phrase] if now[phrase] > EXPLAINS * now[part]}
    return [term for term, parts in fragments.items() if term not in explained and (not parts or term in phrases)]


def _chained(one: str, other: str, now: Mapping[str, int]) -> bool:
    """Whether one ends as the other begins, in mostly the same posts: two cuts of one sentence, the stronger says it.

    刹车失灵 and 失灵召回 share 失灵; if 失灵 stands in hardly more posts than each of them, both stand in those.
    """
    fewer = min(now[one], now[other])
    for n in range(_OVERLAP, min(len(one), len(other))):
        for joint in {one[:n], other[:n]}:
            if (one.endswith(joint) and other.startswith(joint)) or (other.endswith(joint) and one.startswith(joint)):
                return now[one] + now[other] - now.get(joint, 0) > EXPLAINS * fewer
    return False
