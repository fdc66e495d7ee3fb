"""From a file to what is in it, by its suffix, by its contents, or as it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crawler.bodies import FAMILIES, READERS
from crawler.imports.files import load
from crawler.imports.gathered import Gathered, Wish
from crawler.imports.har import har, is_har
from crawler.imports.pages import page
from crawler.imports.tables import csv_table, json_table, jsonl_table, loads, xlsx_table
from tingfeng.errors import ImportFileError, UnknownName
from tingfeng.registry import nearest

FORMS = ("auto", "csv", "xlsx", "jsonl", "json", "har", "html")
_SUFFIXES = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), "csv"),
    **dict.fromkeys((".xlsx", ".xlsm"), "xlsx"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    **dict.fromkeys((".html", ".htm", ".xml", ".rss", ".atom"), "html"),
    ".json": "json",
    ".har": "har",
}


def check_form(form: str) -> None:
    """UnknownName, with the nearest, for what is neither a form of file nor a reader nor a family of them."""
    known = [*FORMS, *READERS, *FAMILIES]
    if form not in known:
        raise UnknownName("kind of file", form, sorted(known), nearest(form, known))


def gather(path: Path, wish: Wish) -> Gathered:
    """What is in a file. ImportFileError, saying what to do, when it cannot be read at all."""
    form = _form(path) if wish.form == "auto" else wish.form
    if form == "csv":
        return csv_table(path, wish)
    if form == "xlsx":
        return xlsx_table(path, wish)
    raw = load(path)
    if form == "jsonl":
        return jsonl_table(path, raw, wish)
    if form == "html":
        return page(path, raw, wish)
    if form not in FORMS and not _looks_like_json(raw):
        return page(path, raw, wish)
    return _json(path, raw, form, wish)


def _form(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    suffix = suffixes[-1] if suffixes else ""
    if suffix == ".xls":
        raise ImportFileError(f"{path}: an old .xls workbook; save it as XLSX or CSV")
    if suffix not in _SUFFIXES:
        near = nearest(suffix, _SUFFIXES)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ImportFileError(f"{path}: no reader for '{suffix}'{hint}; say what it is with --as")
    return _SUFFIXES[suffix]


def _looks_like_json(raw: bytes) -> bool:
    return raw[:200].lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"["))


def _json(path: Path, raw: bytes, form: str, wish: Wish) -> Gathered:
    """A HAR, an array of objects, or a platform's answer. With a reader's name, an array is an answer too."""
    try:
        data: Any = loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as e:
        if form in ("json", "har"):
            raise ImportFileError(f"{path}: not JSON, or cut short") from e
        return page(path, raw, wish)
    if is_har(data):
        return har(path, data, wish)
    if form == "har":
        raise ImportFileError(f"{path}: not a HAR recording: it has no log.entries")
    if isinstance(data, list) and form == "json":
        return json_table(path, data, wish)
    return page(path, raw, wish)
