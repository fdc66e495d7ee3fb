"""What of a person is not kept: numbers and addresses in texts are masked, followers are known by order of magnitude.

Applied where rows enter the store, so that no route can go round it. Masking changes nothing a scorer looks at.
"""

from __future__ import annotations

import hmac
import re
from datetime import date

MASKED_PHONE, MASKED_MAIL, MASKED_ID = "[手机号]", "[邮箱]", "[证件号]"

# What makes a text worth a closer look: an at sign, or a digit that more digits follow sooner or later. Full-width
# digits are digits too; a number may be broken up by one blank or dash at a time.
_WORTH = re.compile(r"[@＠]|\d[\d\- ]{9}")
# Mainland mobile numbers (MIIT numbering plan: 11 digits, 1 then 3–9), also with +86, also as 3-4-4.
_PHONE = re.compile(r"(?<![\d.])(?:(?:\+|00)?86[\- ]?)?[1１][3-9３-９]\d(?:\d{8}|[\- ]\d{4}[\- ]\d{4})(?![\d.]?\d)")
# Resident identity numbers (GB 11643-1999): region, birthday, order, check character.
_ID = re.compile(r"(?<!\d)[1-9１-９]\d{16}[\dXxＸ](?!\d)")
_MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}+[@＠](?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![A-Za-z0-9])"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def mask(text: str) -> str:
    """`text` with mobile numbers, mail addresses and identity numbers replaced by what they are.

    Service lines (400…, 95…, area codes) stay: they belong to companies. An identity number is one only with a real
    birthday and the right check character, so that order numbers stay.
    """
    if not _WORTH.search(text):
        return text
    text = _ID.sub(_masked_id, text)
    text = _PHONE.sub(MASKED_PHONE, text)
    return _MAIL.sub(MASKED_MAIL, text) if "@" in text or "＠" in text else text


def _masked_id(found: re.Match[str]) -> str:
    number = found[0].upper().replace("Ｘ", "X")
    return MASKED_ID if _is_id(number) else found[0]


def _is_id(number: str) -> bool:
    digits = [int(sign) for sign in number[:17]]
    born = digits[6:14]
    try:
        date(*(int("".join(map(str, part))) for part in (born[:4], born[4:6], born[6:])))
    except ValueError:
        return False
    check = _CHECKS[sum(w * d for w, d in zip(_WEIGHTS, digits, strict=True)) % 11]
    last = number[17]
    return check == ("X" if last == "X" else str(int(last)))


def followers_bucket(followers: int | None) -> int | None:
    """How many followers, rounded down to 1, 3 or 10 times a power of ten: 0, 1, 3, 10, 30, 100 …; None stays None.

    Enough to weigh a post by, too little to tell accounts apart.
    """
    if followers is None or followers <= 0:
        return None if followers is None else 0
    power = int("1" + "0" * (len(str(followers)) - 1))
    return 3 * power if followers >= 3 * power else power


class Pseudonyms:
    """Authors as keys that only this installation can make: 32 hex digits of HMAC-SHA256(secret, "platform:author")."""

    def __init__(self, secret: str) -> None:
        self._keyed = hmac.new(secret.encode(), digestmod="sha256")

    def of(self, platform: str, author: object) -> str | None:
        """The key of an author, by the platform's own id or "name:<name>"; None without one."""
        if author is None or author == "":
            return None
        keyed = self._keyed.copy()  # half the cost of hmac.digest
        keyed.update(f"{platform}:{author}".encode("utf-8", "surrogatepass"))
        return keyed.hexdigest()[:32]
