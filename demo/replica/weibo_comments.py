"""m.weibo.cn's comments of a post, hottest first. Shape as recorded in 2019; the words are invented."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from demo.replica.http import Reply, Request
from demo.replica.posts import Author, Post, World, bid_of, mid_at
from demo.replica.weibo_bodies import MADE_UP, as_html, spelled, user_of

PAGE = 20  # comments
MOST = 60  # that a post shows, however many it claims to have
ANSWERED = 7  # every so many-th comment has an answer below it
_SAID = ("同感[doge]", "我的也是这样", "客服怎么说？", "等一个回应", "没遇到过", "买之前看到就好了", "已经换了别家")


class WeiboComments:
    """Answers `/comments/hotflow?id=&mid=&max_id_type=`, with `max_id` from the page before."""

    def __init__(self, world: World) -> None:
        self._world = world

    def hotflow(self, request: Request) -> Reply:
        """A page of comments; a deleted post has none to show."""
        number, start = request.query.get("id", ""), request.query.get("max_id", "0")
        post = self._world.post("weibo", int(number)) if number.isdigit() else None
        if post is None:
            return _reply({"ok": 0, "errno": "20101", "msg": "该微博不存在"})
        first = int(start) if start.isdigit() and len(start) < 6 else 0
        shown = [self._comment(post, n) for n in range(first, min(first + PAGE, self._how_many(post)))]
        following = first + PAGE if first + PAGE < self._how_many(post) else 0
        data = {
            "data": shown,
            "total_number": post.comments,
            "status": {"comment_manage_info": {"comment_permission_type": -1, "approval_comment_type": 0}},
            "max_id": following,
            "max": -(-post.comments // PAGE),
            "max_id_type": 0,
        }
        return _reply({"ok": 1, "data": data})

    def _how_many(self, post: Post) -> int:
        """One more every minute since it was published, up to what it has in the end."""
        return min(post.comments, MOST, max(0, (self._world.clock.now - post.at) // timedelta(minutes=1)))

    def _comment(self, post: Post, n: int) -> dict[str, Any]:
        made = self._words(post, n)
        made["comments"] = [self._answer(post, n, made)] if n % ANSWERED == 0 else False
        return made | {
            "max_id": 0,
            "total_number": int(n % ANSWERED == 0),
            "isLikedByMblogAuthor": False,
            "more_info_type": 0,
            "like_count": 60 - n,
            "liked": False,
        }

    def _answer(self, post: Post, n: int, above: dict[str, Any]) -> dict[str, Any]:
        made = self._words(post, n + MOST)
        words = f"回复@{above['user']['screen_name']}:{_SAID[(n + 3) % len(_SAID)]}"
        return made | {
            "rootid": above["id"],
            "floor_number": 0,
            "text": as_html(words),
            "reply_original_text": _SAID[(n + 3) % len(_SAID)],
            "shouldShowColon": 0,
        }

    def _words(self, post: Post, n: int) -> dict[str, Any]:
        """What comments and answers have in common."""
        at = post.at + timedelta(minutes=1 + n % MOST)
        number = mid_at(at, (post.id * 997 + n) % 4_194_304)  # posts of one minute share no comments
        author = Author(uid=8_000_000_000 + n, name=f"示例评论者{n}", followers=n)
        return {
            "created_at": spelled(at, now=self._world.clock.now, relative=False),
            "id": str(number),
            "rootid": str(number),
            "floor_number": n + 1,
            "text": as_html(_SAID[n % len(_SAID)]),
            "disable_reply": 0,
            "comment_badge": [],
            "user": user_of(author),
            "mid": str(number),
            "readtimetype": "comment",
            "bid": bid_of(number),
            "source": "来自浙江" if n % 2 else MADE_UP,
            "synthetic": True,
        }


def _reply(value: object) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode())
