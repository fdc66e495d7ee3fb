"""The performance: move the clock, let the real chain do its work, and say what came of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from time import perf_counter

from alerts.digest import Period
from demo import folder as demo_folder
from demo.plan import BACKFILL, STEPS, moments
from demo.report import DemoReport, report
from demo.stage import Stage, set_stage
from demo.story import SEED, Story, tell
from feedback.jobs import ImportReport

Progress = Callable[[int, int, datetime, str], object]  # step, of how many, the story's time, what is done


def play(folder: Path, *, progress: Progress | None = None, seed: int = SEED) -> DemoReport:
    """Play the whole story in `folder`, which is emptied first if it is the demo's own.

    Every file in it afterwards is real: configuration, database, mails as .eml and .html, the survey file. ConfigError
    when something else lies in `folder`.
    """
    started = perf_counter()
    story = tell(seed)
    with set_stage(demo_folder.prepare(folder), story) as stage:
        _month(stage, story, progress or (lambda *_: None))
        survey = _morning_after(stage, story)
        stage.seconds["total"] = perf_counter() - started
        demo_folder.retire_config(stage.folder)
        return report(stage, story, survey)


def _month(stage: Stage, story: Story, progress: Progress) -> None:
    """Step by step through the story. While one step is judged and told, the crawls of the next are under way.

    The daemon does so too, its jobs being apart; nothing is judged by what came after its moment.
    """
    before = story.starts + stage.config.alerts.warm_up
    ahead = ThreadPoolExecutor(1)
    crawls = [ahead.submit(stage.crawl, now) for now in STEPS]
    try:
        for number, (now, crawled) in enumerate(zip(STEPS, crawls, strict=True)):
            progress(number, len(STEPS) + 1, now, "backfill" if now in BACKFILL else "live")
            crawled.result()
            stage.score(now)
            if now > before:
                stage.watch(moments(before, now))
                before = now
            stage.deliver(now)
    finally:
        ahead.shutdown(cancel_futures=True)
    progress(len(STEPS), len(STEPS) + 1, story.ends, "digest")


def _morning_after(stage: Stage, story: Story) -> ImportReport:
    """Monday morning: the survey answers come in, and the digests of the day and the week go out."""
    survey = stage.import_survey(story.ends)
    stage.score(story.ends)
    for period in (Period.DAILY, Period.WEEKLY):
        stage.digest(story.ends, period)
    stage.deliver(story.ends)
    return survey
