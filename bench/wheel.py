"""Build the wheel, compare its top level with the golden list, install it in an empty venv and run `tingfeng --help`.

Exits non-zero when the top level differs, when the help takes 0.5 s or more, or when it imports a heavy library.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden" / "wheel_top_level.txt"
HELP_LIMIT = 0.5  # seconds
HEAVY = ("snownlp", "scrapy", "sqlalchemy", "jieba", "rjieba", "vl_convert", "pydantic", "numpy")


def build(folder: Path) -> Path:
    """The wheel, built from the checkout without touching it."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.whl"))


def top_level(wheel: Path) -> list[str]:
    """Names at the wheel's top, the metadata folder under a fixed name."""
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    return sorted("DIST-INFO" if name.endswith(".dist-info") else name for name in names)


def empty_venv(folder: Path, wheel: Path) -> Path:
    """The bin folder of a venv that holds the wheel and what it requires, nothing else."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), str(wheel)], check=True)
    return folder / "bin"


def help_seconds(bin_: Path, runs: int = 7) -> float:
    """Median wall time of `tingfeng --help` once its bytecode is there."""
    took = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run([bin_ / "tingfeng", "--help"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        took.append(time.perf_counter() - start)
    return statistics.median(took[1:])


def heavy_imports(bin_: Path) -> list[str]:
    """Heavy libraries that `tingfeng --help` imports; there should be none."""
    code = (
        "import sys\nsys.argv = ['tingfeng', '--help']\nimport commands\n"
        "try:\n    commands.main()\nexcept SystemExit:\n    pass\n"
        f"print('HEAVY', *[m for m in {HEAVY!r} if m in sys.modules])"
    )
    out = subprocess.run([bin_ / "python", "-c", code], check=True, capture_output=True, text=True, cwd="/").stdout
    return out.rsplit("HEAVY", 1)[1].split()


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        wheel = build(Path(folder))
        found, golden = top_level(wheel), GOLDEN.read_text().split()
        print(f"wheel: {wheel.stat().st_size / 1e6:.1f} MB, top level: {' '.join(found)}")
        bin_ = empty_venv(Path(folder) / "venv", wheel)
        seconds, heavy = help_seconds(bin_), heavy_imports(bin_)
        subprocess.run([bin_ / "tingfeng", "init", str(Path(folder) / "new")], check=True, stdout=subprocess.DEVNULL)
    print(f"tingfeng --help: {seconds:.2f} s (limit {HELP_LIMIT} s), heavy imports: {' '.join(heavy) or 'none'}")
    faults = [
        *([f"top level differs from {GOLDEN.name}: {sorted(set(found) ^ set(golden))}"] if found != golden else []),
        *([f"--help took {seconds:.2f} s"] if seconds >= HELP_LIMIT else []),
        *([f"--help imports {heavy}"] if heavy else []),
    ]
    print("\n".join(f"FAULT {f}" for f in faults) or "wheel is good")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
