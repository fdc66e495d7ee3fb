"""Kill the chain at random moments and start it again: nothing may be lost, doubled or said under two names.

    python bench/kill.py --corpus ../shared/corpora/weibo2018.jsonl.gz --kills 10

An undisturbed run comes first and says what the database must hold in the end. Then the same with SIGKILL at random
points of its progress, from the first post stored to the last mail taken; every second kill leaves the crawling child
behind, as a kernel short of memory would.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alerts.channels.mail import message_id
from bench.corpus_site import CORPUS, Real, read, site
from bench.replay import asker, check
from demo.mailbox import Letter, Mailbox
from store.database import Database, upgrade

DRIVER = Path(__file__).with_name("driver.py")
LIFE_LIMIT = 300.0  # seconds one life may take
MAIL_DELAY = 0.05  # seconds the mail server takes to say OK: time enough to be killed in
JITTER = 0.05  # seconds, at most, between reaching a point and striking
LOOK_EVERY = 0.005  # seconds
BUCKETS = "SELECT brand, source, start, total, negative, neutral, positive FROM bucket ORDER BY 1, 2, 3"
SAME = (
    ("buckets", BUCKETS),
    ("incidents", "SELECT kind, subject, opened_at, observed FROM incident ORDER BY 1, 2, 3"),
    ("messages", "SELECT key, recipient FROM outbox ORDER BY 1"),
)


@dataclass(frozen=True, slots=True)
class Kill:
    """One strike: in which life, at which point of the progress, in which stage, and how."""

    life: int
    at: float
    stage: str
    how: str


@dataclass(slots=True)
class Trial:
    """One fresh database with its mail server, and the lives spent on it."""

    folder: Path
    site: str
    readers: int
    mailbox: Mailbox
    posts: int
    lives: int = 0
    kills: list[Kill] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        upgrade(self.url)

    @property
    def database(self) -> Path:
        return self.folder / "bench.db"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.database}"

    def start(self) -> subprocess.Popen[bytes]:
        told = {"url": self.site, "port": self.mailbox.port, "database_url": self.url, "life": self.lives}
        told |= {"readers": self.readers, "folder": str(self.folder)}
        self.lives += 1
        return subprocess.Popen([sys.executable, str(DRIVER), json.dumps(told)], start_new_session=True)

    def live_to_the_end(self) -> None:
        with self.start() as driver:
            if driver.wait(LIFE_LIMIT) != 0:
                raise SystemExit("the chain failed by itself")

    def progress(self) -> float:
        """0 … 4: posts stored, posts scored, messages queued, messages arrived, each from 0 to 1."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as db:
            stored, scored, queued = (
                db.execute(f"SELECT count(*) FROM {rows}").fetchone()[0]
                for rows in ("mention", "mention_brand WHERE counted_by IS NOT NULL", "outbox")
            )
        messages = 2 * self.readers  # an alert and a digest for each
        arrived = len({letter.message_id for letter in self.mailbox.letters})
        return float(stored / self.posts + scored / self.posts + (queued + arrived) / messages)

    def live_until(self, point: float, *, jitter: float, whole_tree: bool) -> None:
        """One life that is ended once progress has reached `point`."""
        with self.start() as driver:
            while (reached := self.progress()) < point and driver.poll() is None:
                time.sleep(LOOK_EVERY)
            time.sleep(jitter)
            if driver.poll() is None:
                stage = (self.folder / "stage").read_text() if (self.folder / "stage").exists() else "start"
                strike(driver.pid, whole_tree=whole_tree)
                how = "whole tree" if whole_tree else "group only"
                self.kills.append(Kill(self.lives, round(reached, 3), stage, how))


def strike(pid: int, *, whole_tree: bool) -> None:
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
    for what, sql in SAME:
        if wanted(sql) != got(sql):
            problems.append(f"{what} differ from the undisturbed run: {len(wanted(sql))} rows, now {len(got(sql))}")
    rows = got("SELECT key, sent_at FROM outbox")
    problems += [f"never sent: {key}" for key, sent_at in rows if sent_at is None]
    ids = Counter(letter.message_id for letter in letters)
    named = {message_id(key, "bench.invalid") for key, _ in rows}
    problems += [f"never arrived: {one}" for one in named - ids.keys()]
    problems += [f"arrived under a name no message has: {one}" for one in ids.keys() - named]
    return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the bench found. `mails`: messages, and how often they arrived."""

    kills: list[Kill]
    lives: int
    posts: int
    mails: tuple[int, int]
    seconds: float
    problems: list[str]


def run(corpus: Path, folder: Path, *, kills: int, limit: int | None, readers: int, seed: int) -> Outcome:
    """The whole bench in `folder`."""
    started, rng = time.monotonic(), random.Random(seed)
    real = read(corpus, limit=limit, angry=120)
    with site(real) as url, Mailbox(None, delay=MAIL_DELAY) as unread, Mailbox(None, delay=MAIL_DELAY) as mailbox:
        reference = Trial(folder / "reference", url, readers, unread, len(real))
        reference.live_to_the_end()
        killed = Trial(folder / "killed", url, readers, mailbox, len(real))
        for number, point in enumerate(sorted(rng.uniform(0, 4) for _ in range(kills))):
            killed.live_until(point, jitter=rng.uniform(0, JITTER), whole_tree=number % 2 == 0)
        killed.live_to_the_end()
        letters = mailbox.letters
    problems = verdict(reference, killed, real)
    if len(killed.kills) < kills:
        problems.append(f"only {len(killed.kills)} of {kills} kills struck")
    return Outcome(
        kills=killed.kills,
        lives=killed.lives,
        posts=len(real),
        mails=(len({letter.message_id for letter in letters}), len(letters)),
        seconds=time.monotonic() - started,
        problems=problems,
    )


def verdict(reference: Trial, killed: Trial, real: Sequence[Real]) -> list[str]:
    databases = [Database(trial.url) for trial in (reference, killed)]
    problems = compare(databases[0], databases[1], real, killed.mailbox.letters)
    for db in databases:
        db.close()
    return problems


def tell(outcome: Outcome) -> None:
    print(f"{'life':>4}  {'progress 0–4':>12}  {'killed in':12}how")
    for kill in outcome.kills:
        print(f"{kill.life:4}  {kill.at:12.2f}  {kill.stage:12}{kill.how}")
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
        print(json.dumps(asdict(outcome), ensure_ascii=False))
    else:
        tell(outcome)
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
