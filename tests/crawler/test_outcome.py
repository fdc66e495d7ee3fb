"""A crawl is fine only with evidence that it is."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from crawler.outcome import MAX_DETAIL, Filling, Outcome, Result
from crawler.spec import CrawlSpec
from tests.support.crawls import make_spec
from tests.support.factories import NOW
from tingfeng.errors import CrawlError, LayoutChanged, Refused, Unreachable
from tingfeng.model import Brand, Query, RunStatus


def outcome(
    *, skipped: int = 0, found: int = 0, error: CrawlError | None = None, searches: tuple[str, ...] = ()
) -> Outcome:
    made = Outcome(found=found, error=error, open_searches=set(searches))
    made.tally["skipped/time"] = skipped
    return made


@pytest.mark.parametrize(
    ("why", "made", "finish", "errors", "status", "reason"),
    [
        ("all well", outcome(found=3), "finished", 0, RunStatus.OK, ""),
        ("nothing found is well too", outcome(), "finished", 0, RunStatus.OK, ""),
        ("refused", outcome(error=Refused("captcha")), "captcha", 0, RunStatus.REFUSED, "captcha"),
        ("unreachable", outcome(error=Unreachable("unreachable")), "x", 2, RunStatus.FAILED, "unreachable"),
        ("layout", outcome(error=LayoutChanged("layout_changed")), "x", 0, RunStatus.FAILED, "layout_changed"),
        ("stopped from outside", outcome(found=3), "shutdown", 0, RunStatus.FAILED, "stopped"),
        ("start() raised", outcome(), "start_error", 1, RunStatus.FAILED, "stopped"),
        ("an error only in the log", outcome(found=3), "finished", 1, RunStatus.FAILED, "crash"),
        ("a search never closed", outcome(searches=("云雀/云雀",)), "finished", 0, RunStatus.FAILED, "incomplete"),
        ("a few unreadable posts", outcome(found=1, skipped=5), "finished", 0, RunStatus.OK, ""),
        ("a fifth of many", outcome(found=80, skipped=20), "finished", 0, RunStatus.OK, ""),
        ("more than a fifth", outcome(found=79, skipped=21), "finished", 0, RunStatus.FAILED, "layout_changed"),
        ("nearly all", outcome(found=0, skipped=6), "finished", 0, RunStatus.FAILED, "layout_changed"),
    ],
)
def test_verdicts(why, made, finish, errors, status, reason):
    made.finish_reason = finish
    result = made.result(errors_logged=errors)
    assert (result.status, result.reason) == (status, reason), why


def test_the_first_trouble_counts():
    made = Outcome()
    made.end(Refused("captcha", "first"))
    made.end(Unreachable("unreachable", "its consequence"))
    assert made.result(errors_logged=3).reason == "captcha"


def test_the_blindest_search_speaks_for_the_run():
    made = Outcome()
    for hours in (5, None, 2, 9):
        made.done("s", NOW - timedelta(hours=hours) if hours else None)
    assert made.covered_since == NOW - timedelta(hours=2)


def test_a_result_travels_as_one_line():
    result = Result(
        status=RunStatus.REFUSED, reason="captcha", detail="验证\n码", found=3, covered_since=NOW, stats={"a/b": 1}
    )
    line = result.to_json()
    assert "\n" not in line
    assert Result.from_json(line) == result


@pytest.mark.parametrize("line", ["", "[]", "{}", "nonsense", '{"status": "odd", "covered_since": null}'])
def test_what_is_no_result_is_not_taken_for_one(line):
    with pytest.raises((ValueError, TypeError, KeyError)):
        Result.from_json(line)


def test_details_are_kept_short():
    made = outcome(error=CrawlError("crash", "\ud800\x00" + "x" * 5000))
    assert len(made.result(errors_logged=0).detail) == MAX_DETAIL
    assert made.result(errors_logged=0).detail.startswith("\ufffd\ufffdx"), "it goes into a database"


def test_a_spec_travels_as_one_line():
    spec = make_spec(
        credential="SUB=1\u2028; X=2",
        queries=(Query(brand="云雀", text="云雀\n车"),),
        brands=(
            Brand(
                name="云雀",
                aliases=("Skylark",),
                must=("车",),
                any=("a", "b"),
                none=("鸟",),
                aspects={"质量": ("异响",)},
            ),
            Brand(name="山雀"),
        ),
        robots_override_reason="因为",
    )
    line = spec.to_json()
    assert "\n" not in line
    assert CrawlSpec.from_json(line) == spec


def test_a_spec_does_not_show_its_secrets():
    spec = make_spec(credential="SUB=hush", author_secret="hush-too", database_url="postgresql://u:hush@h/d")
    assert "hush" not in repr(spec)


ONE, TWO = Query(brand="云雀", text="云雀"), Query(brand="云雀", text="售后")


def test_a_query_is_finished_when_all_of_its_searches_are():
    made = Outcome(finish_reason="finished")
    made.begin("start", None)
    made.begin("1", ONE)
    made.begin("1 more", ONE)
    made.begin("2", TWO)
    made.done("2", None)
    assert made.finished() == {}, "the query begun last may have more to come"
    made.done("start", None)
    assert made.finished() == {"云雀/售后": None}
    made.done("1", NOW)
    made.done("1 more", NOW - timedelta(hours=1))
    assert made.finished() == {"云雀/云雀": NOW, "云雀/售后": None}, "as blind as the blindest of its searches"
    made.begin("for both", None)
    assert made.finished() == {}, "a search of nobody's counts for all"
    made.done("for both", NOW)
    assert made.finished() == {"云雀/云雀": NOW, "云雀/售后": NOW}
    made.begin("long", ONE)
    made.begin("long", TWO)
    assert made.finished() == {}, "a search may serve several"


def test_a_source_read_as_a_whole_has_one_window():
    made = Outcome()
    made.begin("feed", None)
    assert made.finished() == {}
    made.done("feed", NOW)
    assert made.finished() == {"": NOW}


@pytest.mark.parametrize(
    ("why", "change", "errors", "sound"),
    [
        ("refused later", {"error": Refused("captcha")}, 0, True),
        ("another search raised under a name", {"error": LayoutChanged("layout_changed"), "named_errors": 1}, 1, True),
        ("something broke", {}, 1, False),
        ("not all reached the store", {"error": Refused("captcha"), "lost": True}, 0, False),
        ("too much was unreadable", {"tally": Counter({"skipped/time": 9})}, 0, False),
    ],
)
def test_what_finished_counts_even_if_the_run_did_not_go_well_unless_it_cannot_be_trusted(why, change, errors, sound):
    made = Outcome(finish_reason="finished", **change)
    made.begin("1", ONE)
    made.done("1", None)
    made.filled.append(Filling(gap=1, read_to=NOW, page=3))
    result = Result.from_json(made.result(errors_logged=errors).to_json())
    assert result.finished == ({"云雀/云雀": None} if sound else {}), why
    assert result.filled == ((Filling(gap=1, read_to=NOW, page=3),) if sound else ()), why
