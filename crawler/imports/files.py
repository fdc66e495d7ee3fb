"""A file's bytes, never more of them than fit in memory, unpacked where they are gzipped."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from tingfeng.errors import ImportFileError

MAX_BYTES = 200_000_000  # of a file, packed or not; larger ones are to be split
_GZIP = b"\x1f\x8b"


def load(path: Path) -> bytes:
    """What is in `path`, unpacked. ImportFileError when it cannot be read or is too large."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise too_large(path)
        return unpacked(path.read_bytes(), path)
    except OSError as e:
        raise ImportFileError(f"{path}: cannot be read: {e.strerror}") from e


def unpacked(raw: bytes, path: Path) -> bytes:
    """`raw` itself, or what is in it if it is gzipped."""
    if not raw.startswith(_GZIP):
        return raw
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            inner = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as e:
        raise ImportFileError(f"{path}: begins like a gzip file, but cannot be unpacked") from e
    if len(inner) > MAX_BYTES:
        raise too_large(path)
    return inner


def too_large(path: Path) -> ImportFileError:
    return ImportFileError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB; split it into parts")
