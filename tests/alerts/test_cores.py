"""The cores: online, bounded, blind where they see nothing, silent on a usual day."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.cores.fast import LEAST, FastCore
from alerts.cores.slow import SlowCore
from bench.brands import poisson, rhythm

STEP = timedelta(minutes=5)
DAY = 288
CORES = [FastCore(), SlowCore()]
counts = st.lists(st.none() | st.integers(0, 10**7), max_size=60)


def usual(days, per_day=300.0, seed=1):
    rng = random.Random(seed)
    return [poisson(rng, per_day / DAY * rhythm(i)) for i in range(days * DAY)]


def fed(core, state, bins, **more):
    return [core.feed(state, n, **more) for n in bins]


def warm(core, days=14, **more):
    state = core.begin(STEP)
    fed(core, state, usual(days, **more))
    return state


WARM = {core.name: warm(core) for core in CORES}


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
@settings(max_examples=25, deadline=None)
@given(bins=counts, wild=st.integers(0, 10**7))
def test_a_core_goes_on_the_same_from_a_dump_and_from_a_copy_whatever_it_is_fed(core, bins, wild):
    state = WARM[core.name].copy()
    fed(core, state, [wild, *bins])
    other, loaded = state.copy(), core.load(json.loads(json.dumps(state.dump())))
    after = [None, 3, wild, 0] * 80
    told = fed(core, state, after)
    assert fed(core, other, after) == told
    assert fed(core, loaded, after) == told
    assert other.dump() == loaded.dump() == state.dump()
    assert all(one.strength >= 1 and one.log_p <= 0 and one.observed >= LEAST for one in told if one)


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_memory_does_not_grow(core):
    assert len(json.dumps(warm(core, 60).dump())) < 1.3 * len(json.dumps(warm(core, 32).dump()))


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
@pytest.mark.parametrize("blind", [(None, 1.0), (0, 0.4)])
def test_blind_bins_teach_nothing_and_a_return_is_no_spike(core, blind):
    state = WARM[core.name].copy()
    before = state.dump()
    assert not any(fed(core, state, [blind[0]] * 3 * DAY, exposure=blind[1]))
    after = state.dump()
    for one in (before, after) if core.name == "fast" else (before["hours"], after["hours"]):
        for window in ("counts", "exposures", "held", "shown", "at"):
            del one[window]
    assert after == before
    assert not any(fed(core, state, usual(2, seed=2)))


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_half_of_the_posts_at_half_exposure_is_a_usual_day(core):
    state = WARM[core.name].copy()
    assert not any(fed(core, state, usual(2, per_day=150, seed=3), exposure=0.5))


def test_the_fast_core_finds_a_wave_and_says_how_unusual_it_is():
    state = WARM["fast"].copy()
    found = [one for one in fed(FastCore(), state, [8] * 12) if one]
    assert found
    assert found[0].observed > found[0].usual_peak > found[0].expected > 0
    assert found[0].log_p < -6.9
    assert found[-1].strength > found[0].strength


@pytest.mark.parametrize("per_day", [2, 20, 300])
def test_a_blip_of_five_at_night_is_nothing(per_day):
    core = FastCore()
    state = warm(core, 10, per_day=per_day)
    assert not any(fed(core, state, [0] * 24 + [5] + [0] * 24))


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_nothing_is_said_on_the_first_day(core):
    assert not any(fed(core, core.begin(STEP), [0] * 100 + [10**6] * 100))


def test_the_slow_core_finds_a_rise_of_three_days_that_no_hour_shows():
    rng, start = random.Random(4), 14 * DAY
    rise = [
        poisson(rng, 300 / DAY * rhythm(i) * (1 + 2 * (i - start) / 3 / DAY)) for i in range(start, start + 3 * DAY)
    ]
    found = fed(SlowCore(), WARM["slow"].copy(), rise)
    assert any(found)
    assert not any(found[: DAY // 2])


def test_a_short_storm_is_the_fast_cores_matter():
    bins = [300, 200, 100] + [20] * 9 + usual(1, seed=5)
    assert any(fed(FastCore(), WARM["fast"].copy(), bins))
    assert not any(fed(SlowCore(), WARM["slow"].copy(), bins))


def test_a_higher_level_asks_for_more():
    bins = [6] * 12

    def strongest(core):
        return max((one.strength for one in fed(core, warm(core), bins) if one), default=0.0)

    assert strongest(FastCore(level=1.0)) > strongest(FastCore(level=2.0)) > strongest(FastCore(level=3.0))


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_what_cannot_be_is_refused(core):
    for step in (timedelta(0), timedelta(minutes=7), timedelta(hours=2)):
        with pytest.raises(ValueError, match="divide an hour"):
            core.begin(step)
    for table in ({}, {"hours": 3}, {"counts": []}):
        with pytest.raises(ValueError, match="state"):
            core.load(table)
