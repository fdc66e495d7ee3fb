"""What a crawl writes into its log: no secrets, wherever they stand in an address."""

from __future__ import annotations

import logging

import pytest

from crawler.child import _Discreet


@pytest.mark.parametrize(
    ("why", "said", "want"),
    [
        ("a credential", "GET /x?key=geheim123", "GET /x?key=***"),
        ("a token made with it", "<GET https://a.cn/x?token=abc-9&b=1>", "<GET https://a.cn/x?token=***&b=1>"),
        ("at the end of an address", "<GET /x?a=1&token=abc> (failed)", "<GET /x?a=1&token=***> (failed)"),
        ("a word that only looks like one", "no token=abc here", "no token=abc here"),
    ],
)
def test_the_log_is_discreet(why, said, want):
    record = logging.LogRecord("scrapy", logging.WARNING, "x", 1, said, (), None)
    assert _Discreet(["geheim123"]).format(record).endswith(f"WARNING {want}"), why
