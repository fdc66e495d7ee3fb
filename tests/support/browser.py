"""Chromium without a window: pages measured at the width of a phone, in light and dark, with Chinese glyphs."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import pytest

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--allow-file-access-from-files", "--virtual-time-budget=4000", "--window-size=1400,1200",
)  # fmt: skip

# Run inside each page: how wide it is, what sticks out, and which words are hard to read against their ground.
_MEASURE = """
<script>
addEventListener('load', () => {
  const channel = (c) => { c /= 255; return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4 };
  const light = (c) => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const wide = innerWidth, out = [], faint = [];
  for (const e of document.body.querySelectorAll('*')) {
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > wide + 1 || box.left < -1)) out.push(e.tagName + '.' + e.className);
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !box.height || e.className === 'preheader' || e.tagName === 'SCRIPT') continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) faint.push(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
  }
  parent.postMessage({name: window.name, wide: document.documentElement.scrollWidth, out, faint}, '*');
});
</script>
"""

_WRAPPER = """<!doctype html><meta charset="utf-8"><body style="margin:0"><pre id="found">[]</pre>
<script>
const found = [];
addEventListener('message', (e) => {
  found.push(e.data);
  document.getElementById('found').textContent = JSON.stringify(found);
});
</script>
%s"""


@dataclass(frozen=True)
class Measured:
    """A page at a width: what sticks out sideways, and what has a contrast below 4.5."""

    wide: int
    out: tuple[str, ...]
    faint: tuple[str, ...]


def chromium() -> str:
    """The program; skips where there is none, fails instead in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        missing = "no Chromium on this machine: pages are not looked at"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def measure(
    pages: Mapping[str, str], widths: Sequence[int], folder: Path, *, dark: bool = False
) -> dict[tuple[str, int], Measured]:
    """Each page in a frame of each width, in one browser."""
    frames = []
    for name, page in pages.items():
        file = folder / f"{name}.html"
        file.write_text(page.replace("</body>", f"{_MEASURE}</body>"), encoding="utf-8")
        style = "border:0;display:block;height:3000px"
        frames += [
            f'<iframe name="{name}@{w}" src="{file.as_uri()}" style="{style};width:{w}px"></iframe>' for w in widths
        ]
    wrapper = folder / "all.html"
    wrapper.write_text(_WRAPPER % "".join(frames), encoding="utf-8")
    told = _dump(wrapper, folder, dark=dark)
    found: dict[tuple[str, int], Measured] = {}
    for one in told:
        name, _, width = one["name"].rpartition("@")
        found[name, int(width)] = Measured(wide=one["wide"], out=tuple(one["out"]), faint=tuple(one["faint"]))
    return found


def _dump(page: Path, folder: Path, *, dark: bool) -> list[dict[str, Any]]:
    theme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    command = [chromium(), *_FLAGS, *theme, f"--user-data-dir={folder / 'profile'}", "--dump-dom", page.as_uri()]
    environment = {**os.environ, "HOME": str(folder), "FONTCONFIG_FILE": str(_fonts(folder))}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=100, check=True)
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout.decode("utf-8", "replace"), re.S)
    assert found, "the browser drew nothing"
    told: list[dict[str, Any]] = json.loads(html.unescape(found[1]))
    return told


def _fonts(folder: Path) -> Path:
    """A font configuration with the Chinese font we ship: boxes for missing glyphs have other widths."""
    config = folder / "fonts.conf"
    config.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        '<include ignore_missing="yes">/etc/fonts/fonts.conf</include>'
        f"<dir>{pylopdf_fonts_zh_cn.sans_path().parent}</dir><cachedir>{folder / 'fonts'}</cachedir></fontconfig>",
        encoding="utf-8",
    )
    return config
