"""Every name under which a source can be blind, with its words: the one table that crawler, mails and terminal share.

A crawl that did not see what it set out to see ends under one of these names, never as "nothing found". What helps
against each is in alerts.advice; a test holds both tables, and every name the crawler can raise, together.
"""

from __future__ import annotations

from collections.abc import Mapping

# Name → a few words for a line in a table or a mail.
NAMES: Mapping[str, str] = {
    # The platform says no.
    "login_required": "平台要求登录",
    "cookie_expired": "登录凭据过期",
    "unauthorized": "凭据不被接受",
    "payment_required": "要求付费",
    "quota_exhausted": "接口额度用完",
    "budget_used_up": "预算用完",
    "forbidden": "拒绝访问",
    "captcha": "要求验证码",
    "risk_control": "风控拦截",
    "anticrawl": "反爬拦截",
    "plan_required": "需要开通套餐",
    "count_exceeds_max": "每页条数超限",
    "teapot": "限制访问",
    "too_many_requests": "访问过频",
    "rate_limited": "接口限流",
    "not_ok": "没有给出数据",
    "proxy_refused": "代理拒绝",
    "ignored": "请求被放弃",
    "legal_reasons": "法律原因不可用",
    "robots_denied": "robots.txt 不允许",
    "redirected": "被转到别处",
    "private_address": "被转到内网地址",
    # No answer, or one that is not understood.
    "robots_unreachable": "robots.txt 读不到",
    "unreachable": "连不上",
    "not_found": "地址不存在",
    "empty": "返回空列表",
    "bad_request": "请求不被认识",
    "layout_changed": "页面格式改变",
    "too_large": "内容过大",
    "clock_skew": "时钟不准",
    # Answers that look fine and are not.
    "suspicious_silence": "反常的安静",
    "last_page_only": "只给出一页",
    "stale_feed": "订阅源停更",
    # Our own doing.
    "timeout": "超过时限",
    "incomplete": "没有跑完",
    "config": "设置有误",
    "store": "写不进数据库",
    "crash": "进程退出",
    "stopped": "听风被停止",
    "killed": "进程被终止",
    "stale": "很久没有抓取",
}


def words_of(name: str) -> str:
    """A few words for a name; the name itself where it is none of ours (a plug-in's)."""
    return NAMES.get(name, name)
