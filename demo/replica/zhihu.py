"""developer.zhihu.com: the official search, answers of a question, the quota.

Envelope, errors and fields as its documents and clients tell.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from demo.replica.faults import Fault, shown
from demo.replica.http import Reply, Request
from demo.replica.posts import Post, World

MOST = 10  # items; there is no second page
EVERGREEN = 2  # of them old ones with many votes: the platform's search is weak on recency
MOST_ANSWERS = 50  # of a question at once
EXCERPT = 200  # characters of an answer in the list
QUOTA = 1_000_000  # calls a day: the demo plays a month in seconds
QUERY_LENGTH = range(2, 101)  # characters


class Zhihu:
    """Answers `/api/v1/content/zhihu_search`, `…/question_answers` and `/api/v1/quota` to whoever has the secret."""

    def __init__(self, world: World, *, secret: str) -> None:
        self._world, self._secret, self._used = world, secret, 0

    def search(self, request: Request, fault: Fault | None = None) -> Reply:
        """At most ten items in the platform's own order, which is not that of time."""
        query = request.query
        if (refusal := self._stranger(request)) is not None:
            return refusal
        words, count = query.get("Query", "").strip(), query.get("Count", str(MOST))
        if len(words) not in QUERY_LENGTH or not count.isdigit() or not 1 <= int(count) <= MOST:
            return _failure(10001, "invalid parameter")
        self._used += 1
        posts = shown(self._ranked(words, int(count)), fault)
        data = {
            "HasMore": False,
            "SearchHashId": hashlib.sha256(words.encode()).hexdigest()[:16],
            "Items": [self._item(post, words, rank) for rank, post in enumerate(posts)],
            "EmptyReason": "" if posts else "no result",
        }
        return _reply({"Code": 0, "Message": "success", "Data": data})

    def answers(self, request: Request) -> Reply:
        """Answers of one question, the newest first, with their beginnings only and the offset of the next."""
        if (refusal := self._stranger(request)) is not None:
            return refusal
        query = request.query
        found = re.search(r"/question/(\d+)", query.get("QuestionUrl", ""))
        offset, limit = query.get("Offset", "0"), query.get("Limit", "20")
        if found is None or not offset.isdigit() or not limit.isdigit() or not 1 <= int(limit) <= MOST_ANSWERS:
            return _failure(10001, "invalid parameter")
        posts = [p for p in self._world.newest("zhihu") if not _is_article(p) and _question(p) == int(found[1])]
        end = int(offset) + int(limit)
        items = [self._item(post, "", rank) for rank, post in enumerate(posts[int(offset) : end])]
        for item in items:
            item["Summary"] = item.pop("ContentText")[:EXCERPT]
        more = end < len(posts)
        data = {"HasMore": more, "NextOffset": str(end) if more else "", "Items": items}
        return _reply({"Code": 0, "Message": "success", "Data": data})

    def quota(self, request: Request, *, used_up: bool = False) -> Reply:
        """What is left today of each API that is asked about."""
        if (refusal := self._stranger(request)) is not None:
            return refusal
        used = QUOTA if used_up else min(QUOTA, self._used)
        told = {"TotalQuota": QUOTA, "TotalUsed": used, "RemainingQuota": QUOTA - used}
        items = [{"APIID": api, **told} for api in request.query.get("APIIDs", "").split(",") if api]
        return _reply({"Code": 0, "Message": "success", "Data": {"Items": items}})

    def _stranger(self, request: Request) -> Reply | None:
        if request.headers.get("authorization") != f"Bearer {self._secret}":
            return _failure(20001, "authentication failed", 401)
        if not request.headers.get("x-request-timestamp", "").isdigit():
            return _failure(10001, "X-Request-Timestamp is missing")
        return None

    def _ranked(self, words: str, count: int) -> list[Post]:
        posts, _ = self._world.search("zhihu", words)
        fresh, older = posts[: max(1, count - EVERGREEN)], posts[max(1, count - EVERGREEN) :]
        old = sorted(older, key=lambda p: -p.likes)[: count - len(fresh)]
        return sorted(fresh + old, key=lambda p: hashlib.sha256(f"{words}{p.id}".encode()).digest())

    def _item(self, post: Post, words: str, rank: int) -> dict[str, Any]:
        article = _is_article(post)
        answer = f"www.zhihu.com/question/{_question(post)}/answer/{post.id}"
        path = f"zhuanlan.zhihu.com/p/{post.id}" if article else answer
        text = post.text
        for word in words.split():
            text = text.replace(word, f"<em>{word}</em>")
        # The platform writes a fingerprint of the credential into each address: it must never be kept.
        mark = hashlib.sha256(self._secret.encode()).hexdigest()[:12]
        return {
            "Title": post.title.replace(words, f"<em>{words}</em>") if words else post.title,
            "ContentType": "Article" if article else "Answer",
            "ContentID": str(post.id),
            "ContentText": text,
            "Url": f"https://{path}?utm_medium=openapi_platform&utm_source={mark}",
            "CommentCount": post.comments,
            "VoteUpCount": post.likes,
            "AuthorName": post.author.name,
            "AuthorAvatar": "https://img.example/x.jpg",
            "AuthorBadge": "",
            "AuthorBadgeText": "虚构账号",
            "EditTime": int(post.at.timestamp()),
            "AuthorityLevel": str(1 + post.id % 4),
            "RankingScore": round(1.0 - rank / 20, 3),
            "CommentInfoList": [],
            "Synthetic": True,
        }


def _is_article(post: Post) -> bool:
    return post.id % 3 == 0


def _question(post: Post) -> int:
    return post.id // 7


def _failure(code: int, message: str, status: int = 200) -> Reply:
    return _reply({"Code": code, "Message": message, "Data": None}, status)


def _reply(value: object, status: int = 200) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode(), status)
