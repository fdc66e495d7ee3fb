"""How fast Weibo's readers are: the replica's pages of invented posts, read without a network, one process.

    python bench/weibo_readers.py [--seconds 2]

Fails when the HTML search page is read slower than its floor.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from crawler.bodies import load_reader
from demo.replica.app import Replica
from demo.replica.http import Request
from demo.replica.posts import Author, Post, StoryClock, World, mid_at
from demo.replica.weibo_cli import TOKEN

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
FLOOR_HTML = 3_000  # posts a second
WORDS = "%E4%BA%91%E9%BA%82"
INVOKE = {"group": "search", "action": "statuses/limited", "args": {"q": "云麂", "type": "1", "count": 20, "page": 1}}
ASKED = {
    "weibo_mobile": Request("GET", f"/api/container/getIndex?containerid=100103type%3D61%26q%3D{WORDS}&page=2", {}),
    "weibo_html": Request("GET", f"/realtime?q={WORDS}", {}),
    "weibo_cli": Request(
        "POST", "/cli/api/cli/invoke", {"authorization": f"Bearer {TOKEN}"}, json.dumps(INVOKE).encode()
    ),
}


def replica() -> Replica:
    """Forty posts as long as most are, every tenth of them long, every seventh a repost."""
    author = Author(uid=9_000_000_001, name="示例用户1", followers=500)
    posts: list[Post] = []
    for n in range(40):
        at = NOW - timedelta(minutes=n)
        text = "云麂#新品#[怒] 买了三个月坏了两次，客服只会说抱歉。\n" * (9 if n % 10 == 0 else 2)
        original = posts[0] if n % 7 == 6 else None
        posts.append(
            Post(
                platform="weibo",
                id=mid_at(at, n),
                at=at,
                text=text,
                author=author,
                likes=n,
                long=n % 10 == 0,
                original=original,
            )
        )
    return Replica(World(posts, StoryClock(NOW)))


def rate(name: str, body: bytes, seconds: float) -> float:
    """Posts read in a second of CPU time."""
    read, posts, started = load_reader(name), 0, time.process_time()
    while (took := time.process_time() - started) < seconds:
        posts += len(read(body, url="", seen_at=NOW).posts)
    return posts / took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each reader")
    seconds = parser.parse_args().seconds
    site = replica()
    rates = {name: rate(name, site.answer(asked).body, seconds) for name, asked in ASKED.items()}
    for name, found in rates.items():
        print(f"{name:14}{found:10,.0f} posts/s")
    return 0 if rates["weibo_html"] >= FLOOR_HTML else 1


if __name__ == "__main__":
    raise SystemExit(main())
