"""From a Vega-Lite spec to a picture: offline, and with Chinese glyphs on a machine that has no Chinese font."""

from __future__ import annotations

import functools
import struct
import zlib
from types import ModuleType
from typing import Any

from tingfeng.errors import DrawingError

# The first is shipped as a package; the others are what a browser may have when it is given the SVG.
FONT_FAMILY = "'Noto Sans SC', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
SCALE = 2.0  # picture pixels per CSS pixel: phones are dense

_PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def render_png(spec: dict[str, Any], *, scale: float = SCALE) -> bytes:
    """The chart as PNG. DrawingError when it cannot be drawn."""
    engine = _engine()
    try:
        png = engine.vegalite_to_png(spec, scale=scale, allowed_base_urls=[])
    except (ValueError, RuntimeError) as e:
        raise DrawingError(f"chart: {_first_line(e)}") from e
    return squeeze(bytes(png))


def render_svg(spec: dict[str, Any]) -> str:
    """The chart as SVG. DrawingError when it cannot be drawn."""
    engine = _engine()
    try:
        return str(engine.vegalite_to_svg(spec, allowed_base_urls=[]))
    except (ValueError, RuntimeError) as e:
        raise DrawingError(f"chart: {_first_line(e)}") from e


@functools.cache
def _engine() -> ModuleType:
    """The renderer, its font registered. Imported late: drawing costs 80 MB, and most commands never draw."""
    try:
        import pylopdf_fonts_zh_cn
        import vl_convert
    except ImportError as e:
        raise DrawingError(f"chart: {e.name} is not installed") from e
    vl_convert.register_font_directory(str(pylopdf_fonts_zh_cn.sans_path().parent))
    return vl_convert


def squeeze(png: bytes) -> bytes:
    """The same picture in fewer bytes: the renderer deflates for speed (140 kB where level 9 needs 29 kB)."""
    chunks = _chunks(png)
    data = zlib.compress(zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT")), 9)
    kept = [(kind, body) for kind, body in chunks if kind not in (b"IDAT", b"IEND")]
    return _PNG_HEAD + b"".join(_chunk(kind, body) for kind, body in [*kept, (b"IDAT", data), (b"IEND", b"")])


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], len(_PNG_HEAD)
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        found.append((kind, png[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[1] if len(lines) > 1 else lines[0] if lines else type(error).__name__)[:200]
