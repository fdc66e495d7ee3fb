"""Weibo's official gateway for the CLI: who am I, what may I ask, and the paid search. Forms as clients tell them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from demo.replica.faults import Fault
from demo.replica.http import Reply, Request
from demo.replica.posts import Author, Post, World
from demo.replica.weibo_bodies import spelled

TOKEN = "wb_demo_token"  # opens nothing but this replica
FEWEST, MOST = 10, 20  # posts of a page
_COMMAND = {
    "group": "search",
    "action": "statuses/limited",
    "access": "available",
    "price_type": "per_record",
    "unit_price": "0.004",
    "currency": "CNY",
}


class WeiboCli:
    """Answers below `/cli/api/cli/` to whoever carries the token."""

    def __init__(self, world: World, *, token: str) -> None:
        self._world, self._token = world, token

    def about(self, request: Request, what: str) -> Reply:
        """whoami, commands?group=…, commands/{group}/{action}; the action may be percent-encoded."""
        if not self._knows(request):
            return _failure("UNAUTHORIZED", 401)
        if what == "whoami":
            return _reply({"uid": "9000000000", "screen_name": "示例用户0", "service_status": "trial_active"})
        if what == "commands":
            return _reply({"commands": [_COMMAND]})
        if unquote(what) == "commands/search/statuses/limited":
            return _reply({"command": _COMMAND})
        return _failure("COMMAND_NOT_FOUND", 404)

    def invoke(self, request: Request, fault: Fault | None = None) -> Reply:
        """A page of the search, newest first. Arguments may be text or numbers."""
        if request.method != "POST":
            return _failure("METHOD_NOT_ALLOWED", 405)
        if not self._knows(request):
            return _failure("UNAUTHORIZED", 401)
        asked = _asked(request)
        told = asked.get("args")
        args = told if isinstance(told, dict) else {}
        words, count, page = str(args.get("q", "")), _number(args.get("count", FEWEST)), _number(args.get("page", 1))
        if (asked.get("group"), asked.get("action")) != ("search", "statuses/limited"):
            return _failure("COMMAND_NOT_FOUND", 404)
        if not words or not args.get("type") or count < FEWEST or page < 1:
            return _failure("INVALID_ARGUMENT", 400)
        if count > MOST:
            return _failure("COUNT_EXCEEDS_MAX", 400)
        start = (page - 1) * count - (5 if fault is Fault.OVERLAP and page > 1 else 0)
        posts, total = self._world.search("weibo", words, start=start, count=count)
        none = fault in (Fault.EMPTY_PAGE, Fault.EMPTY) or (fault is Fault.LAST_PAGE and page > 1)
        told = 0 if fault is Fault.EMPTY else total
        return _reply({"result": {"statuses": [] if none else [self._status(p) for p in posts], "total_number": told}})

    def page_of(self, request: Request) -> str:
        """Which page an invocation asks for."""
        args = _asked(request).get("args")
        return str(args.get("page", 1)) if isinstance(args, dict) else "1"

    def _knows(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self._token}"

    def _status(self, post: Post) -> dict[str, Any]:
        now = self._world.clock.now
        status: dict[str, Any] = {
            "created_at": spelled(post.at, now=now, relative=False),
            "id": post.id,
            "idstr": str(post.id),
            "mid": str(post.id),
            "text": post.text,
            "user": _user(post.author),
            "reposts_count": post.reposts,
            "comments_count": post.comments,
            "attitudes_count": post.likes,
            "synthetic": True,
        }
        if post.original is not None:
            status["retweeted_status"] = self._status(post.original)
        return status


def _user(author: Author) -> dict[str, Any]:
    return {
        "id": author.uid,
        "idstr": str(author.uid),
        "screen_name": author.name,
        "followers_count": author.followers,
        "verified": author.verified_type >= 0,
        "verified_type": author.verified_type,
    }


def _asked(request: Request) -> dict[str, Any]:
    try:
        asked = json.loads(request.body)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}


def _number(told: object) -> int:
    text = str(told)
    return int(text) if text.isdigit() and len(text) < 6 else -1


def _failure(code: str, status: int) -> Reply:
    return _reply({"error": {"code": code}}, status)


def _reply(value: object, status: int = 200) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode(), status)
