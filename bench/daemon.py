"""Run the real daemon against the replica and a real mail server: memory of each process, time to the alert, way out.

A brand's last eight days are told in posts that end now, with a burst of anger in the last half hour. Prints the time
to the alert mail, peak memory of the daemon and of its children, processor time and the exit code after SIGTERM; exits
non-zero when no alert came, a process grew beyond the limit, or the way out was not clean.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from demo.mailbox import Mailbox
from demo.replica.app import SECRET, Replica
from demo.replica.posts import Author, Post, StoryClock, World, mid_at

BRAND = "云麂"
LIMIT_MB = 300
CALM = (
    "今天路过{b}，买了一杯，味道不错",
    "{b}的新品挺好喝的，推荐",
    "周末和同事去了{b}，环境很好",
    "{b}门口排队，人不少",
)
ANGRY = ("{b}太差劲了，喝完肚子疼，投诉也没人理", "{b}卫生太恶心了，再也不买", "{b}客服态度恶劣，气死我了，退款！")
CONFIG = """\
[[brands]]
name = "{brand}"

[[sources]]
name = "weibo"
kind = "weibo_mobile"
interval = "60s"
base_url = "{url}"
options = {{ first_window = "8d", delay = 0, throttle = false, concurrency = 4, max_pages = 200 }}

[[sources]]
name = "zhihu"
kind = "zhihu_open"
interval = "60s"
base_url = "{url}"
credential = "zhihu"
options = {{ first_window = "8d", delay = 0, throttle = false }}

[[recipients]]
name = "pr"
email = "pr@bench.invalid"

[[routes]]
to = ["pr"]
kinds = ["alert", "operator"]

[mail]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "听风 <tingfeng@bench.invalid>"
"""


def posts(now: datetime, rng: random.Random) -> list[Post]:
    """Three posts an hour for eight days, one in eight angry; then forty angry ones in the last half hour."""
    calm = [now - timedelta(minutes=rng.uniform(40, 8 * 24 * 60)) for _ in range(8 * 24 * 3)]
    burst = [now - timedelta(minutes=rng.uniform(3, 30)) for _ in range(40)]
    author = Author(uid=9_100_000_001, name="虚构用户", followers=120)
    told = [(at, rng.choice(ANGRY if rng.random() < 1 / 8 else CALM)) for at in calm]
    told += [(at, rng.choice(ANGRY)) for at in burst]
    return [
        Post(
            platform="weibo",
            id=mid_at(at, n),
            at=at.replace(microsecond=0),
            text=f"{text.format(b=BRAND)}（第{n}条）",
            author=author,
        )
        for n, (at, text) in enumerate(sorted(told))
    ]


def watch_memory(process: psutil.Process, peaks: dict[str, float]) -> None:
    """Note the resident memory of the daemon and of its children, in MB, where it is higher than before."""
    for role, each in [("daemon", process), *(("crawling child", c) for c in process.children(recursive=True))]:
        try:
            peaks[role] = max(peaks.get(role, 0.0), each.memory_info().rss / 2**20)
        except psutil.NoSuchProcess:
            continue


def live(folder: Path, seconds: float, *, until_alert: bool = False) -> dict[str, Any]:
    """One life of the daemon, `seconds` long or until the alert came, with an honest SIGTERM at its end."""
    now = datetime.now(UTC)
    world = World(posts(now, random.Random(1)), StoryClock(now))
    with Replica(world) as replica, Mailbox(None) as mailbox:
        (folder / "tingfeng.toml").write_text(CONFIG.format(brand=BRAND, url=replica.url, port=mailbox.port))
        secrets = {"TINGFENG_CREDENTIAL_ZHIHU": SECRET, "TINGFENG_AUTHOR_SECRET": "bench-secret-of-no-value"}
        with (folder / "log").open("wb") as log:
            command = [sys.executable, "-m", "commands", "run", "--config", str(folder / "tingfeng.toml")]
            daemon = subprocess.Popen(command, env=os.environ | secrets, stderr=log, stdout=log)
        return _observe(psutil.Process(daemon.pid), daemon, mailbox, replica, seconds, until_alert)


def _observe(
    process: psutil.Process,
    daemon: subprocess.Popen[bytes],
    mailbox: Mailbox,
    replica: Replica,
    seconds: float,
    until_alert: bool,
) -> dict[str, Any]:
    start, peaks, alert_after, cpu = time.monotonic(), dict[str, float](), None, 0.0
    while daemon.poll() is None and time.monotonic() - start < seconds:
        replica.clock.move_to(datetime.now(UTC))
        watch_memory(process, peaks)
        times = process.cpu_times()
        cpu = times.user + times.system + times.children_user + times.children_system
        if alert_after is None and any("负面" in letter.subject for letter in mailbox.letters):
            alert_after = time.monotonic() - start
        if alert_after is not None and until_alert:
            break
        time.sleep(0.2)
    asked = time.monotonic()
    if daemon.poll() is None:
        daemon.send_signal(signal.SIGTERM)
    code = daemon.wait(timeout=90)
    subjects = [letter.subject for letter in mailbox.letters]
    return {
        "alert_after": alert_after,
        "peaks": peaks,
        "cpu": cpu,
        "code": code,
        "stop": time.monotonic() - asked,
        "mails": subjects,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=75)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        seen = live(Path(name), seconds)
        if seen["code"] or seen["alert_after"] is None:
            print((Path(name) / "log").read_text()[-3000:])
    for role, mb in seen["peaks"].items():
        print(f"{role:15} peak {mb:6.0f} MB   (limit {LIMIT_MB})")
    alert, cpu = seen["alert_after"], seen["cpu"]
    print(f"first alert mail after {'never' if alert is None else f'{alert:.1f} s'}: {' '.join(seen['mails'])}")
    print(f"processor time {cpu:.1f} s in {seconds:.0f} s; SIGTERM → exit {seen['code']} after {seen['stop']:.1f} s")
    good = alert is not None and seen["code"] == 0 and max(seen["peaks"].values()) <= LIMIT_MB
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
