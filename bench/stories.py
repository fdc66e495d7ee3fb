"""How well near-copies are found, and how fast: `python bench/stories.py [quality|scale] [--shared FOLDER] [--n N]`.

quality: copies with one kind of edit each are planted into real texts; pairs of texts in one story are compared with
the truth. Every second base was looked at while the thresholds were chosen ("develop"); figures are of the others.
Bases that are equal once normalised are no error when they meet; bases that are merely alike count as errors. Beside
it two yardsticks: equal text, and plain 64-bit SimHash of the same letters with a Hamming distance of at most 3.

scale: mentions of mixed length, a third of them copies, are stored in SQLite and grouped by the job itself, in a child
process on one core. Exits 1 when a floor is missed.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

# Before this folder, or `import sentiment` would find the bench of that name.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sentiment.jobs_stories import group_pending
from sentiment.text import Normaliser
from store import mentions
from store.database import Database, upgrade
from tests.support.stories import DictIndex
from tingfeng.model import Mention
from tingfeng.stories import group, prints

BATCH = 2_000
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
LEAST_F1, LEAST_RATE, MOST_MB = 0.95, 1_667, 2_000  # texts a second: a million in ten minutes
CORPORA = ("weibo2018", "smp_usual", "smp_virus", "clue", "waimai", "htl", "shop")
EMOJI = ("😂", "[怒][怒]", "🔥🔥🔥", "[doge]", "👍", "😭😭")
PREFIXES = ("转发：", "【快讯】", "转：", "【求扩散】", "快看！", "Re: ", "网友爆料：")
INSERTS = ("真的是服了", "大家注意", "（图）", "有没有同款", "太离谱了吧", "等一个回应")
WORDS = ("真的", "今天", "商家", "非常", "东西", "以后", "感觉", "问题", "朋友", "最近", "一直", "服务")
PROMOTIONS = (
    "转发本条微博并关注我们，抽一位粉丝送出{}一台，下周一开奖，大家快来参加吧",
    "{}限时特惠，今晚八点直播间下单立减两百元，前一百名再送定制礼包，点击链接领取优惠券",
    "我在双十一活动中分享了{}，快来帮我助力，一起领红包赢大奖",
    "刚刚入手了{}，用了三天来说说感受，有想买的朋友可以参考一下",
    "{}怎么样？{}值得买吗？求用过的朋友说说真实体验，谢谢",
    "招聘{}门店店员，包吃住，月薪六千起，有意者请私信联系",
    "{}今日收盘上涨百分之三，成交额较昨日放大",
)
PRODUCTS = (
    "云雀Pro电动车",
    "夜莺降噪耳机",
    "青山智能手表",
    "白露扫地机器人",
    "海棠空气炸锅",
    "山茶护肤套装",
    "北辰X9手机",
)
SHORT = ("好喝", "哈哈哈哈", "转发微博", "不好喝", "很好喝", "好吃", "不好吃", "太差了", "太好了", "还可以", "一般般吧")
SHORT += (
    "送餐很快",
    "送餐太慢",
    "味道不错",
    "味道不行",
    "服务很好",
    "服务不好",
    "已经吃过了",
    "下次还来",
    "下次不来了",
)


def corpus(folder: Path) -> list[str]:
    """Real texts, shuffled."""
    texts = []
    for name in CORPORA:
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            texts += [json.loads(line)["text"] for line in lines]
    random.Random(5).shuffle(texts)
    return texts


def _somewhere(draw: random.Random, text: str) -> int:
    return draw.randrange(len(text) // 4, 3 * len(text) // 4 + 1)


def _insert(draw: random.Random, text: str) -> str:
    at = _somewhere(draw, text)
    return text[:at] + draw.choice(INSERTS) + text[at:]


def _word(draw: random.Random, text: str) -> str:
    at = _somewhere(draw, text)
    return text[:at] + draw.choice(WORDS) + text[at + 2 :]


def _dropped(draw: random.Random, text: str) -> str:
    at = _somewhere(draw, text)
    return text[:at] + text[at + max(2, len(text) // 20) :]


def _punctuation(draw: random.Random, text: str) -> str:
    marks = {mark: draw.choice("，。！ ~、…\n") for mark in "，。！？；、,.!? "}
    return "".join(marks.get(sign, sign) for sign in text)


def _wide(draw: random.Random, text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _traditional(draw: random.Random, text: str) -> str:
    from opencc import OpenCC

    converter = _traditional.__dict__.setdefault("converter", OpenCC("s2t"))
    return str(converter.convert(text))


def _several(draw: random.Random, text: str) -> str:
    for kind in draw.sample(("prefix", "emoji", "name", "link", "punctuation", "word", "traditional"), 3):
        text = EDITS[kind](draw, text)
    return text


EDITS: dict[str, Callable[[random.Random, str], str]] = {
    "prefix": lambda draw, text: draw.choice(PREFIXES) + text,
    "emoji": lambda draw, text: draw.choice(EMOJI) + text + draw.choice(EMOJI),
    "name": lambda draw, text: f"@用户{draw.randrange(10**6)} {text} //@某某{draw.randrange(99)}:",
    "link": lambda draw, text: f"{text} https://t.example/{draw.randrange(10**8):x}",
    "punctuation": _punctuation,
    "full-width": _wide,
    "traditional": _traditional,
    "word": _word,
    "insertion": _insert,
    "deletion": _dropped,
    "cut at 140": lambda draw, text: text[:140] + "…全文" if len(text) > 150 else text + " …全文",
    "several": _several,
}


def stories_of(texts: Sequence[str]) -> list[int]:
    normaliser, index, found = Normaliser(), DictIndex(), []
    for start in range(0, len(texts), BATCH):
        batch = normaliser.batch(texts[start : start + BATCH])
        found += group(prints(batch.codes, batch.bounds), index).tolist()
    return found


def equal_texts(texts: Sequence[str]) -> list[int]:
    seen: dict[str, int] = {}
    return [seen.setdefault(text, len(seen)) for text in texts]


def simhashes(texts: Sequence[str]) -> list[int]:
    """Groups connected by 64-bit SimHashes (character 3-grams of the letters) at most 3 bits apart."""
    draw = np.random.default_rng(3)
    salt = draw.integers(1 << 63, size=3, dtype=np.uint64) | np.uint64(1)
    bits = np.arange(64, dtype=np.uint64)
    made = np.zeros(len(texts), dtype=np.uint64)
    for i, text in enumerate(Normaliser().texts(texts)):
        codes = np.array([ord(c) for c in text.lower() if c.isalnum()] or [0], dtype=np.uint64)
        grams = codes[: max(len(codes) - 2, 1)] * salt[0]
        for n in (1, 2):
            if len(codes) > 2:
                grams = (grams ^ (grams >> np.uint64(29))) + codes[n : len(codes) - 2 + n] * salt[n]
        grams = (grams ^ (grams >> np.uint64(31))) * salt[0]
        grams ^= grams >> np.uint64(32)
        votes = ((grams[:, None] >> bits) & np.uint64(1)).sum(axis=0) * 2 > len(grams)
        made[i] = (votes.astype(np.uint64) << bits).sum()
    parent = list(range(len(texts)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i in range(len(texts)):
        for j in np.flatnonzero(np.bitwise_count(made[i + 1 :] ^ made[i]) <= 3):
            parent[root(i + 1 + int(j))] = root(i)
    return [root(i) for i in range(len(texts))]


def pairs(groups: Iterable[object]) -> int:
    return sum(n * (n - 1) // 2 for n in Counter(groups).values())


def figures(truth: Sequence[int], found: Sequence[int]) -> dict[str, float]:
    """Precision, recall and F1 over pairs of texts."""
    both, said, true = pairs(zip(truth, found, strict=True)), pairs(found), pairs(truth)
    precision, recall = both / said if said else 1.0, both / true if true else 1.0
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / (precision + recall), 4) if both else 0.0,
    }


def planted(bases: Sequence[str], kinds: Sequence[str], copies: int) -> tuple[list[str], list[int]]:
    """The bases and of each `copies` copies by the kinds of edit in turn, shuffled, with their truth."""
    draw, same = random.Random(11), equal_texts(Normaliser().texts(bases))
    rows = [(text, same[i]) for i, text in enumerate(bases)]
    for i, text in enumerate(bases):
        rows += [(EDITS[kinds[(i + c) % len(kinds)]](draw, text), same[i]) for c in range(copies)]
    draw.shuffle(rows)
    return [text for text, _ in rows], [one for _, one in rows]


def lookalikes() -> list[str]:
    """Texts that are no copies of each other, however alike."""
    return [text.replace("{}", product) for text in PROMOTIONS for product in PRODUCTS] + list(SHORT)


def quality(folder: Path, n: int, half: str, show: bool) -> bool:
    # Texts of a word or two say the same without being copied; here copies are planted into what can be recognised.
    texts = [text for text in corpus(folder) if len(text) >= 20][: 2 * n]
    bases = texts[0 if half == "develop" else 1 :: 2]
    ways = {"stories": stories_of, "equal text": equal_texts, "simhash": simhashes}
    f1 = 0.0
    for name, way in ways.items():
        for kind in EDITS:
            made, truth = planted(bases[: n if name == "stories" else n // 4], [kind], 1)
            print(json.dumps({"way": name, "edit": kind, **figures(truth, way(made))}, ensure_ascii=False), flush=True)
        made, truth = planted(bases[: n if name == "stories" else n // 4], list(EDITS), 3)
        found = way(made)
        told = figures(truth, found)
        f1 = f1 or told["f1"]
        print(json.dumps({"way": name, "edit": "all, three copies each", **told}))
        alike = lookalikes()
        wrong = pairs(way(alike))
        print(json.dumps({"way": name, "lookalikes": len(alike), "wrong_pairs": wrong}))
        if show and name == "stories":
            _show(made, truth, found)
    natural = stories_of(bases)
    same = equal_texts(Normaliser().texts(bases))
    met = _met(bases, natural, same)
    close = sum(SequenceMatcher(None, a, b, autojunk=False).ratio() >= 0.9 for a, b in met[:500])
    told = {"bases": len(bases), "equal_pairs": pairs(same), "pairs_alike_by_nature": len(met)}
    print(json.dumps(told | {"of_which_nine_tenths_equal": round(close / max(len(met[:500]), 1), 3)}))
    return f1 >= LEAST_F1


def _met(bases: Sequence[str], found: Sequence[int], same: Sequence[int]) -> list[tuple[str, str]]:
    """Pairs of bases, not equal, that were put into one story."""
    together: dict[int, list[int]] = {}
    for i, story in enumerate(found):
        together.setdefault(story, []).append(i)
    every = (pair for alike in together.values() for pair in itertools.combinations(alike, 2))
    return [(bases[i], bases[j]) for i, j in every if same[i] != same[j]]


def _show(texts: Sequence[str], truth: Sequence[int], found: Sequence[int], most: int = 12) -> None:
    """Wrong pairs and missed ones, to look at."""
    first: dict[int, int] = {}
    home: dict[int, int] = {}
    for i, (true, one) in enumerate(zip(truth, found, strict=True)):
        j, k = first.setdefault(one, i), home.setdefault(true, i)
        if most and truth[j] != true:
            print("wrong ", repr(texts[j][:90]), "\n      ", repr(texts[i][:90]))
            most -= 1
        elif most and found[k] != one:
            print("missed", repr(texts[k][:90]), "\n      ", repr(texts[i][:90]))
            most -= 1


def made_up(n: int) -> Iterator[list[str]]:
    """`n` texts of 10 to 200 characters in batches, words drawn as in a language (Zipf); a third are edited copies."""
    draw = random.Random(7)
    lengths = [draw.choice((1, 2, 2, 3)) for _ in range(20_000)]
    words = ["".join(chr(draw.randrange(0x4E00, 0x5E00)) for _ in range(length)) for length in lengths]
    chances = np.cumsum(1 / (np.arange(len(words)) + 5.0))
    numbers = np.random.default_rng(7)
    recent: list[str] = []
    kinds = [EDITS[kind] for kind in ("prefix", "emoji", "punctuation", "word", "insertion", "cut at 140")]
    for start in range(0, n, BATCH):
        batch = []
        for _ in range(min(BATCH, n - start)):
            if recent and draw.random() < 1 / 3:
                batch.append(draw.choice(kinds)(draw, draw.choice(recent)))
                continue
            size = min(120, 5 + int(draw.expovariate(1 / 25)))
            picked = np.searchsorted(chances, numbers.random(size) * chances[-1])
            batch.append("".join(words[i] for i in picked))
        recent = (recent + batch)[-5_000:]
        yield batch


def _scale(n: int, url: str) -> None:
    """Group `n` mentions in the store; a process of its own, on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    upgrade(url)
    db, characters = Database(url), 0
    for i, batch in enumerate(made_up(n)):
        characters += sum(map(len, batch))
        with db.write() as s:
            mentions.add(s, [_post(i * BATCH + j, text) for j, text in enumerate(batch)])
    before = time.process_time()
    report = group_pending(db, now=NOW)
    told = {
        "texts": n,
        "characters_each": round(characters / n, 1),
        "stories": report.stories,
        "seconds": round(report.seconds, 1),
        "texts_per_second": round(n / report.seconds),
        "texts_per_cpu_second": round(n / (time.process_time() - before)),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    db.close()
    print(json.dumps(told), flush=True)
    sys.exit(told["texts_per_second"] < LEAST_RATE or told["peak_mb"] > MOST_MB)


def _post(i: int, text: str) -> Mention:
    return Mention(
        platform="weibo",
        native_id=str(5_000_000_000_000_000 + i),
        source="weibo",
        url=f"https://m.weibo.cn/detail/{5_000_000_000_000_000 + i}",
        text=text,
        published_at=NOW - timedelta(seconds=i % 1_000_000),
        seen_at=NOW,
        brands=("云雀",),
        author_key=f"{i % 200_000:032x}",
    )


def scale(sizes: Sequence[int]) -> bool:
    good = True
    for n in sizes:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/bench.db"
            child = multiprocessing.get_context("spawn").Process(target=_scale, args=(n, url))
            child.start()
            child.join()
        good &= child.exitcode == 0
    return good


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="?", choices=("quality", "scale"))
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--n", type=int, default=8_000, help="bases of the quality part")
    parser.add_argument("--half", choices=("develop", "report"), default="report")
    parser.add_argument("--show", action="store_true", help="print what went wrong (real texts)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    options = parser.parse_args()
    good = True
    if options.what != "scale":
        corpora = options.shared / "corpora"
        if corpora.is_dir():
            good &= quality(corpora, options.n, options.half, options.show)
        else:
            print(json.dumps({"skipped": "quality: no corpora beside the checkout; give --shared"}))
    if options.what != "quality":
        good &= scale(options.sizes)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
