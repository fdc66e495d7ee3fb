"""The story is told the same way twice, and holds what the demo says it holds."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import datetime, timedelta
from statistics import mean

import pytest

from crawler.ears import Ears
from demo.story import BRANDS, CAMPAIGN, CRISIS, ENDS, OWN, RIVALS, STARTS, Story, tell
from demo.survey import HEADER, survey_csv

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def story() -> Story:
    return tell()


def own(story: Story, since: datetime, until: datetime) -> list[str]:
    return [p.text for p in story.posts if since <= p.at < until and OWN in p.title + p.text and p.platform == "weibo"]


def test_the_same_seed_tells_the_same_story(story: Story) -> None:
    assert tell() == story
    assert tell(1) != story


def test_size_and_order(story: Story) -> None:
    assert 4_000 <= len(story.posts) <= 8_000
    assert [p.at for p in story.posts] == sorted(p.at for p in story.posts)
    assert len({(p.platform, p.id) for p in story.posts}) == len(story.posts)
    assert story.posts[0].at >= STARTS and story.posts[-1].at < ENDS
    assert set(Counter(p.platform for p in story.posts)) == {"weibo", "zhihu", "news"}


def test_texts_differ(story: Story) -> None:
    assert len({p.text for p in story.posts}) > 0.9 * len(story.posts)
    assert not [p.text for p in story.posts if "{" in p.text + p.title], "no slot is left open"


def test_every_post_names_a_brand_of_the_story(story: Story) -> None:
    heard = Ears(BRANDS)
    for post in story.posts:
        assert heard.brands_of(post.title + post.text, asked=None), post.text
    assert [b.competitor_of for b in BRANDS] == [(), (OWN,), (OWN,)] and set(RIVALS) == {b.name for b in BRANDS[1:]}


def test_the_crisis_breaks_out_within_the_hour(story: Story) -> None:
    assert not [p for p in story.posts if "塑料片" in p.text and p.at < CRISIS]
    angry = [sum("塑料片" in t for t in own(story, CRISIS + h * HOUR, CRISIS + (h + 1) * HOUR)) for h in (0, 1, 12)]
    assert angry[0] > 60 and angry[2] < 5
    loud = max(story.posts, key=lambda p: p.author.followers)
    assert loud.author.followers > 1_000_000 and CRISIS < loud.at < CRISIS + HOUR
    assert sum(p.original is loud for p in story.posts) > 20


def test_the_campaign_is_loud_and_harmless(story: Story) -> None:
    day = own(story, CAMPAIGN.replace(hour=0), CAMPAIGN.replace(hour=0) + 24 * HOUR)
    before = own(story, CAMPAIGN.replace(hour=0) - 168 * HOUR, CAMPAIGN.replace(hour=0) - 144 * HOUR)
    assert len(day) > 4 * len(before)
    assert sum("会员日" in text for text in day) > 300


def test_days_have_a_rhythm(story: Story) -> None:
    by_hour = Counter((p.at.astimezone(STARTS.tzinfo)).hour for p in story.posts if p.at < CAMPAIGN)
    assert by_hour[20] > 5 * by_hour[4]


def test_survey_dips_after_the_crisis() -> None:
    header, *rows = csv.reader(survey_csv().splitlines())
    assert tuple(header) == HEADER and len(rows) > 600
    crisis = f"{CRISIS:%Y-%m-%d %H:%M:%S}"
    before = mean(int(row[2]) for row in rows if row[0] < crisis)
    after = mean(int(row[2]) for row in rows if row[0] > crisis)
    assert before - after > 1.5
    assert all(0 <= int(row[2]) <= 10 and 1 <= int(row[3]) <= 5 for row in rows)
