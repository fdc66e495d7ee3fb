"""Who is told what: from the configured routes to addresses."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tingfeng.config import RecipientConfig, RouteConfig

RouteKind = Literal["alert", "digest", "operator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """The routes and the people they name, as configured."""

    routes: Sequence[RouteConfig] = ()
    recipients: Sequence[RecipientConfig] = ()

    def to(self, kind: RouteKind, brand: str | None = None) -> list[RecipientConfig]:
        return recipients_for(self.routes, self.recipients, kind, brand)


def recipients_for(
    routes: Sequence[RouteConfig], recipients: Sequence[RecipientConfig], kind: RouteKind, brand: str | None = None
) -> list[RecipientConfig]:
    """Everyone a message of `kind` about `brand` goes to, each address once, in the order of `recipients`.

    A route without brands is for all of them; `brand` None (operator matters) matches every route of the kind.
    """
    named = {
        name
        for route in routes
        if kind in route.kinds and (brand is None or not route.brands or brand in route.brands)
        for name in route.to
    }
    by_address = {r.email.casefold(): r for r in reversed(recipients) if r.name in named}
    return [r for r in recipients if by_address.get(r.email.casefold()) is r]


def recipient_key(address: str) -> str:
    """Eight hex digits that stand for an address in a message key: keys reach logs, addresses need not."""
    return hashlib.blake2b(address.casefold().encode(), digest_size=4).hexdigest()
