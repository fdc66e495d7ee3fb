"""Who is told what."""

from __future__ import annotations

import pytest

from alerts.routing import Routing, recipient_key
from tingfeng.config import RecipientConfig, RouteConfig

LI = RecipientConfig(name="李", email="li@example.com")
LI_AGAIN = RecipientConfig(name="李（备用）", email="Li@Example.com")
WANG = RecipientConfig(name="王", email="wang@example.com")
ALL = RouteConfig(to=("李",))
LARK = RouteConfig(to=("王",), brands=("云雀",), kinds=("alert",))
OPS = RouteConfig(to=("王", "李"), kinds=("operator",))


@pytest.mark.parametrize(
    ("why", "routes", "kind", "brand", "want"),
    [
        ("no route, nobody", (), "alert", "云雀", []),
        ("a plain route is for everything", (ALL,), "digest", "海燕", [LI]),
        ("a brand's route is for that brand", (LARK,), "alert", "云雀", [WANG]),
        ("… not for another", (LARK,), "alert", "海燕", []),
        ("… nor for another kind", (LARK,), "digest", "云雀", []),
        ("operator matters are of no brand", (LARK, OPS), "operator", None, [LI, WANG]),
        ("routes add up, each person once", (ALL, LARK, OPS, ALL), "alert", "云雀", [LI, WANG]),
        ("one address, one mail", (RouteConfig(to=("李", "李（备用）")),), "alert", "云雀", [LI]),
        ("a name nobody has is passed over", (RouteConfig(to=("赵",)),), "alert", "云雀", []),
    ],
)
def test_recipients(why, routes, kind, brand, want):
    assert Routing(routes=routes, recipients=(LI, LI_AGAIN, WANG)).to(kind, brand) == want, why


def test_keys_hide_addresses_and_ignore_case():
    assert recipient_key("Li@example.com") == recipient_key("li@example.com") != recipient_key("wang@example.com")
    assert "li" not in recipient_key("li@example.com") and len(recipient_key("li@example.com")) == 8
