"""From a Message to what goes over the wire: pure, no socket.

No header can be injected: control characters become blanks in the subject and are refused in an address.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email import policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from tingfeng.errors import DeliveryError
from tingfeng.model import InlineImage, Message

SUBJECT_MAX = 200  # characters; longer ones are cut by clients anyway
ID_MAX = 60  # characters before the @: a longer id would be folded, and folding breaks it
NO_DOMAIN = "tingfeng.invalid"  # reserved by RFC 2606; for senders whose domain cannot stand in an id

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_ID_LEFT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_ID_RIGHT = re.compile(r"(?=.{1,50}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")


class _MailPolicy(policy.EmailPolicy):
    """SMTP's policy, with subjects folded by the older Header: the newer code loses blanks of Chinese."""

    def fold(self, name: str, value: str) -> str:
        return self._subject(value) if self._is_ours(name, value) else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self._subject(value).encode() if self._is_ours(name, value) else super().fold_binary(name, value)

    @staticmethod
    def _is_ours(name: str, value: str) -> bool:
        return name == "Subject" and not value.isascii()

    def _subject(self, value: str) -> str:
        folded = Header(str(value), "utf-8", header_name="Subject").encode(linesep="\r\n")
        return f"Subject: {folded}\r\n"


POLICY = _MailPolicy(linesep="\r\n")


def compose(message: Message, *, sender: str, now: datetime) -> EmailMessage:
    """The mail for `message`: plain text and HTML with its pictures. DeliveryError (permanent) for a bad address."""
    origin = address(sender, what="sender")
    mail = EmailMessage(policy=POLICY)
    mail["From"] = origin
    mail["To"] = address(message.recipient, what="recipient")
    mail["Subject"] = one_line(message.subject)
    mail["Date"] = format_datetime(now)
    domain = id_domain(origin)
    mail["Message-ID"] = message_id(message.key, domain)
    if message.thread:
        # Nobody ever got the root itself: all messages of an incident answer it, whichever of them arrives first.
        root = message_id(message.thread, domain)
        mail["In-Reply-To"], mail["References"] = root, root
    mail["List-Id"] = f"<tingfeng.{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"  # Exchange heeds only this one
    _fill(mail, message)
    return mail


def _fill(mail: EmailMessage, message: Message) -> None:
    # base64: a server without 8BITMIME would spoil raw UTF-8, and quoted-printable triples Chinese.
    mail.set_content(_sendable(message.text), cte="base64")
    if message.html is None:
        return
    mail.add_alternative(_sendable(message.html), subtype="html", cte="base64")
    body = mail.get_payload()[-1]  # type: ignore[index]  # a multipart's payload is a list
    assert isinstance(body, EmailMessage)
    for image in message.images:
        _attach(body, image)


def _attach(body: EmailMessage, image: InlineImage) -> None:
    name = re.sub(r"[^A-Za-z0-9._-]", "-", image.cid)
    body.add_related(image.png, "image", "png", cid=f"<{image.cid}>", filename=f"{name}.png", disposition="inline")


def address(text: str, *, what: str) -> Address:
    """'name <a@b>' or 'a@b' as an address; DeliveryError when it is none: permanent unless it is our own."""
    broken_for_good = what != "sender"  # the operator can mend the sender, and then this very message can go
    if _CONTROL.search(text):
        raise DeliveryError(f"{what}: the address contains control characters", permanent=broken_for_good)
    header = policy.SMTP.header_factory("To", text)
    found = header.addresses
    if header.defects or len(found) != 1 or not found[0].username or not found[0].domain:
        raise DeliveryError(f"{what}: not a mail address: {text[:80]!r}", permanent=broken_for_good)
    try:
        domain = found[0].domain.encode("idna").decode("ascii")
        return Address(display_name=found[0].display_name, username=found[0].username, domain=domain)
    except (ValueError, IndexError) as e:
        raise DeliveryError(f"{what}: not a mail address: {text[:80]!r}", permanent=broken_for_good) from e


def one_line(subject: str) -> str:
    """The subject without line breaks and other control characters, cut to what a client shows."""
    clean = " ".join(_CONTROL.sub(" ", subject).split())
    return clean if len(clean) <= SUBJECT_MAX else clean[: SUBJECT_MAX - 1] + "…"


def id_domain(origin: Address) -> str:
    """What stands behind the @ of our ids."""
    return origin.domain if _ID_RIGHT.fullmatch(origin.domain) else NO_DOMAIN


def message_id(key: str, domain: str) -> str:
    """A Message-ID that is always the same for the same key; keys that cannot stand in one are digested."""
    if len(key) > ID_MAX or not _ID_LEFT.fullmatch(key):
        key = "k" + hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
    return f"<{key}@{domain}>"


def _sendable(text: str) -> str:
    return re.sub("[\x00\ud800-\udfff]", "\ufffd", text)
