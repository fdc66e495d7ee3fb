"""What every registered detector must keep to, then what the seasonal one promises beyond that."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.detectors import DETECTORS, load_detector
from alerts.detectors.seasonal import SeasonalDetector
from bench.brands import CALM, PER_DAY, RESTLESS, START, brand, seen, storm
from tingfeng.clock import BUCKET
from tingfeng.config import AlertRule
from tingfeng.errors import ConfigError, UnknownName
from tingfeng.model import Series

DAYS = 28
END = DAYS * PER_DAY  # bucket index of "now" in the histories below
NOW = START + END * BUCKET
MEDIUM = 100  # negative posts a day


@pytest.fixture(scope="module")
def quiet():
    """28 unremarkable days and one more."""
    return tuple(brand(random.Random("quiet"), MEDIUM, DAYS + 1, RESTLESS))


def series(counts, *, source="weibo", start=START) -> Series:
    return Series(brand="云雀", source=source, start=start, negative=tuple(counts), total=tuple(counts))


def loud(counts, n: int, *, at: int = END, buckets: int = 12) -> list:
    """`n` negative posts more, evenly over the last `buckets` before `at`; everything after it is cut off."""
    out = list(counts[:at])
    for i in range(n):
        out[at - 1 - i % buckets] += 1
    return out


def hidden(counts, begin: int, end: int) -> list:
    return [None if begin <= i < end else n for i, n in enumerate(counts)]


@pytest.fixture(params=sorted(DETECTORS), scope="module")
def detector(request):
    return load_detector(AlertRule(detector=request.param))


class TestEveryDetector:
    def test_notices_a_plain_storm_and_says_what_it_saw(self, detector, quiet):
        spike = detector.judge([series(loud(quiet, 90))], now=NOW)
        assert spike.brand == "云雀" and spike.detector == detector.name and spike.baseline
        assert spike.observed >= 8 and spike.observed > spike.expected > 0 and 0 <= spike.p_value <= 1e-4
        assert spike.since < spike.until == NOW
        assert sum(spike.by_source.values()) == spike.observed <= spike.total

    def test_is_pure(self, detector, quiet):
        given_ = [series(loud(quiet, 90))]
        assert detector.judge(given_, now=NOW) == detector.judge(given_, now=NOW)

    def test_looks_at_nothing_after_now(self, detector, quiet):
        before = detector.judge([series(loud(quiet, 90))], now=NOW)
        later = loud(quiet, 90) + [500] * 24
        assert detector.judge([series(later)], now=NOW) == before
        assert detector.judge([series([*quiet[:END], *[500] * 24])], now=NOW) is None

    @pytest.mark.parametrize(
        ("why", "counts"),
        [
            ("nothing at all", []),
            ("an hour of past", [0] * 12),
            ("a month of nothing", [0] * END),
            ("a month of blindness", [None] * END),
            ("fewer than the sample that counts", [0] * (END - 2) + [4, 3]),
        ],
    )
    def test_keeps_still(self, detector, why, counts):
        now = START + len(counts) * BUCKET
        assert detector.judge([series(counts)], now=now) is None, why

    def test_keeps_still_without_sources(self, detector):
        assert detector.judge([], now=NOW) is None

    def test_less_than_usual_is_no_spike(self, detector):
        steady = [9] * (END - 12) + [1] * 12
        assert detector.judge([series(steady)], now=NOW) is None

    def test_blind_time_is_not_zero(self, detector, quiet):
        """Every second day unseen: the usual rate stays what it is, and the storm stays a storm."""
        whole = detector.judge([series(loud(quiet, 60))], now=NOW)
        counts = loud(quiet, 60)
        for day in range(0, DAYS - 1, 2):
            counts = hidden(counts, day * PER_DAY, (day + 1) * PER_DAY)
        patchy = detector.judge([series(counts)], now=NOW)
        assert patchy.expected == pytest.approx(whole.expected, rel=0.35)

    def test_a_returning_source_is_no_spike(self, detector):
        """Two sources; the louder was blind for three days and is back: the sum jumps, the brand does not."""
        rng = random.Random("return")
        big, small = brand(rng, 240, DAYS, CALM), brand(rng, 24, DAYS, CALM)
        noon = 27 * PER_DAY + 150
        for back in range(noon, noon + 24):
            pair = [
                series(hidden(big, noon - 3 * PER_DAY, noon)[:back], source="big"),
                series(small[:back], source="small"),
            ]
            assert detector.judge(pair, now=START + back * BUCKET) is None

    def test_what_is_blind_now_is_left_out_on_both_sides(self, detector):
        rng = random.Random("blind now")
        big, small = brand(rng, 2400, DAYS, CALM), brand(rng, 24, DAYS, CALM)
        pair = [series(hidden(big, END - 36, END), source="big"), series(loud(small, 20), source="small")]
        spike = detector.judge(pair, now=NOW)
        assert spike.by_source == {"small": spike.observed} and spike.blind_sources == ("big",)
        assert spike.expected < 10, "a tenth of what both together would bring"

    def test_blind_altogether_says_nothing(self, detector, quiet):
        counts = hidden(loud(quiet, 90), END - 12, END)
        assert detector.judge([series(counts)], now=NOW + 2 * timedelta(hours=1)) is None

    @settings(max_examples=60)
    @given(data=st.data())
    def test_survives_anything(self, detector, data):
        sources = data.draw(st.integers(1, 3))
        length = data.draw(st.sampled_from([0, 1, 13, 300, 2 * PER_DAY, 9 * PER_DAY]))
        seed = data.draw(st.integers(0, 2**32))
        rng = random.Random(seed)
        blind, top = data.draw(st.sampled_from([0.0, 0.1, 0.9])), data.draw(st.sampled_from([0, 1, 40, 100_000]))
        rows = [
            series([None if rng.random() < blind else rng.randint(0, top) for _ in range(length)], source=str(k))
            for k in range(sources)
        ]
        now = START + length * BUCKET + timedelta(minutes=data.draw(st.integers(-60, 90)))
        spike = detector.judge(rows, now=now)
        if spike is not None:
            assert spike.observed > spike.expected and spike.p_value <= 1e-4 and spike.until <= now
            assert sum(spike.by_source.values()) == spike.observed


def test_unknown_detectors_are_named_with_the_nearest():
    with pytest.raises(UnknownName) as e:
        load_detector(AlertRule(detector="seasnal"))
    assert e.value.nearest == "seasonal"


@pytest.mark.parametrize(
    ("why", "rule"),
    [
        ("no divisor of a day", {"window": timedelta(minutes=50)}),
        ("no past to compare with", {"history": timedelta(days=1)}),
    ],
)
def test_rules_that_cannot_be_met_are_refused(why, rule):
    with pytest.raises(ConfigError):
        load_detector(AlertRule(**rule))


class TestSeasonal:
    detector = SeasonalDetector()

    @pytest.mark.parametrize(
        ("why", "n", "found"), [("seven in five minutes", 7, False), ("eight in five minutes", 8, True)]
    )
    def test_least_sample(self, why, n, found):
        counts = ([0] * 143 + [1]) * (DAYS * 2)
        counts[-1] = n
        assert (self.detector.judge([series(counts)], now=NOW) is not None) is found, why

    def test_compares_with_the_time_of_day(self):
        """Thirty posts an hour are usual at noon and unheard of at night."""
        day = [30 / 12 if 120 <= i < 180 else 0.1 for i in range(PER_DAY)]
        rng = random.Random("noon")
        counts = [sum(rng.random() < day[i % PER_DAY] / 10 for _ in range(10)) for i in range(END)]
        noon, night = END - PER_DAY + 156, END - PER_DAY + 48
        assert self.detector.judge([series(counts[:noon])], now=START + noon * BUCKET) is None
        assert self.detector.judge([series(loud(counts, 30, at=night))], now=START + night * BUCKET)

    @pytest.mark.parametrize(
        ("why", "days_ago", "hours", "times"),
        [
            ("yesterday, six hours, tenfold", 1, 6, 10),
            ("last week, three days, tenfold", 7, 72, 10),
            ("last week, six hours, a hundredfold", 7, 6, 100),
        ],
    )
    def test_last_weeks_crisis_neither_hides_nor_excuses_the_next(self, quiet, why, days_ago, hours, times):
        marred = list(quiet)
        storm(
            random.Random(why),
            marred,
            END - days_ago * PER_DAY - 12,
            times=times,
            per_day=MEDIUM,
            buckets=min(hours * 12, days_ago * PER_DAY),
        )
        plain = self.detector.judge([series(loud(quiet, 60))], now=NOW)
        spike = self.detector.judge([series(loud(marred, 60))], now=NOW)
        assert spike is not None, why
        assert plain.expected * 0.8 < spike.expected < plain.expected * 1.6, why

    @pytest.mark.parametrize(
        ("why", "days", "n", "found"),
        [
            ("a full past: forty more in an hour are plenty", 28, 40, True),
            ("three days: forty are not extreme", 3, 40, False),
            ("three days: two hundred are", 3, 200, True),
            ("half a day: nothing is known, nothing is said", 0.5, 2000, False),
        ],
    )
    def test_warm_up(self, quiet, why, days, n, found):
        begin = END - int(days * PER_DAY)
        unseen = hidden(loud(quiet, n), 0, begin)
        short = series(loud(quiet, n)[begin:], start=START + begin * BUCKET)
        for one in (series(unseen), short):
            spike = self.detector.judge([one], now=NOW)
            assert (spike is not None) is found, why
            assert spike is None or ("不足" in spike.baseline) is (days < 7)

    def test_a_new_source_waits_until_it_is_known(self, quiet):
        """Two days old, already loud: beside a source with a past it is left out, not blamed."""
        new = hidden([5] * END, 0, END - 2 * PER_DAY)
        pair = [series(quiet[:END]), series(new, source="new")]
        assert self.detector.judge(pair, now=NOW) is None
        storming = [series(loud(quiet, 60)), series(new, source="new")]
        assert self.detector.judge(storming, now=NOW).blind_sources == ("new",)

    def test_the_newest_buckets_may_be_unseen(self, quiet):
        """A crawl ends a bucket or two before now: the window ends where sight does."""
        counts = hidden([*loud(quiet, 60), 0, 0], END, END + 2)
        spike = self.detector.judge([series(counts)], now=NOW + 2 * BUCKET)
        assert spike.until == NOW

    @pytest.mark.parametrize(
        ("why", "per_day", "habits", "most"),
        [
            ("tiny", 5, RESTLESS, 0),
            ("medium, Poisson", MEDIUM, CALM, 1),
            ("medium, restless", MEDIUM, RESTLESS, 1),
        ],
    )
    def test_quiet_brands_stay_quiet(self, why, per_day, habits, most):
        """Two weeks each, every quarter of an hour, with the defaults; bench/detector.py does it at length."""
        counts = brand(random.Random(f"quiet {why}"), per_day, DAYS + 14, habits)
        ends = range(END, len(counts) + 1, 3)
        found = [e for e in ends if self.detector.judge([seen(counts, e)], now=START + e * BUCKET)]
        incidents = sum(later - e > 24 for e, later in zip([-99, *found], found, strict=False))
        assert incidents <= most, found

    def test_p_values_mean_what_they_say(self):
        """Of a quiet brand's separate hours, about one in a hundred may be as rare as one in a hundred, not more."""
        keen = replace(self.detector, max_p=0.01, min_negative=1)
        counts = brand(random.Random("honest"), MEDIUM, DAYS + 14, RESTLESS)
        ends = range(END, len(counts) + 1, 12)
        found = sum(keen.judge([seen(counts, e)], now=START + e * BUCKET) is not None for e in ends)
        assert found / len(ends) <= 0.015

    def test_a_tenfold_storm_on_a_medium_brand_is_noticed_within_half_an_hour(self):
        delays = []
        for k in range(9):
            rng = random.Random(f"storm {k}")
            counts = brand(rng, MEDIUM, DAYS + 2, RESTLESS)
            at = END + rng.randrange(PER_DAY)
            storm(rng, counts, at, times=10, per_day=MEDIUM)
            found = (
                e for e in range(at + 1, at + 73) if self.detector.judge([seen(counts, e)], now=START + e * BUCKET)
            )
            delays.append((next(found) - at) * 5)
        assert sorted(delays)[len(delays) // 2] <= 30, delays
