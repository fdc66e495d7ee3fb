"""v2ex.com: the first API, without a key. Lists of topics, one topic, replies; the hour's allowance in the headers."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from demo.replica.faults import Fault, shown
from demo.replica.http import Reply, Request
from demo.replica.posts import Post, World

PAGE, HOT = 20, 10  # topics
ALLOWED = 600  # requests in an hour
_NODE = {"id": 1, "name": "demo", "title": "虚构演示", "url": "https://www.v2ex.com/go/demo", "topics": 1}


class V2ex:
    """Answers `/api/topics/latest|hot|show.json` and `/api/replies/show.json`. A post with an original is a reply."""

    def __init__(self, world: World) -> None:
        self._world, self._asked = world, 0

    def topics(self, request: Request, which: str, fault: Fault | None = None) -> Reply:
        """A list, or the topic with `id`; an empty list for what is not there."""
        posts = [p for p in self._world.newest("v2ex") if p.original is None]
        query = request.query
        if which == "hot":
            posts = sorted(posts, key=lambda p: -p.comments)[:HOT]
        elif which == "show" and "id" in query:
            posts = [p for p in posts if str(p.id) == query["id"]]
        elif which == "show" and query.get("node_name") != _NODE["name"]:
            posts = []
        listed = shown(posts[:PAGE], fault)
        return self._reply([self._topic(p, deleted=fault is Fault.DELETED) for p in listed], fault)

    def replies(self, request: Request, fault: Fault | None = None) -> Reply:
        """All replies of the topic with `topic_id`, oldest first."""
        about = request.query.get("topic_id", "")
        posts = [p for p in self._world.newest("v2ex") if p.original is not None and str(p.original.id) == about]
        return self._reply([self._said(p, topic_id=int(about)) for p in reversed(posts)], fault)

    def _topic(self, post: Post, *, deleted: bool) -> dict[str, Any]:
        replies = [p for p in self._world.newest("v2ex") if p.original is not None and p.original.id == post.id]
        touched = int(max(p.at for p in (post, *replies)).timestamp())
        return self._said(post) | {
            "title": post.title,
            "url": f"https://www.v2ex.com/t/{post.id}",
            "deleted": int(deleted),
            "replies": len(replies),
            "last_touched": touched,
            "last_reply_by": replies[0].author.name if replies else "",
            "node": _NODE,
        }

    def _said(self, post: Post, **more: Any) -> dict[str, Any]:
        at = int(post.at.timestamp())
        member = {"id": post.author.uid, "username": post.author.name, "url": "", "avatar_mini": ""}
        told = {"id": post.id, "content": post.text, "content_rendered": f"<p>{escape(post.text)}</p>"}
        return told | {"created": at, "last_modified": at, "member": member, "synthetic": True} | more

    def _reply(self, value: object, fault: Fault | None) -> Reply:
        self._asked += 1
        left = 0 if fault is Fault.NEARLY_USED_UP else max(0, ALLOWED - self._asked)
        headers = (("X-Rate-Limit-Limit", str(ALLOWED)), ("X-Rate-Limit-Remaining", str(left)))
        return Reply(json.dumps(value, ensure_ascii=False).encode(), headers=headers)
