"""A PostgreSQL of our own for a test session: `initdb` in a temporary folder, reached by a socket there."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

START_LIMIT = 30.0  # seconds
# A test database may be lost at any time, so nothing has to reach the disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=60")


def binaries() -> Path | None:
    """The folder that holds `initdb` and `postgres`: on PATH, else the newest of Debian's; None where there is none."""
    on_path = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    for initdb in [*reversed(debian), *([Path(on_path)] if on_path else [])]:
        if (initdb.parent / "postgres").exists():
            return initdb.parent
    return None


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """Start a server; yields its address with `{name}` where the database's name belongs."""
    with tempfile.TemporaryDirectory(prefix="tf-pg-", ignore_cleanup_errors=True) as folder:
        identity = _identity(Path(folder))
        data = Path(folder) / "data"
        options = ["-D", str(data), "-U", "tingfeng", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        done = subprocess.run([programs / "initdb", *options], cwd=folder, capture_output=True, text=True, **identity)
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr}")
        settings = [part for setting in FAST for part in ("-c", setting)]
        with (Path(folder) / "log").open("w") as log:
            command = [programs / "postgres", "-D", str(data), "-k", folder, *settings]
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **identity)
        try:
            _wait(folder, process)
            yield f"postgresql://tingfeng@/{{name}}?host={folder}"
        finally:
            process.send_signal(signal.SIGQUIT)  # immediate shutdown: nothing in it is worth a checkpoint
            process.wait(timeout=START_LIMIT)


def _identity(folder: Path) -> dict[str, str | list[str]]:
    """Who runs the server: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    shutil.chown(folder, user)
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _wait(folder: str, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + START_LIMIT
    while True:
        try:
            psycopg.connect(host=folder, user="tingfeng", dbname="postgres").close()
            return
        except psycopg.OperationalError as e:
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"PostgreSQL did not start: {(Path(folder) / 'log').read_text()}") from e
            time.sleep(0.05)


def create(base: str, name: str) -> str:
    """A new empty database; its address."""
    with psycopg.connect(base.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return base.format(name=name)


def empty(url: str) -> None:
    """Delete every row of a migrated database and start its ids at 1 again. TRUNCATE takes ten times as long."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '5s'")  # a session that a test forgot to close holds its locks
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = [name for (name,) in rows if name != "alembic_version"]
        restart = "SELECT setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences"
        connection.execute("; ".join([*(f'DELETE FROM "{name}"' for name in names), restart]))
