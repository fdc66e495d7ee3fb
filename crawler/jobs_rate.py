"""Whose turn it is: one crawl of a source at a time, and one delay for all that ask the same host."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import random
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from store import leases
from store.database import Database, Session
from tingfeng.errors import CrawlError, StoreError

log = logging.getLogger(__name__)

SPAN = timedelta(seconds=60)  # a crashed machine's source is free again after this
RENEW = timedelta(seconds=15)
JITTER = 0.5  # slots last one to one and a half delays
BLOCK = 4  # slots taken at once while nobody else asks the host
LATE = 0.05  # seconds after which a slot is not taken any more


@dataclass(slots=True)
class Lease:
    """The right to crawl a source, for as long as it is renewed."""

    db: Database
    name: str
    holder: str
    renewed: float = field(default_factory=time.monotonic)
    lost: bool = False

    def take(self, s: Session) -> None:
        """CrawlError 'busy' when another machine has it."""
        if not leases.take(s, self.name, self.holder, span=SPAN, now=leases.clock(s)):
            raise CrawlError("busy", f"another machine is at '{self.name}'")

    def keep(self) -> bool:
        """Renew it when it is time; False when it is lost: others may be at it by now."""
        if not self.lost and time.monotonic() - self.renewed >= RENEW.total_seconds():
            self._renew()
        return not self.lost

    def _renew(self) -> None:
        try:
            with self.db.write() as s:
                self.lost = not leases.renew(s, self.name, self.holder, span=SPAN, now=leases.clock(s))
            self.renewed = time.monotonic()
        except StoreError as e:
            log.warning("lease not renewed: name=%s error=%s", self.name, e)
            self.lost = time.monotonic() - self.renewed >= SPAN.total_seconds()

    def give_back(self, s: Session) -> None:
        """In the transaction that writes down what was done under it. CrawlError 'lease_lost' ends that."""
        if not leases.give_back(s, self.name, self.holder):
            self.lost = True
            raise CrawlError("lease_lost", f"another machine has taken over '{self.name}'")


@contextlib.contextmanager
def alone(db: Database, lock: Path, source: str) -> Iterator[Lease]:
    """A lease to be taken, under the lock of this machine. CrawlError 'busy' when another process here has that.

    The lock dies with its process. Who holds it knows therefore that a lease of this same lock file is a dead
    process's, and need not wait until it runs out.
    """
    with lock.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            raise CrawlError("busy", f"another crawl of '{source}' is under way") from e
        yield Lease(db, f"crawl:{source}", _holder(file))


def _holder(lock: BinaryIO) -> str:
    """A name for this lock file: random, and the machine's own, since folders get copied."""
    lock.seek(0)
    token = lock.read(16).decode("ascii", "replace")
    if len(token) < 16:
        token = secrets.token_hex(8)
        lock.truncate(0)
        lock.write(token.encode())
        lock.flush()
    return f"{token}@{socket.gethostname()[:60]}"


@dataclass(slots=True)
class _Block:
    """Slots that are ours: when each begins, monotonic seconds; after the last of them `end`."""

    turns: list[float]
    end: float


class Rate:
    """Turns to ask a host, shared with every process that uses this store."""

    def __init__(self, db: Database, *, key: str = "") -> None:
        self.db, self.key = db, key
        self.holder = secrets.token_hex(8)
        self._blocks: dict[str, _Block] = {}

    def turn(self, host: str, *, delay: float, earliest: float) -> float:
        """When `host` may be asked, in monotonic seconds, not before `earliest`; at least `delay` s follow it."""
        key = self.key or host
        block = self._blocks.get(key)
        if block is None or not block.turns or block.turns[0] < max(earliest, time.monotonic()) - LATE:
            block = self._blocks[key] = self._take(key, delay, earliest)
        return block.turns.pop(0)

    def _take(self, key: str, delay: float, earliest: float) -> _Block:
        gaps = [timedelta(seconds=delay * random.uniform(1, 1 + JITTER)) for _ in range(BLOCK)]
        with self.db.write() as s:
            now, here = leases.clock(s), time.monotonic()
            wait = timedelta(seconds=max(0.0, earliest - here))
            first, count = leases.take_slots(s, key, self.holder, earliest=now + wait, gaps=gaps, now=now)
        begin = here + (first - now).total_seconds()
        turns = [begin + sum(gaps[:n], timedelta()).total_seconds() for n in range(count + 1)]
        return _Block(turns[:-1], turns[-1])

    def close(self) -> None:
        """Give back the turns not taken."""
        for key, block in self._blocks.items():
            if block.turns:
                with self.db.write() as s:
                    left = timedelta(seconds=block.turns[0] - time.monotonic())
                    leases.return_slots(s, key, self.holder, after=leases.clock(s) + left)
        self._blocks.clear()
