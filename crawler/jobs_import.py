"""The import of posts that others have gathered: files in, mentions in the store, and why the rest is not among them.

An import proves nothing about what else was said: its run claims no coverage, and stands under a name of its own, so
that neither the next crawl's window nor the health of a crawled source of the same name takes it for a crawl.
"""

from __future__ import annotations

import gc
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from crawler.ears import Ears
from crawler.imports.gather import check_form, gather
from crawler.imports.gathered import Gathered, Rejected, Row, Wish
from crawler.text import cut
from store import mentions, runs
from store.database import Database
from tingfeng.errors import UnknownName
from tingfeng.model import Brand, Mention, RunStatus
from tingfeng.privacy import Pseudonyms
from tingfeng.registry import nearest

log = logging.getLogger(__name__)

BATCH = 2_000  # mentions of one transaction; each may be repeated, so a killed import is simply run again
MAX_TEXT = 10_000  # characters kept of one text, as of a crawl by default


class Left(NamedTuple):
    """A row that was left out, with its file."""

    file: Path
    row: Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """How one file was read."""

    file: Path
    how: str
    rows: int
    columns: Mapping[str, str] = field(default_factory=dict)  # field → head of its column
    ignored: tuple[str, ...] = ()  # heads of columns that are not read
    notes: Mapping[str, int] = field(default_factory=dict)
    head: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What came of it. `added + known + rejected` = `rows`, but for a dry run, which adds nothing."""

    source: str
    rows: int
    added: int
    known: int  # were in the store already, or stand twice in the files
    rejected: int
    reasons: Mapping[str, int]  # why rows were rejected, most frequent first
    files: tuple[FileReport, ...]
    left: tuple[Left, ...]
    dry_run: bool = False


@dataclass(slots=True, kw_only=True)
class Importer:
    """Turns rows into mentions for one import; knows the brands, the secret and what retention has deleted."""

    label: str
    brands: Sequence[Brand]
    brand: str | None  # of all rows
    secret: str
    now: datetime
    author_names: bool = False  # whether names of authors may be kept beside their pseudonyms
    kept_since: datetime | None = None
    left: list[Left] = field(default_factory=list)
    _ears: Ears = field(init=False)
    _names: dict[str, str] = field(init=False)  # brand by every word it goes by, case-folded
    _pseudonyms: Pseudonyms = field(init=False)

    def __post_init__(self) -> None:
        self._ears = Ears(self.brands)
        self._names = {word.casefold(): b.name for b in reversed(self.brands) for word in reversed(b.words)}
        self._pseudonyms = Pseudonyms(self.secret)

    def mentions_of(self, file: Path, gathered: Gathered) -> Iterator[Mention | None]:
        """One per item; None for what is left out, which `left` then holds."""
        for item in gathered.items:
            made = item if isinstance(item, Rejected) else self._mention(item)
            if isinstance(made, Rejected):
                self.left.append(Left(file, made))
                yield None
            else:
                yield made

    def _mention(self, row: Row) -> Mention | Rejected:
        post = row.post
        at = post.published_at
        if at is None:
            return Rejected(row.number, ("没有时间",), row.cells)
        if self.kept_since is not None and at < self.kept_since:
            return Rejected(row.number, ("早于保留期限，该时段的数据已清理",), row.cells)
        try:
            brands = self._brands(row)
        except ValueError as e:
            return Rejected(row.number, (str(e),), row.cells)
        return Mention(
            platform=post.platform,
            native_id=post.native_id,
            source=self.label,
            url=post.url,
            text=cut(post.text, MAX_TEXT),
            title=cut(post.title, MAX_TEXT),
            published_at=at,
            seen_at=self.now,
            brands=brands,
            author_key=self._pseudonyms.of(post.platform, post.author),
            followers=post.followers,
            reposts=post.reposts,
            comments=post.comments,
            likes=post.likes,
            region=post.region,
            is_repost=post.is_repost,
            kind=post.kind.value,
            parent=post.parent,
            author_name=post.author_name if self.author_names else None,
        )

    def _brands(self, row: Row) -> tuple[str, ...]:
        """Whose it is: what the operator says, else what the row says, and every brand its words name."""
        post = row.post
        heard = self._ears.brands_of(f"{post.title}\n{post.text}\n{post.context}", asked=None)
        said = self.brand
        if said is None and row.brand:
            said = self._names.get(row.brand.casefold())
            if said is None and not heard:
                near = nearest(row.brand, [word for b in self.brands for word in b.words])
                raise ValueError(f"未配置的品牌“{row.brand[:80]}”" + (f"，是不是“{near}”？" if near else ""))
        if said is not None and said not in heard:
            heard = (said, *heard)
        if not heard:
            raise ValueError("没有提到任何已配置的品牌；若整个文件都属于某品牌，请用 --brand 指定")
        return heard


def import_posts(
    db: Database,
    files: Sequence[tuple[Path, Wish]],
    *,
    source: str,
    brands: Sequence[Brand],
    brand: str | None = None,
    author_secret: str,
    author_names: bool = False,
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Import files of posts as mentions of `source`; importing them again adds nothing.

    `brand` is whose all rows are; without it their words decide. All files are opened before the first row is stored.
    `progress` hears (rows done, rows in all). ImportFileError when a file cannot be read at all, UnknownName for an
    unknown brand or form of file, StoreError when the database cannot be used; what was stored until then stays.
    """
    with _no_collecting():
        return _import(
            Importer(
                label=source, brands=brands, brand=brand, secret=author_secret, author_names=author_names, now=now
            ),
            None if dry_run else db,
            files,
            progress,
        )


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Rows hold no cycles; to look for some among a hundred thousand of them takes an eighth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _import(
    importer: Importer,
    db: Database | None,
    files: Sequence[tuple[Path, Wish]],
    progress: Callable[[int, int], None] | None,
) -> ImportReport:
    """Without a database: only judge."""
    started = time.monotonic()
    _check(files, importer.brands, importer.brand)
    opened = [(path, gather(path, wish)) for path, wish in files]
    if db is not None:
        with db.read() as s:
            importer.kept_since = mentions.kept_since(s)
    counted: Counter[str] = Counter()
    reports = []
    of = sum(found.size for _, found in opened)
    for path, found in opened:
        rows = _store(db, importer.mentions_of(path, found), counted, of, progress)
        reports.append(_report(path, found, rows))
    report = ImportReport(
        source=importer.label,
        rows=counted["rows"],
        added=counted["added"],
        known=0 if db is None else counted["good"] - counted["added"],
        rejected=len(importer.left),
        reasons=dict(Counter(reason for left in importer.left for reason in left.row.reasons).most_common()),
        files=tuple(reports),
        left=tuple(importer.left),
        dry_run=db is None,
    )
    if db is not None:
        _write_run(db, report, now=importer.now, ended=importer.now + timedelta(seconds=time.monotonic() - started))
    return report


def _check(files: Sequence[tuple[Path, Wish]], brands: Sequence[Brand], brand: str | None) -> None:
    for form in {wish.form for _, wish in files}:
        check_form(form)
    names = [b.name for b in brands]
    if brand is not None and brand not in names:
        raise UnknownName("brand", brand, names, nearest(brand, names))


def _store(
    db: Database | None,
    made: Iterator[Mention | None],
    counted: Counter[str],
    of: int,
    progress: Callable[[int, int], None] | None,
) -> int:
    """Store them batch by batch (without a database: only count); how many rows there were."""
    rows = 0
    while part := list(islice(made, BATCH)):
        batch = [mention for mention in part if mention is not None]
        if db is not None and batch:
            with db.write() as s:
                counted["added"] += mentions.add(s, batch)
        rows += len(part)
        counted.update(rows=len(part), good=len(batch))
        if progress:
            progress(counted["rows"], max(of, counted["rows"]))
    return rows


def _report(path: Path, found: Gathered, rows: int) -> FileReport:
    return FileReport(
        file=path,
        how=found.how,
        rows=rows,
        columns=dict(found.columns),
        ignored=found.ignored,
        notes=dict(found.notes),
        head=found.head,
    )


def run_name(source: str) -> str:
    """Under which name the runs of imports stand; no configured source can be called so."""
    return f"import:{source}"


def _write_run(db: Database, report: ImportReport, *, now: datetime, ended: datetime) -> None:
    with db.write() as s:
        run = runs.begin(s, run_name(report.source), window_since=now, window_until=now, now=now)
        runs.finish(
            s,
            run.id,
            status=RunStatus.OK,
            found=report.added + report.known,
            stored=report.added,
            skipped=report.rejected,
            stats={f"rejected/{reason}"[:200]: n for reason, n in islice(report.reasons.items(), 20)},
            now=ended,
        )
    log.info(
        "import done: source=%s files=%d rows=%d added=%d known=%d rejected=%d seconds=%.1f",
        *(report.source, len(report.files), report.rows, report.added, report.known, report.rejected),
        (ended - now).total_seconds(),
    )
