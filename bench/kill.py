"""Kill the chain at random moments and start it again: nothing may be lost, doubled or said under two names.

    python bench/kill.py --corpus ../shared/corpora/weibo2018.jsonl.gz --kills 10

An undisturbed run comes first and says what the database must hold in the end. Then the same with SIGKILL at random
moments of the crawl, the scoring, the watching and the delivery; every second kill leaves the crawling child alive
for a moment, as a kernel short of memory would.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alerts.channels.mail import message_id
from bench.corpus_site import CORPUS, Real, read, site
from bench.replay import asker, check
from demo.mailbox import Letter, Mailbox
from store.database import Database, upgrade

DRIVER = Path(__file__).with_name("driver.py")
STAGES = ("crawl", "crawl", "score", "deliver", "crawl", "watch", "deliver", "score", "digest", "deliver")
LIFE_LIMIT = 300.0  # seconds one undisturbed life may take
MAIL_DELAY = 0.05  # seconds the mail server takes to say OK: time enough to be killed in
BUCKETS = "SELECT brand, source, start, total, negative, neutral, positive FROM bucket ORDER BY 1, 2, 3"


@dataclass(slots=True)
class Trial:
    """One database, its mail server, and the lives spent on it."""

    name: str
    folder: Path
    url: str
    readers: int
    database_url: str = ""
    lives: int = 0
    told: list[tuple[int, str, float, str]] = field(default_factory=list)  # life, stage, seconds into it, how
    durations: dict[str, float] = field(default_factory=dict)  # seconds of each stage, when undisturbed

    def start(self, port: int) -> subprocess.Popen[str]:
        told = {"url": self.url, "port": port, "database_url": self.database_url, "life": self.lives}
        told |= {"readers": self.readers, "folder": str(self.folder)}
        self.lives += 1
        command = [sys.executable, str(DRIVER), json.dumps(told)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def undisturbed(trial: Trial, mailbox: Mailbox) -> None:
    """One whole life, timed by stage."""
    with trial.start(mailbox.port) as driver:
        before, stage = time.monotonic(), "start"
        assert driver.stdout is not None
        for line in driver.stdout:
            now = time.monotonic()
            trial.durations[stage] = max(now - before, trial.durations.get(stage, 0.0))
            before, stage = now, line.strip()
        trial.durations[stage] = max(time.monotonic() - before, trial.durations.get(stage, 0.0))
        if driver.wait(LIFE_LIMIT) != 0:
            raise SystemExit(f"{trial.name}: the chain failed by itself")


def killed_in(trial: Trial, mailbox: Mailbox, stage: str, after: float, *, whole_tree: bool) -> None:
    """One life, ended `after` seconds into `stage` (or by itself, if it never gets there)."""
    driver = trial.start(mailbox.port)
    with driver:
        assert driver.stdout is not None
        for line in driver.stdout:
            if line.strip() == stage:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    driver.wait(after)
                break
        ended = driver.poll() is not None
        _kill(driver.pid, whole_tree=whole_tree)
        driver.stdout.close()
        driver.wait()
    how = "finished first" if ended else ("whole tree" if whole_tree else "group only")
    trial.told.append((trial.lives, stage, after, how))


def _kill(pid: int, *, whole_tree: bool) -> None:
    """SIGKILL to the driver's process group; with `whole_tree` also to what it started in groups of their own."""
    children: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(pid).children(recursive=True) if whole_tree else []
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def compare(reference: Database, killed: Database, real: Sequence[Real], letters: Sequence[Letter]) -> list[str]:
    """Every breach; nothing when the killed chain ended where the undisturbed one did."""
    problems = check(killed, real)
    wanted, got = asker(reference), asker(killed)
    for what, sql in (
        ("buckets", BUCKETS),
        ("incidents", "SELECT kind, subject, opened_at, observed FROM incident ORDER BY 1, 2, 3"),
        ("messages", "SELECT key, recipient FROM outbox ORDER BY 1"),
    ):
        if wanted(sql) != got(sql):
            problems.append(f"{what} differ from the undisturbed run: {len(wanted(sql))} rows, now {len(got(sql))}")
    rows = got("SELECT key, sent_at FROM outbox")
    problems += [f"never sent: {key}" for key, sent_at in rows if sent_at is None]
    ids = Counter(letter.message_id for letter in letters)
    named = {message_id(key, "bench.invalid") for key, _ in rows}
    problems += [f"never arrived: {one}" for one in named - ids.keys()]
    problems += [f"arrived under a name no message has: {one}" for one in ids.keys() - named]
    return problems


def moments(
    kills: int, stages: Sequence[str], durations: dict[str, float], rng: random.Random
) -> list[tuple[str, float]]:
    """Where to kill: each of `stages` in turn, at a random moment of the time it took undisturbed."""
    return [
        (stage, rng.uniform(0, durations.get(stage, 0.5))) for stage in itertools.islice(itertools.cycle(stages), kills)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the bench found. `mails`: messages, and how often they arrived."""

    kills: list[tuple[int, str, float, str]]
    lives: int
    posts: int
    mails: tuple[int, int]
    seconds: float
    problems: list[str]


def run(
    corpus: Path,
    folder: Path,
    *,
    kills: int,
    limit: int | None,
    readers: int,
    seed: int,
    stages: Sequence[str] = STAGES,
) -> Outcome:
    """The whole bench in `folder`."""
    started, rng = time.monotonic(), random.Random(seed)
    real = read(corpus, limit=limit, angry=120)
    with site(real) as url:
        reference, killed = (new_trial(name, folder, url, readers) for name in ("reference", "killed"))
        with Mailbox(None) as mailbox:
            undisturbed(reference, mailbox)
        with Mailbox(None, delay=MAIL_DELAY) as mailbox:
            for number, (stage, after) in enumerate(moments(kills, stages, reference.durations, rng)):
                killed_in(killed, mailbox, stage, after, whole_tree=number % 2 == 0)
            undisturbed(killed, mailbox)
            letters = mailbox.letters
    return Outcome(
        kills=killed.told,
        lives=killed.lives,
        posts=len(real),
        mails=(len({letter.message_id for letter in letters}), len(letters)),
        seconds=time.monotonic() - started,
        problems=verdict(reference, killed, real, letters),
    )


def new_trial(name: str, folder: Path, url: str, readers: int) -> Trial:
    """A folder and a fresh database for one trial."""
    trial = Trial(name, folder / name, url, readers)
    trial.folder.mkdir()
    trial.database_url = f"sqlite:///{trial.folder}/bench.db"
    upgrade(trial.database_url)
    return trial


def verdict(reference: Trial, killed: Trial, real: Sequence[Real], letters: Sequence[Letter]) -> list[str]:
    databases = [Database(trial.database_url) for trial in (reference, killed)]
    problems = compare(databases[0], databases[1], real, letters)
    for db in databases:
        db.close()
    return problems


def tell(outcome: Outcome) -> None:
    print(f"{'life':>4}  {'killed in':12}{'after s':>8}  how")
    for life, stage, after, how in outcome.kills:
        print(f"{life:4}  {stage:12}{after:8.2f}  {how}")
    messages, arrived = outcome.mails
    print(f"{outcome.posts} posts, {outcome.lives} lives, {outcome.seconds:.0f} s")
    print(f"{messages} messages arrived {arrived} times ({arrived - messages} again after a kill, under the same id)")
    print("\n".join(outcome.problems[:20]) or "nothing lost, doubled or said under two names")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="JSON lines, gzip: text, polarity")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--limit", type=int, help="only the first N posts")
    parser.add_argument("--readers", type=int, default=12, help="people each alert and digest goes to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(
            args.corpus, Path(folder), kills=args.kills, limit=args.limit, readers=args.readers, seed=args.seed
        )
    if args.json:
        told: dict[str, Any] = {name: getattr(outcome, name) for name in Outcome.__dataclass_fields__}
        print(json.dumps(told, ensure_ascii=False))
    else:
        tell(outcome)
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
