"""Authors as keys that only this installation can make."""

from __future__ import annotations

import hmac


class Pseudonyms:
    """32 hex digits of HMAC-SHA256(secret, "platform:author"): the same whichever way a post came in."""

    def __init__(self, secret: str) -> None:
        self._keyed = hmac.new(secret.encode(), digestmod="sha256")

    def of(self, platform: str, author: object) -> str | None:
        """The key of an author, by the platform's own id or "name:<name>"; None without one."""
        if author is None or author == "":
            return None
        keyed = self._keyed.copy()  # half the cost of hmac.digest
        keyed.update(f"{platform}:{author}".encode("utf-8", "surrogatepass"))
        return keyed.hexdigest()[:32]
