"""What m.weibo.cn's bodies are made of: posts, authors, times and markup. Shapes as recorded in 2019."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from demo.replica.posts import Author, Post, bid_of

CUT_AT = 130  # characters of a long post that a list shows
ZONE = ZoneInfo("Asia/Shanghai")
MADE_UP = "听风演示·虚构"  # stands where an app names itself: nothing here was ever said by anybody
IMAGE = "https://img.example/x.jpg"

_EMOTICON = re.compile(r"\[([0-9A-Za-z\u4e00-\u9fff]{1,8})\]")
_TOPIC = re.compile(r"#([^#<>\s]{1,40})#")
_AT = re.compile(r"@([0-9A-Za-z_\-\u4e00-\u9fff]{2,30})")


def spelled(at: datetime, *, now: datetime, relative: bool) -> str:
    """A time as the site writes it: in full, or relative to `now` in Shanghai ('刚刚' … '昨天 12:30', '06-14')."""
    local, today = at.astimezone(ZONE), now.astimezone(ZONE)
    if not relative:
        return local.strftime("%a %b %d %H:%M:%S +0800 %Y")
    age = now - at
    if age < timedelta(minutes=1):
        return "刚刚"
    if age < timedelta(hours=1):
        return f"{age // timedelta(minutes=1)}分钟前"
    if local.date() == today.date():
        return f"{age // timedelta(hours=1)}小时前"
    if local.date() == today.date() - timedelta(days=1):
        return f"昨天 {local:%H:%M}"
    return f"{local:%m-%d}" if local.year == today.year else f"{local:%Y-%m-%d}"


def as_html(text: str) -> str:
    """Plain text as the site's markup: escaped, emoticons as pictures, topics and names as links."""
    made = html.escape(text, quote=False).replace("\n", "<br />")
    made = _EMOTICON.sub(_emoticon, made)
    made = _TOPIC.sub(_topic, made)
    return _AT.sub(r"<a href='/n/\1'>@\1</a>", made)


def mblog(post: Post, *, now: datetime) -> dict[str, Any]:
    """A post as the site's JSON has it."""
    return {"created_at": spelled(post.at, now=now, relative=post.id % 2 == 1), **mblog_rest(post, now)}


def mblog_rest(post: Post, now: datetime) -> dict[str, Any]:
    text = as_html(post.text[:CUT_AT]) + f'...<a href="/status/{post.id}">全文</a>' if post.long else as_html(post.text)
    rest: dict[str, Any] = {
        "id": str(post.id),
        "idstr": str(post.id),
        "mid": str(post.id),
        "text": text,
        "textLength": 2 * len(post.text),
        "user": user_of(post.author),
        **counts(post),
        "isLongText": post.long,
        "bid": bid_of(post.id),
        **_FIXED,
    }
    if post.region:
        rest["region_name"] = f"发布于 {post.region}"
    if post.original is not None:
        # Inside a kept card a relative time would grow stale: the original's is always in full.
        full = spelled(post.original.at, now=now, relative=False)
        rest["retweeted_status"] = {"created_at": full, **mblog_rest(post.original, now)}
        rest["raw_text"] = post.text
    return rest


def counts(post: Post) -> dict[str, int | str]:
    return {
        "reposts_count": _count(post.reposts),
        "comments_count": _count(post.comments),
        "attitudes_count": _count(post.likes),
    }


def _count(number: int) -> int | str:
    return number if number < 1_000_000 else f"{number // 1_000_000 * 100}万+"


def user_of(author: Author) -> dict[str, Any]:
    followers = author.followers
    return {
        "id": author.uid,
        "screen_name": author.name,
        "profile_url": f"https://m.weibo.cn/u/{author.uid}?uid={author.uid}&luicode=10000011",
        "followers_count": followers if followers < 100_000 else f"{followers / 10_000:.1f}万",
        "verified": author.verified_type >= 0,
        "verified_type": author.verified_type,
        **_FIXED_USER,
    }


_FIXED_USER = {
    "profile_image_url": IMAGE,
    "statuses_count": 100,
    "verified_reason": "",
    "close_blue_v": False,
    "description": "虚构账号 synthetic account",
    "gender": "f",
    "mbtype": 0,
    "urank": 9,
    "mbrank": 0,
    "follow_me": False,
    "following": False,
    "follow_count": 100,
    "cover_image_phone": IMAGE,
    "avatar_hd": IMAGE,
    "like": False,
    "like_me": False,
    "badge": {},
}

_FIXED: dict[str, Any] = {
    "synthetic": True,
    "source": MADE_UP,
    "can_edit": False,
    "show_additional_indication": 0,
    "favorited": False,
    "pic_types": "",
    "is_paid": False,
    "mblog_vip_type": 0,
    "pending_approval_count": 0,
    "reward_exhibition_type": 0,
    "hide_flag": 0,
    "visible": {"type": 0, "list_id": 0},
    "mblogtype": 0,
    "more_info_type": 0,
    "cardid": "",
    "extern_safe": 0,
    # A rule for display, not this post's count: a trap the parser must not step into.
    "number_display_strategy": {
        "apply_scenario_flag": 3,
        "display_text_min_number": 1_000_000,
        "display_text": "100万+",
    },
    "content_auth": 0,
    "hide_hot_flow": 0,
    "mblog_menu_new_style": 0,
    "edit_config": {"edited": False},
    "weibo_position": 1,
    "show_attitude_bar": 0,
}


def _emoticon(found: re.Match[str]) -> str:
    picture = "//h5.sinaimg.cn/m/emoticon/icon/default/x.png"
    return f'<span class="url-icon"><img alt={found[0]} src="{picture}" style="width:1em; height:1em;" /></span>'


def _topic(found: re.Match[str]) -> str:
    target = quote(f"231522type=1&t=10&q={html.unescape(found[0])}", safe="")
    return (
        f'<a  href="https://m.weibo.cn/search?containerid={target}&luicode=10000011" data-hide="">'
        f'<span class="surl-text">{found[0]}</span></a>'
    )
