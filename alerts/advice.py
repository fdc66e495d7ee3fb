"""What to do next, in the reader's language: short steps, the first one first. Data, no decisions beyond picking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tingfeng.model import Reason


@dataclass(frozen=True, slots=True)
class Cause:
    """Why we are blind in a source: a sentence, and what helps."""

    text: str
    to_do: tuple[str, ...]


_WAIT = "降低频率：把该来源的 interval 调大，或减少查询词，过一小时再看。"
_DOCTOR = "运行 tingfeng once crawl 看是否恢复。"
_NEW_PARSER = "平台可能改版：升级听风；若已是最新版，请带上这封邮件里的说明提交 issue。"
_CREDENTIAL = "在浏览器重新登录该平台，更新对应的 TINGFENG_CREDENTIAL_… 凭据并重启守护进程。"

# By the named reason of a run (crawler/refusals.py and its neighbours), and by what only watching can tell.
CAUSES: Mapping[str, Cause] = {
    "login_required": Cause(
        "平台要求登录，而该来源没有带登录凭据。",
        ("在浏览器登录该平台，把 Cookie 设为该来源的 TINGFENG_CREDENTIAL_… 凭据并重启守护进程。", _DOCTOR),
    ),
    "cookie_expired": Cause(
        "登录凭据已过期：带着凭据访问，平台仍要求登录。",
        (_CREDENTIAL, "更新后运行 tingfeng once crawl；中断期间的内容，平台仍列出的会自动补采。"),
    ),
    "unauthorized": Cause("平台不接受当前凭据（401）。", (_CREDENTIAL, _DOCTOR)),
    "payment_required": Cause("平台要求付费或额度已用完（402）。", ("在平台后台查看额度并续费。", _DOCTOR)),
    "quota_exhausted": Cause("平台接口的额度已用完。", ("在平台后台查看额度；额度恢复前请减少查询词。", _DOCTOR)),
    "budget_used_up": Cause(
        "为该来源设定的预算已用完，到下一个周期前不再访问。",
        ("若需要今晚就看到：调高该来源的预算并重启守护进程。", "否则等预算周期重新开始，或减少查询词。"),
    ),
    "forbidden": Cause("平台拒绝访问（403）。", ("检查凭据是否有效、出口 IP 是否被限制。", _WAIT, _DOCTOR)),
    "captcha": Cause("平台要求人工验证（验证码）。", ("在浏览器打开该平台完成验证并更新凭据。", _WAIT, _DOCTOR)),
    "risk_control": Cause("平台的风控拦截了访问。", (_WAIT, _CREDENTIAL)),
    "anticrawl": Cause("平台的反爬机制拦截了访问（432）。", (_WAIT, _CREDENTIAL)),
    "teapot": Cause("平台限制了访问频率（418）。", (_WAIT,)),
    "too_many_requests": Cause("访问过于频繁，被平台限流。", (_WAIT,)),
    "rate_limited": Cause("访问过于频繁，被平台接口限流。", (_WAIT,)),
    "plan_required": Cause("官方网关未开通套餐，或套餐已到期。", ("在平台控制台开通或续费套餐。", _DOCTOR)),
    "count_exceeds_max": Cause("每页条数超过官方网关的上限。", ("把该来源的 count 调小（不超过 20）。", _DOCTOR)),
    "not_ok": Cause("平台没有给出数据，也没有说明原因。", (_CREDENTIAL, _WAIT)),
    "proxy_refused": Cause("代理要求认证或拒绝了请求（407）。", ("检查代理设置与账号。", _DOCTOR)),
    "ignored": Cause("请求被放弃，没有发出。", ("查看日志中的原因，检查来源设置。",)),
    "legal_reasons": Cause("内容因法律原因不可用（451）。", ("检查查询词，必要时停用该查询。",)),
    "robots_denied": Cause(
        "该网站的 robots.txt 不允许抓取。", ("请停用该来源，或在取得许可后写明 robots_override_reason。",)
    ),
    "robots_unreachable": Cause("读取 robots.txt 失败，为守规矩没有继续。", ("检查网络与 base_url。", _DOCTOR)),
    "redirected": Cause("请求被转到了别的页面。", ("检查 base_url 与凭据是否有效。", _DOCTOR)),
    "private_address": Cause(
        "请求指向内网地址，为安全没有连接。",
        (
            "检查 base_url 与订阅地址是否被人改动、DNS 是否被劫持。",
            "若确是自建服务，请写内网 IP，或为该来源设置 allow_private = true。",
        ),
    ),
    "unreachable": Cause(
        "连不上平台，或平台没有正常应答。", ("检查网络、DNS 与代理。", "稍后会自动重试；若持续，请查看平台状态。")
    ),
    "not_found": Cause("地址不存在（404）。", ("检查来源的 base_url 与订阅地址。",)),
    "bad_request": Cause("平台不认识我们的请求。", ("检查查询词与来源设置。", _NEW_PARSER)),
    "layout_changed": Cause("平台返回的内容与我们认识的格式不同。", (_NEW_PARSER,)),
    "too_large": Cause("返回的内容超出大小上限。", ("检查来源地址是否正确，必要时调大上限。",)),
    "clock_skew": Cause(
        "本机时钟与平台相差太多，“5 分钟前”这类时间无法换算。",
        (
            "运行 timedatectl 检查并打开时间同步（NTP）。",
            "若本机时间正确，则是平台的时钟有误：可先停用该来源。",
            _DOCTOR,
        ),
    ),
    "suspicious_silence": Cause(
        "抓取看似正常，却没有任何内容：按这个来源平时的数量，这样安静几乎不可能。",
        (
            "先在浏览器里用同样的查询词搜一次：若网页上有新内容，就是平台对听风隐藏了结果。",
            _CREDENTIAL,
            "若网页上也没有（例如词被屏蔽），请换查询词；出现新内容后会自动恢复并补采。",
        ),
    ),
    "last_page_only": Cause(
        "平台只给出一页结果，其余的看不到。",
        ("在浏览器里搜同样的词并往后翻页：若要求登录，请更新凭据。", _CREDENTIAL, "把 interval 调小，让一页够用。"),
    ),
    "stale_feed": Cause(
        "订阅源还能打开，但很久没有新条目。",
        (
            "在浏览器打开订阅地址，看最新一条的时间。",
            "若是自建 RSSHub：检查路由的 Cookie 并重启；若原站停更，停用该来源。",
        ),
    ),
    "timeout": Cause("抓取超过时限，已中止。", ("调大该来源的 time_limit，或减少查询词。", "检查网络速度。")),
    "incomplete": Cause("有查询没有跑完。", (_DOCTOR,)),
    "config": Cause("来源的设置有误。", ("运行 tingfeng check-config，按提示修改。",)),
    "store": Cause("抓取到的内容写不进数据库。", ("检查磁盘空间与数据库连接。", _DOCTOR)),
    "crash": Cause("抓取进程意外退出。", ("查看日志；若重复出现，请带上日志提交 issue。", _DOCTOR)),
    "empty": Cause("来源返回了空列表。", ("检查地址与节点名是否正确。", _NEW_PARSER)),
    "stale": Cause(
        "很久没有成功的抓取。", ("确认 tingfeng run 守护进程仍在运行。", "查看日志中该来源的抓取记录。", _DOCTOR)
    ),
}
_UNKNOWN = Cause("抓取没有成功。", ("查看日志中该来源的抓取记录。", _DOCTOR))


def cause_of(name: str) -> Cause:
    """What is known about a named reason; a general word for those without an entry."""
    return CAUSES.get(name, _UNKNOWN)


def hot_steps(reason: Reason) -> tuple[str, ...]:
    """Steps for whoever looks after a brand that is on a hot list."""
    if reason is Reason.RESOLVED:
        return (
            "确认该回应的已经回应，热门帖评论区里的问题有人跟进。",
            "复盘：为什么上榜、谁推上去的、从上榜到第一次回应用了多久，记入事件说明。",
            "未来 48 小时留意是否再次上榜。",
        )
    return (
        "打开在榜词条的链接，读热门帖和评论区，先判断：投诉、谣言、玩梗，还是好事。",
        "若是负面：指定一位负责人，一小时内给出内部结论或第一次公开回应，先回应在发酵的那个平台。",
        "统一口径，通知客服、门店和合作方；检查今天排期的投放与发文，可能火上浇油的先暂停。",
        "若已知情且无需再提醒，可静默该品牌一段时间。",
    )


def alert_steps(reason: Reason, *, most_copies: int, unseen: Sequence[str], is_wave: bool = False) -> tuple[str, ...]:
    """Steps for whoever looks after the brand. `most_copies`: posts of the most copied story; `is_wave`: see waves."""
    if reason is Reason.RESOLVED:
        return (
            "确认公开回应已经发出，原帖作者的问题有人跟进。",
            "复盘：起因、第一条帖子、响应用时，记入事件说明。",
            "未来 48 小时留意同类词是否再次升高。",
        )
    steps = ["先读下面影响最大的几条原帖，判断属于质量、服务、价格、安全还是谣言。"]
    if is_wave:
        steps.append(
            f"同一段文字出现了 {most_copies} 次，疑似复制扩散：先看首发的一条，核实是否属实，再决定是否逐条回应。"
        )
    elif most_copies >= 3:
        steps.append(f"同一内容出现了 {most_copies} 次：先找到最早的一条，核实是否属实。")
    if reason is Reason.REPEAT:
        steps.append("负面仍在持续：确认负责人和已发出的回应，评估是否需要升级。")
    else:
        steps.append("指定一位负责人，核实事实；一小时内给出内部结论或第一次公开回应。")
    if unseen:
        steps.append(f"{'、'.join(unseen)} 目前看不到，实际数量可能更多：请人工查看该平台。")
    steps.append("若已知情且无需再提醒，可静默该品牌一段时间。")
    return tuple(steps)
