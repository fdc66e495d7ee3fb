"""What every registered spider must make of its platform's answers, good and bad, over real HTTP.

All cases of all spiders run in one process. A spider without a kit in tests/support/kits.py fails the suite.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawler.outcome import Result
from crawler.spec import CrawlSpec
from crawler.spiders import SPIDERS
from store import mentions
from store.database import Database
from tests.support.crawls import begin_all, crawl_all, make_spec
from tests.support.kits import KITS, Kit, posted, words
from tests.support.web import NOT_FOUND, Asked, Reply, serve
from tingfeng.model import Mention, Query, RunStatus

REFUSED, FAILED = RunStatus.REFUSED, RunStatus.FAILED
N = 5  # posts on a page
MEGABYTE = b" " * 1_000_000
MOST_MEMORY = 150  # megabytes
TWO = (Query(brand="云雀", text="云雀"), Query(brand="云雀", text="Skylark"))


def drops() -> Iterator[bytes]:
    """A byte now and then: never silent, never done."""
    for _ in range(20):
        yield b" "
        time.sleep(0.2)


def moved(to: str) -> Callable[[Kit, str], Reply]:
    return lambda kit, site: Reply(b"", 302, headers={"Location": to.format(site=site)})


def huge(kit: Kit, site: str) -> Reply:
    return Reply(type=kit.type, pieces=lambda: (MEGABYTE for _ in range(50)))


def slow(kit: Kit, site: str) -> Reply:
    return Reply(type=kit.type, pieces=drops)


def too_fast(kit: Kit, site: str) -> Reply:
    return Reply(b"", 429, headers={"Retry-After": "120"})


def another(kit: Kit, site: str) -> Reply:
    return Reply("<!DOCTYPE html><html>好</html>", type="text/html")


def cut(kit: Kit, site: str) -> Reply:
    page = kit.page(N)
    return Reply(page[: len(page) * 2 // 3], type=kit.type)


@dataclass(frozen=True)
class Case:
    """What the platform answers to whoever asks for data, and the names any of which is right for it."""

    answer: Callable[[Kit, str], Reply]
    status: RunStatus
    reasons: tuple[str, ...]
    options: tuple[tuple[str, Any], ...] = ()


BAD = {
    "cut short": Case(cut, FAILED, ("layout_changed",)),
    "empty body": Case(lambda kit, site: Reply(b"", type=kit.type), FAILED, ("layout_changed",)),
    "50 MB": Case(huge, FAILED, ("too_large",)),
    "drop by drop": Case(slow, FAILED, ("unreachable",), (("timeout", 0.6),)),
    "redirects without end": Case(moved("{site}/round/and/round"), REFUSED, ("redirected",)),
    "sent to log in": Case(moved("{site}/passport/login?from=x"), REFUSED, ("login_required", "cookie_expired")),
    "sent to a captcha": Case(moved("{site}/antispider/?from=x"), REFUSED, ("captcha",)),
    "sent inside": Case(moved("http://10.0.0.1/x"), REFUSED, ("private_address", "redirected")),
    "too many requests": Case(too_fast, REFUSED, ("too_many_requests",)),
    "another page": Case(another, FAILED, ("layout_changed",)),
}
GOOD = {f"in {encoding}": encoding for encoding in ("utf-8", "gbk")}


def hostile(kind: str) -> list[str]:
    return list(KITS[kind].hostile)


def known() -> list[str]:
    return sorted(KITS.keys() & SPIDERS.keys())


def page_in(kit: Kit, encoding: str) -> Reply:
    return Reply(kit.page(N).decode().encode(encoding), type=f"{kit.type}; charset={encoding}")


def answer_of(kit: Kit, case: str, site: str) -> Reply:
    if case in GOOD:
        return page_in(kit, GOOD[case])
    return BAD[case].answer(kit, site) if case in BAD else Reply(kit.hostile[case], type=kit.type)


def spec_of(kind: str, case: str, url: str, path: Path, **more: Any) -> CrawlSpec:
    told = dict(KITS[kind].spec)
    options = {**told.pop("options", {}), **dict(BAD[case].options if case in BAD else ())}
    where = {"source": f"{kind}: {case}", "base_url": url, "database_url": f"sqlite:///{path}"}
    return make_spec(kind, **where, options=options, **told, **more)


def stored_in(path: Path) -> list[Mention]:
    db = Database(f"sqlite:///{path}")
    with db.read() as s:
        found = [m.mention for m in mentions.by_ids(s, range(1, mentions.count(s) + 1))]
    db.close()
    return found


def cases() -> list[tuple[str, str]]:
    """(spider, case), numbered by their place: the number is the folder of the site."""
    return [
        (kind, case)
        for kind in known()
        for case in [*(c for c, e in GOOD.items() if e in KITS[kind].encodings), *BAD, *hostile(kind)]
    ]


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory, sqlite_migrated: Path
) -> dict[tuple[str, str], tuple[Result, list[Mention]]]:
    folder = tmp_path_factory.mktemp("conformance")

    def answer(asked: Asked) -> Reply:
        number, _, rest = asked.path[1:].partition("/")
        if not number.isdigit() or rest == "robots.txt":
            return NOT_FOUND
        kind, case = cases()[int(number)]
        if f"/{rest}" in KITS[kind].others:
            return Reply(KITS[kind].others[f"/{rest}"], type=KITS[kind].type)
        return answer_of(KITS[kind], case, f"{site.url}/{number}")

    with serve(answer) as site:
        specs = []
        for number, (kind, case) in enumerate(cases()):
            path = folder / ("none.db" if case not in GOOD else f"{number}.db")
            path.write_bytes(sqlite_migrated.read_bytes())
            specs.append(spec_of(kind, case, f"{site.url}/{number}", path))
        results = crawl_all(specs, timeout=180)
    found = zip(cases(), specs, results, strict=True)
    return {key: (result, stored_in(Path(urlsplit(spec.database_url).path[1:]))) for key, spec, result in found}


def golden(kind: str) -> dict[str, tuple[Any, str]]:
    name = KITS[kind].native_id
    return {name(i): (posted(i), words(i)) for i in range(N)} if name else {}


def test_every_registered_spider_has_a_kit():
    assert KITS.keys() == SPIDERS.keys(), "tests/support/kits.py: one Kit per registered spider"


@pytest.mark.parametrize(("kind", "case"), [pair for pair in cases() if pair[1] in GOOD])
def test_a_page_becomes_its_mentions(ran, kind, case):
    result, stored = ran[kind, case]
    assert result.status is RunStatus.OK, result
    assert {m.native_id: (m.published_at, m.text) for m in stored} == golden(kind)
    assert all(m.published_at.utcoffset() is not None and not m.published_at.utcoffset() for m in stored), "UTC"
    assert all(m.brands == ("云雀",) and m.source == f"{kind}: {case}" for m in stored)


@pytest.mark.parametrize(("kind", "case"), [pair for pair in cases() if pair[1] in BAD])
def test_what_is_no_answer_has_its_name(ran, kind, case):
    result, _ = ran[kind, case]
    assert (result.status, result.found) == (BAD[case].status, 0), result
    assert result.reason in BAD[case].reasons, result


@pytest.mark.parametrize("kind", known())
def test_when_to_come_back_is_told(ran, kind):
    assert "Retry-After 120" in ran[kind, "too many requests"][0].detail


@pytest.mark.parametrize(("kind", "why"), [(kind, why) for kind in known() for why in hostile(kind)])
def test_hostile_bodies_are_not_read(ran, kind, why):
    result, _ = ran[kind, why]
    assert (result.status, result.reason, result.found) == (FAILED, "layout_changed", 0), result


def test_none_of_it_needs_much_memory(ran):
    """All of the above in one process, the 50 MB of each spider included; what this process holds is not counted."""
    assert max(result.stats["peak_mb"] for result, _ in ran.values()) < MOST_MEMORY


def test_a_childs_memory_is_its_own():
    """Over exec Linux keeps what getrusage tells: a child would begin with the megabytes of whoever made it."""
    held = b"x" * 150_000_000
    told = subprocess.run(
        [sys.executable, "-c", "from crawler.child import peak_mb; print(peak_mb())"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert 5 < int(told.stdout) < len(held) // 1_000_000


def test_killed_in_the_middle_nothing_is_lost_or_doubled(tmp_path, sqlite_migrated):
    """SIGKILL when each spider has its first page and waits for what comes next; then all of them again."""
    kinds, patient = known(), False
    answered: set[str] = set()
    waiting: set[str] = set()

    def answer(asked: Asked) -> Reply:
        kind, _, rest = asked.path[1:].partition("/")
        if kind not in KITS or rest == "robots.txt":
            return NOT_FOUND
        kit = KITS[kind]
        if kind in answered and not patient:
            waiting.add(kind)
            return Reply(b"", delay=1)
        other = kit.others.get(f"/{rest}")
        if other is None:
            answered.add(kind)
        return Reply(kit.page(N) if other is None else other, type=kit.type)

    with serve(answer) as site:
        specs = []
        for kind in kinds:
            path = tmp_path / f"{kind}.db"
            path.write_bytes(sqlite_migrated.read_bytes())
            specs.append(replace(spec_of(kind, "killed", f"{site.url}/{kind}", path), queries=TWO))
        with begin_all(specs) as process:
            wait_for(lambda: answered.issuperset(kinds))
            wait_for(lambda: waiting.issuperset(kinds), most=2)  # a spider of one page only is through by then
            process.kill()
        patient = True
        results = crawl_all(specs)
    for kind, result in zip(kinds, results, strict=True):
        assert result.status is RunStatus.OK, (kind, result)
        stored = stored_in(tmp_path / f"{kind}.db")
        assert {m.native_id: (m.published_at, m.text) for m in stored} == golden(kind)
        assert len(stored) == len(golden(kind)), "no double"


def wait_for(true: Callable[[], bool], *, most: float = 20) -> None:
    until = time.monotonic() + most
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
