"""What a person at the desk asks and does about whose a mention is: mark, take back, look, learn, judge again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sentiment.label_files import mention_number, read_rows
from sentiment.relevance import Judge
from sentiment.relevance_filter import install
from sentiment.relevance_learn import FilterReport, Kept, kept, learn
from sentiment.relevance_review import Candidate, worth_marking
from store import relevance
from store.database import Database
from store.scores import Pending
from tingfeng.errors import StoreError
from tingfeng.model import Brand, text_key
from tingfeng.relevance import RelevanceMark

CANDIDATES = 5_000  # newest mentions among which those worth marking are looked for
BATCH = 2_000  # mentions per transaction
_US = {"us": True, "1": True, "true": True, "yes": True, "+": True, "相关": True, "是": True}
_NOT_US = {"not us": False, "not_us": False, "not-us": False, "0": False, "false": False, "no": False}
_SAID = {**_US, **_NOT_US, "-": False, "无关": False, "不相关": False, "否": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedMark:
    """A mark for a stored mention, or for a text; `at` says where it was asked for."""

    relevant: bool
    mention_id: int | None = None
    text: str = ""
    note: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A mark, and whether it is in force for its text or another one has taken its place."""

    mark: RelevanceMark
    state: str  # "in force", "superseded" or "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How right it is to keep what is kept, by marks in force.

    `learnt`: of the filter, on marks it had not seen when it was learnt; `since`: of the filter, on marks made later.
    """

    brand: str
    marks: int
    plain: Kept
    rules: Kept
    filter: str | None = None
    learnt: Mapping[str, Any] | None = None  # as Kept
    since: Kept | None = None


def read_marks(path: Path) -> list[WantedMark]:
    """Rows of {"id" or "text", "mark"} and, if wanted, "note". ScoringError with a line per mistake."""
    return read_rows(path, _wanted)


def _wanted(row: Mapping[str, Any], at: str) -> WantedMark:
    said = str(row.get("mark", "")).strip().casefold()
    if said not in _SAID:
        raise ValueError(f"expected \"mark\" to be 'us' or 'not us' (相关, 无关), got '{said}'")
    note, text = str(row.get("note") or ""), row.get("text")
    if row.get("id") not in (None, ""):
        return WantedMark(relevant=_SAID[said], mention_id=mention_number(row), note=note, at=at)
    if not isinstance(text, str) or not text.strip():
        raise ValueError('expected "id", or "text" with something in it')
    return WantedMark(relevant=_SAID[said], text=text, note=note, at=at)


def mark(db: Database, wanted: Sequence[WantedMark], *, brand: str, author: str, now: datetime) -> list[RelevanceMark]:
    """Store all marks or none. StoreError with a line per mark that cannot be given."""
    made: list[RelevanceMark] = []
    problems: list[str] = []
    with db.write() as s:
        for one in wanted:
            told: dict[str, Any] = {"author": author, "note": one.note, "now": now}
            try:
                if one.mention_id is None:
                    made.append(relevance.mark_text(s, one.text, brand, one.relevant, **told))
                else:
                    made.append(relevance.mark(s, one.mention_id, brand, one.relevant, **told))
            except StoreError as e:
                problems.append(f"{one.at}: {e}" if one.at else str(e))
        if problems:
            raise StoreError("\n".join(problems))
    return made


def unmark(db: Database, mark_id: int, *, now: datetime) -> bool:
    """False when it was taken back before. StoreError when there is none of that id."""
    with db.write() as s:
        return relevance.unmark(s, mark_id, now=now)


def find_marks(db: Database, brand: str | None = None) -> list[Marked]:
    """Every mark, newest first."""
    with db.read() as s:
        ruling = {m.id for m in relevance.current(s, brand=brand).values()}
        found = relevance.listing(s, brand)
    return [
        Marked(mark=m, state="revoked" if m.revoked_at else "in force" if m.id in ruling else "superseded")
        for m in found
    ]


def find_worth_marking(
    db: Database, judge: Judge, brand: str, since: datetime, until: datetime, *, limit: int
) -> list[Candidate]:
    """What a person should mark next: judged by what is in force now, the least sure first, no two alike."""
    with db.read() as s:
        found = relevance.judged(s, brand, since, until, limit=CANDIDATES)
    batch = [
        Pending(mention_id=j.mention_id, brand=brand, text_key=j.text_key, text=j.text, source="", published_at=until)
        for j in found
    ]
    said = judge.judge(batch)
    rows = [(j.mention_id, j.text, said[j.mention_id, brand]) for j in found if (j.mention_id, brand) in said]
    return worth_marking(rows, limit=limit)


def marks_in_force(db: Database, brand: str) -> list[RelevanceMark]:
    """In the order they were made."""
    with db.read() as s:
        return sorted(relevance.current(s, brand=brand).values(), key=lambda m: m.id)


def learn_filter(db: Database, judge: Judge, brand: str, folder: Path | None, *, now: datetime) -> FilterReport:
    """Learn from the marks in force, and install in `folder` what was learnt (None: only try)."""
    marks = [(m.text, m.relevant) for m in marks_in_force(db, brand)]
    report, learnt = learn(judge.naming, judge.tokenizer, brand, marks, now=now)  # no transaction is open
    if learnt is not None and folder is not None:
        install(folder, learnt)
    return report


def quality(db: Database, judge: Judge, brands: Sequence[Brand]) -> list[Quality]:
    """Of every brand, in order."""
    return [_quality(judge, brand.name, marks_in_force(db, brand.name)) for brand in brands]


def _quality(judge: Judge, brand: str, marks: Sequence[RelevanceMark]) -> Quality:
    ours = [m.relevant for m in marks]
    rulings = [judge.naming.rule(judge.naming.look(m.text), brand) for m in marks]
    found = Quality(
        brand=brand,
        marks=len(marks),
        plain=kept([bool(r.names) or r.relevant for r in rulings], ours),
        rules=kept([r.relevant for r in rulings], ours),
    )
    learnt = judge.filter(brand)
    if learnt is None:
        return found
    later = [m for m in marks if m.at.isoformat() > str(learnt.about.get("created_at", ""))]
    said = judge.judge(_pending(m) for m in later)
    since = kept([said[m.id, brand].relevant for m in later], [m.relevant for m in later]) if later else None
    return Quality(
        brand=brand,
        marks=found.marks,
        plain=found.plain,
        rules=found.rules,
        filter=learnt.digest,
        learnt=learnt.about.get("learnt"),
        since=since,
    )


def _pending(m: RelevanceMark) -> Pending:
    return Pending(mention_id=m.id, brand=m.brand, text_key=text_key(m.text), text=m.text, source="", published_at=m.at)


def rejudge(db: Database, judge: Judge, brand: str, since: datetime, until: datetime) -> int:
    """Let the scoring job judge the brand's mentions of the period again, by what is in force now; how many wait."""
    done = 0
    version, rules = judge.version(brand), judge.naming.version(brand)
    while True:
        with db.write() as s:
            n = relevance.let_wait(s, brand, since, until, version=version, rules=rules, limit=BATCH)
        done += n
        if n < BATCH:
            return done
