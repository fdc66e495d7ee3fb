"""Synthetic hot lists in every form the readers know. Nothing in them was ever on a list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

WORDS = ("云雀奶茶喝出异物", "周末天气", "新片首映")


def body(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def official(words: Sequence[str] = WORDS) -> dict[str, Any]:
    items = [
        {
            "cat": "hot",
            "id": place,
            "word": word,
            "num": 1_000_000 // place,
            "flag": 1,
            "app_query_link": f"sinaweibo://searchall?q={word}",
            "h5_query_link": f"https://s.weibo.com/weibo?q={word}",
            "flag_link": "",
        }
        for place, word in enumerate(words, 1)
    ]
    inner = {"callTime": "2026-11-21 10:00", "source": "来自于微博热搜", "data": items}
    return {"code": 0, "message": "success", "data": inner}


def token(value: str = "t0ken") -> dict[str, Any]:
    return {"code": 0, "message": "success", "data": {"token": value, "uid": 1, "expire_in": 7200}}


def side(words: Sequence[str] = WORDS) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"word": word, "word_scheme": f"#{word}#", "num": 900_000 // place, "realpos": place, "rank": place - 1}
        for place, word in enumerate(words, 1)
    ]
    rows.insert(1, {"word": "云雀广告", "word_scheme": "云雀广告", "is_ad": 1, "rank": 1})
    gov = {"word": "#云雀置顶#", "is_gov": 1, "pos": 1}
    return {"ok": 1, "data": {"realtime": rows, "hotgov": gov, "hotgovs": [gov]}}


def cards(words: Sequence[str] = WORDS) -> dict[str, Any]:
    group: list[dict[str, Any]] = [{"desc": "置顶的话题", "scheme": "https://m.weibo.cn/search"}]
    group += [{"desc": word, "desc_extr": f"剧集 {800_000 // n}"} for n, word in enumerate(words, 1)]
    group.insert(2, {"desc": "云雀广告", "desc_extr": 5, "promotion": {"monitor_url": []}})
    return {"ok": 1, "data": {"cards": [{"card_type": 11, "card_group": group}]}}


def summary(words: Sequence[str] = WORDS) -> bytes:
    rows = ['<tr><td class="td-01"><i class="icon-top"></i></td><td class="td-02"><a href="/x">置顶</a></td></tr>']
    rows += [
        f'<tr><td class="td-01 ranktop">{n}</td><td class="td-02"><a href="/weibo?q=x">{word}</a>'
        f'<span> 综艺 {700_000 // n}</span></td><td class="td-03"><i>新</i></td></tr>'
        for n, word in enumerate(words, 1)
    ]
    bought = '<td class="td-02"><a href="javascript:void(0);">云雀广告</a></td><td class="td-03"><i>荐</i></td>'
    rows.insert(2, f'<tr><td class="td-01">•</td>{bought}</tr>')
    head = "<thead><tr><th>序号</th><th>关键词</th></tr></thead>"
    table = f"<table>{head}<tbody>{''.join(rows)}</tbody></table>"
    return f'<!DOCTYPE html><html><body><div id="pl_top_realtimehot">{table}</div></body></html>'.encode()


def baidu(words: Sequence[str] = WORDS) -> dict[str, Any]:
    content = [
        {"word": w, "query": w, "desc": f"{w}的经过", "hotScore": str(7_000_000 // (i + 1)), "index": i}
        | {"rawUrl": f"https://www.baidu.com/s?wd={i}"}
        for i, w in enumerate(words)
    ]
    card = {"component": "hotList", "content": content, "topContent": [{"word": "置顶"}], "updateTime": "1780543702"}
    return {"success": True, "data": {"cards": [card]}, "error": {}}


def baidu_on_phones(words: Sequence[str] = WORDS) -> dict[str, Any]:
    inner = [{"word": w, "index": i, "url": "https://m.baidu.com/s?word=x"} for i, w in enumerate(words)]
    return {"data": {"cards": [{"content": [{"content": [{"word": "置顶", "isTop": True}, *inner]}]}]}}


def baidu_page(words: Sequence[str] = WORDS) -> bytes:
    return b"<!DOCTYPE html><html><body><!--s-data:" + body(baidu(words)["data"]) + b"--></body></html>"


def tencent(words: Sequence[str] = WORDS) -> dict[str, Any]:
    items: list[dict[str, Any]] = [{"id": "TIP2026", "title": "热榜"}]
    items += [
        {
            "id": f"20261121A0000{n}",
            "title": word,
            "abstract": f"{word}的经过",
            "url": f"https://view.inews.qq.com/a/20261121A0000{n}",
            "time": "2026-11-21 09:00:00",
            "timestamp": 1_795_222_800,
            "source": "听风演示社",
            "hotEvent": {"hotScore": 5_000_000 // n, "ranking": n},
        }
        for n, word in enumerate(words, 1)
    ]
    return {"ret": 0, "idlist": [{"newslist": items}]}


def toutiao(words: Sequence[str] = WORDS) -> dict[str, Any]:
    items = [{"ClusterIdStr": f"77{n}", "Title": w, "HotValue": str(9_000 // n)} for n, w in enumerate(words, 1)]
    return {"status": "success", "data": items}


def thepaper(words: Sequence[str] = WORDS) -> dict[str, Any]:
    items = [{"contId": f"33{n}", "name": w, "pubTimeLong": 1_795_222_800_000} for n, w in enumerate(words, 1)]
    return {"resultCode": 1, "data": {"hotNews": items}}


def zhihu(words: Sequence[str] = WORDS) -> dict[str, Any]:
    items = [
        {
            "card_id": f"Q_44{n}",
            "target": {
                "title_area": {"text": word},
                "excerpt_area": {"text": f"{word}的经过"},
                "metrics_area": {"text": f"{600 // n} 万热度"},
                "link": {"url": f"https://www.zhihu.com/question/44{n}?utm_division=hot"},
            },
        }
        for n, word in enumerate(words, 1)
    ]
    return {"data": items, "fresh_text": "热榜已更新"}


def zhihu_app(words: Sequence[str] = WORDS) -> dict[str, Any]:
    items = [
        {
            "target": {"id": 440 + n, "title": w, "created": 1_795_222_800, "excerpt": ""},
            "detail_text": f"{60 // n} 万热度",
        }
        for n, w in enumerate(words, 1)
    ]
    return {"data": items}


def zhihu_official(words: Sequence[str] = WORDS) -> dict[str, Any]:
    items = [
        {
            "Title": f"{word[:2]}<em>{word[2:]}</em>",
            "Url": f"https://www.zhihu.com/question/44{n}?utm_medium=openapi_platform&utm_source=fingerprint",
            "ThumbnailUrl": "",
            "Summary": f"{word}的经过",
        }
        for n, word in enumerate(words, 1)
    ]
    return {"Code": 0, "Message": "success", "Data": {"Total": len(items), "Items": items}}


def bilibili(words: Sequence[str] = WORDS) -> dict[str, Any]:
    items: list[dict[str, Any]] = [
        {"keyword": w, "show_name": w, "heat_score": 90_000 // n, "pos": n, "stat_datas": {"is_commercial": "0"}}
        for n, w in enumerate(words, 1)
    ]
    items.insert(0, {"keyword": "云雀广告", "show_name": "云雀广告", "stat_datas": {"is_commercial": "1"}})
    return {"code": 0, "list": items}


def tieba(words: Sequence[str] = WORDS) -> dict[str, Any]:
    items = [
        {
            "topic_id": 550 + n,
            "topic_name": word,
            "topic_url": f"https://tieba.baidu.com/hottopic/browse/hottopic?topic_id={550 + n}&amp;topic_name=x",
            "discuss_num": 80_000 // n,
            "create_time": 1_795_222_800,
            "topic_desc": "",
        }
        for n, word in enumerate(words, 1)
    ]
    return {"errno": 0, "data": {"bang_topic": {"topic_list": items}}}


WEIBO = {"official": official, "side": side, "cards": cards, "summary": summary}
BOARDS = {
    "baidu": baidu,
    "baidu on phones": baidu_on_phones,
    "baidu page": baidu_page,
    "tencent": tencent,
    "toutiao": toutiao,
    "thepaper": thepaper,
    "zhihu": zhihu,
    "zhihu app": zhihu_app,
    "zhihu official": zhihu_official,
    "bilibili": bilibili,
    "tieba": tieba,
}


def bytes_of(made: dict[str, Any] | bytes) -> bytes:
    return made if isinstance(made, bytes) else body(made)
