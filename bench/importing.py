"""How fast files of posts come in, file → store: `python bench/importing.py [--n N] [--rounds N] [--profile FORM]`.

Prints one JSON line per kind of file: rows a second by the wall clock and by this process's processor time, beside a
yardstick of the same run (csv.DictReader and executemany of the raw rows, nothing else) and beside the store's `add`
of ready-made mentions; of several rounds the best. Exits 1 when a kind of file is below the floor by the clock.
"""

from __future__ import annotations

import argparse
import cProfile
import csv
import json
import pstats
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

from crawler.imports.gather import gather
from crawler.imports.gathered import Wish
from crawler.jobs_import import BATCH, Importer, import_posts
from store import mentions
from store.database import Database, upgrade
from store.sql import chunks
from tingfeng.model import Brand

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
FLOOR = 10_000  # rows a second
BRANDS = (Brand(name="云雀", aliases=("Skylark",)), Brand(name="夜莺"), Brand(name="山雀", none=("鸟类",)))
HEAD = (
    "平台",
    "标题",
    "笔记内容",
    "作者昵称",
    "作者ID",
    "发布时间",
    "笔记链接",
    "转发数",
    "评论数",
    "点赞数",
    "粉丝数",
    "IP属地",
)
WORKBOOK = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml'
    '.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="笔记" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


def rows(n: int) -> list[tuple[str, ...]]:
    """`n` rows of an export: notes of about 60 characters over four weeks, each about a brand or two."""
    draw = random.Random(11)
    words = [chr(draw.randrange(0x4E00, 0x9000)) + chr(draw.randrange(0x4E00, 0x9000)) for _ in range(3000)]
    made = []
    for i in range(n):
        at = NOW.astimezone(ZONE) - timedelta(seconds=draw.randrange(28 * 86_400))
        text = "".join(draw.choices(words, k=28)) + draw.choice(("云雀", "Skylark", "夜莺，云雀"))
        likes = draw.choice(("12", "3", "1.2万", "0"))
        made.append(
            (
                *("小红书", text[:14], text, f"用户{i % 20_000}", f"{i % 20_000:024x}", f"{at:%Y-%m-%d %H:%M:%S}"),
                *(f"https://www.xiaohongshu.com/explore/{i:024x}", str(i % 50), str(i % 70), likes, str(i % 9_000)),
                draw.choice(("广东", "上海", "IP属地：北京")),
            )
        )
    return made


def write_csv(path: Path, data: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEAD, *data])


def write_jsonl(path: Path, data: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(dict(zip(HEAD, row, strict=True)), ensure_ascii=False) + "\n" for row in data)


def write_xlsx(path: Path, data: list[tuple[str, ...]]) -> None:
    letters = "ABCDEFGHIJKL"
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in WORKBOOK.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            for number, row in enumerate([HEAD, *data], 1):
                cells = "".join(
                    f'<c r="{letter}{number}"><v>{text}</v></c>'
                    if text.isdecimal() and len(text) < 9
                    else f'<c r="{letter}{number}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
                    for letter, text in zip(letters, row, strict=True)
                )
                sheet.write(f'<row r="{number}">{cells}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")


WRITERS: dict[str, Callable[[Path, list[tuple[str, ...]]], None]] = {
    "csv": write_csv,
    "jsonl": write_jsonl,
    "xlsx": write_xlsx,
}


@dataclass
class Took:
    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed() -> Iterator[Took]:
    took, wall, cpu = Took(), time.perf_counter(), time.process_time()
    yield took
    took.wall, took.cpu = time.perf_counter() - wall, time.process_time() - cpu


def yardstick(path: Path, folder: Path) -> Took:
    """Reading the CSV and storing its raw rows, with nothing in between."""
    with timed() as took:
        raw(path, folder)
    return took


def raw(path: Path, folder: Path) -> None:
    connection = sqlite3.connect(folder / "raw.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"CREATE TABLE raw ({', '.join(f'c{i} TEXT' for i in range(len(HEAD)))})")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rest = (tuple(row.values()) for row in csv.DictReader(file))
        for part in chunks(rest, BATCH):
            with connection:
                connection.executemany(f"INSERT INTO raw VALUES ({','.join('?' * len(HEAD))})", part)
    connection.close()


def fresh(folder: Path, name: str) -> Database:
    for old in folder.glob(f"{name}.db*"):
        old.unlink()
    url = f"sqlite:///{folder}/{name}.db"
    upgrade(url)
    return Database(url)


def wish() -> Wish:
    return Wish(zone=ZONE, now=NOW, seen_at=NOW)


def store_alone(path: Path, folder: Path) -> Took:
    """The store adding the same mentions, ready-made."""
    importer = Importer(label="agency", brands=BRANDS, brand=None, secret="x" * 64, now=NOW)
    ready = [mention for mention in importer.mentions_of(path, gather(path, wish())) if mention is not None]
    db = fresh(folder, "store")
    with timed() as took:
        for part in chunks(ready, BATCH):
            with db.write() as s:
                mentions.add(s, part)
    db.close()
    return took


def imported(path: Path, folder: Path, n: int) -> Took:
    db = fresh(folder, path.suffix[1:])
    with timed() as took:
        report = import_posts(db, [(path, wish())], source="agency", brands=BRANDS, author_secret="x" * 64, now=NOW)
    db.close()
    assert (report.added, report.rejected) == (n, 0), report.reasons
    return took


def say(what: str, n: int, took: Took, **ratios: float) -> None:
    line = {"what": what, "rows_per_second": round(n / took.wall), "rows_per_cpu_second": round(n / took.cpu)}
    print(json.dumps(line | {name: round(ratio, 3) for name, ratio in ratios.items()}), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--profile", choices=sorted(WRITERS))
    options = parser.parse_args()
    n, missed = options.n, []
    with tempfile.TemporaryDirectory() as name:
        folder, data = Path(name), rows(n)
        paths = {form: folder / f"posts.{form}" for form in WRITERS}
        for form, path in paths.items():
            WRITERS[form](path, data)
        if options.profile:
            with cProfile.Profile() as profile:
                imported(paths[options.profile], folder, n)
            pstats.Stats(profile).sort_stats("tottime").print_stats(30)
            return 0
        bare, alone = yardstick(paths["csv"], folder), store_alone(paths["csv"], folder)
        say("yardstick: csv.DictReader + executemany", n, bare)
        say("store.mentions.add alone", n, alone)
        for form, path in paths.items():
            took = min((imported(path, folder, n) for _ in range(options.rounds)), key=lambda took: took.wall)
            say(form, n, took, of_yardstick=bare.cpu / took.cpu, of_store=alone.cpu / took.cpu)
            missed += [form] if n / took.wall < FLOOR else []
    if missed:
        print(f"below {FLOOR} rows/s: {', '.join(missed)}", file=sys.stderr)
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
