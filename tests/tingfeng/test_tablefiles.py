"""What the files of tables have in common, whoever reads them (how they are read: tests/feedback/test_readers.py)."""

from __future__ import annotations

from datetime import datetime

import pytest

from tingfeng.tablefiles import harmless


@pytest.mark.parametrize(
    ("cell", "want"),
    [
        ("=1+1", "'=1+1"),
        ("  =1+1", "'  =1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("＝1", "'＝1"),
        ("\t=1", "'\t=1"),
        ("-12.5", "-12.5"),
        ("好", "好"),
        (9.0, "9"),
        (datetime(2026, 11, 2, 9, 5), "2026-11-02 09:05:00"),  # noqa: DTZ001 -- a cell is naive
    ],
)
def test_no_cell_runs_as_a_formula(cell, want):
    assert harmless(cell) == want
