"""What a person at the desk asks and does about sentiment: label, take back, look, learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.label_files import Wanted
from store import corrections, review
from store.database import Database
from store.review import Doubt
from tingfeng.errors import ScoringError, StoreError
from tingfeng.model import Correction, Label

if TYPE_CHECKING:
    from sentiment.learn import LearnReport, Rows
    from sentiment.scorer import Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A correction, and whether it is in force for the text or another one has taken its place."""

    correction: Correction
    state: str  # "in force", "superseded" or "revoked"


def correct(db: Database, wanted: Sequence[Wanted], *, author: str, now: datetime) -> list[Correction]:
    """Store all labels or none. StoreError with a line per label that cannot be given."""
    made: list[Correction] = []
    problems: list[str] = []
    with db.write() as s:
        for one in wanted:
            try:
                made.append(
                    corrections.add(
                        s, one.mention_id, one.label, brand=one.brand, author=author, note=one.note, now=now
                    )
                )
            except StoreError as e:
                problems.append(f"{one.at}: {e}" if one.at else str(e))
        if problems:
            raise StoreError("\n".join(problems))
    return made


def uncorrect(db: Database, correction_id: int, *, now: datetime) -> bool:
    """False when it was taken back before. StoreError when there is none of that id."""
    with db.write() as s:
        return corrections.revoke(s, correction_id, now=now)


def find_corrections(db: Database) -> list[Labelled]:
    """Every label, newest first."""
    with db.read() as s:
        ruling = {c.id for found in corrections.current(s).values() for c in found}
        return [Labelled(correction=c, state=_state(c, ruling)) for c in corrections.listing(s)]


def _state(c: Correction, ruling: set[int]) -> str:
    return "revoked" if c.revoked_at else "in force" if c.id in ruling else "superseded"


def find_doubts(db: Database, brands: Sequence[str], since: datetime, until: datetime, *, limit: int) -> list[Doubt]:
    """What a person should label next."""
    with db.read() as s:
        return review.doubts(s, brands, since, until, limit=limit)


def training_rows(db: Database, extra: Sequence[tuple[str, Label]] = ()) -> list[tuple[str, Label]]:
    """Labels in force by text, and those of `extra` texts; the store's wins where both know a text."""
    with db.read() as s:
        stored = corrections.training_rows(s)
    return list({**dict(extra), **dict(stored)}.items())


def learn_layer(base: Scorer, rows: Rows, public: Rows, folder: Path | None, *, now: datetime) -> LearnReport:
    """Learn, and install in `folder` what was learnt (None: only try). The report says whether it was refused."""
    from sentiment.layers import install
    from sentiment.learn import learn

    report, layer = learn(base, rows, public, now=now)
    if layer is not None and folder is not None:
        install(folder, layer)
    if layer is None and report.refused is None:
        raise ScoringError("nothing was learnt")  # cannot happen; never to be taken for a success
    return report
