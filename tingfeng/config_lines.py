"""Where in a TOML file each key stands: tomllib gives values without lines, and a mistake must name its line."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# Up to two quotes may stand directly before the three that close a multi-line string.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}(?!")' r"|'''.*?'{3,5}(?!')" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'", re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def lines_of(text: str) -> Mapping[Path, int]:
    """Line, from 1, of every table, key and array element of a document that tomllib has accepted.

    A path is ("sources", 0, "interval"); a table named in several places stands where it is named first.
    """
    return _Scan(text).document()


class _Scan:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.breaks = [m.start() for m in re.finditer("\n", text)]
        self.lines: dict[Path, int] = {}
        self.lengths: dict[Path, int] = {}  # of arrays of tables

    def document(self) -> Mapping[Path, int]:
        table: Path = ()
        while self.skip(_BLANK) and self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
        return self.lines

    def skip(self, what: re.Pattern[str]) -> re.Match[str]:
        found = what.match(self.text, self.at)
        if found is None:
            raise ValueError(f"not TOML at offset {self.at}")  # only if tomllib and we disagree
        self.at = found.end()
        return found

    def take(self, sign: str) -> bool:
        taken = self.text.startswith(sign, self.at)
        self.at += len(sign) if taken else 0
        return taken

    def note(self, path: Path) -> None:
        self.lines.setdefault(path, bisect_right(self.breaks, self.at) + 1)

    def key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self.skip(_SPACE)
            quoted = self.text[self.at : self.at + 1] in ('"', "'")
            part = self.skip(_STRING if quoted else _BARE_KEY)[0]
            parts.append(tomllib.loads(f"k = {part}")["k"] if quoted else part)
            self.skip(_SPACE)
            if not self.take("."):
                return parts

    def header(self) -> Path:
        begin = self.at
        is_array = self.take("[[") or not self.take("[")
        parts = self.key()
        self.take("]]" if is_array else "]")
        end, self.at = self.at, begin
        path: Path = ()
        for i, part in enumerate(parts):
            path = (*path, part)
            self.note(path)
            if is_array and i == len(parts) - 1:
                self.lengths[path] = self.lengths.get(path, 0) + 1
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
                self.note(path)
        self.at = end
        return path

    def pair(self, table: Path) -> None:
        begin = self.at
        parts = self.key()
        end, self.at = self.at, begin
        for i in range(len(parts)):
            self.note((*table, *parts[: i + 1]))
        self.at = end
        self.take("=")
        self.value((*table, *parts))

    def value(self, path: Path) -> None:
        self.skip(_SPACE)
        if self.take("["):
            self.array(path)
        elif self.take("{"):
            self.inline_table(path)
        else:
            self.skip(_STRING if self.text[self.at] in "\"'" else _SCALAR)

    def array(self, path: Path) -> None:
        i = 0
        while self.skip(_BLANK) and not self.take("]"):
            self.note((*path, i))
            self.value((*path, i))
            self.skip(_BLANK)
            self.take(",")
            i += 1

    def inline_table(self, path: Path) -> None:
        while self.skip(_BLANK) and not self.take("}"):
            self.pair(path)
            self.skip(_BLANK)
            self.take(",")
