"""What happens to answers on their way to the readers."""

from __future__ import annotations

import pytest
from scrapy.http import Response, TextResponse

from crawler.middlewares import in_utf8

TEXT = "云雀"


@pytest.mark.parametrize(
    ("why", "kind", "body", "want"),
    [
        ("declared", "application/json; charset=GBK", TEXT.encode("gbk"), TEXT.encode()),
        ("by its older name", "text/html;charset=gb2312", TEXT.encode("gbk"), TEXT.encode()),
        ("UTF-8 anyway", "text/html; charset=utf-8", TEXT.encode(), TEXT.encode()),
        ("Latin-1 by habit", "application/json; charset=ISO-8859-1", TEXT.encode(), TEXT.encode()),
        ("an encoding nobody knows", "text/html; charset=klingon", TEXT.encode("gbk"), TEXT.encode("gbk")),
        ("nothing declared", "text/html", TEXT.encode("gbk"), TEXT.encode("gbk")),
        ("XML speaks for itself", "text/xml; charset=gbk", TEXT.encode("gbk"), TEXT.encode("gbk")),
    ],
)
@pytest.mark.parametrize("form", [Response, TextResponse])
def test_readers_are_given_utf8(form, why, kind, body, want):
    response = in_utf8(form("https://a.example/", body=body, headers={"Content-Type": kind}))
    assert response.body == want, why
    if isinstance(response, TextResponse) and want == TEXT.encode() and "habit" not in why:
        assert response.text == TEXT, "and what asks Scrapy for the text is not told otherwise"
