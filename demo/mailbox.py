"""A real SMTP server on loopback that keeps what it is given: each mail as .eml, and as .html to look at."""

from __future__ import annotations

import asyncio
import base64
import re
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP

from demo.loopback import Loopback

_UNFIT = re.compile(r"[^\w\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail that arrived. The paths are None when nothing is kept on disk."""

    message_id: str
    subject: str
    recipients: tuple[str, ...]
    eml: Path | None
    html: Path | None


class Mailbox:
    """Takes every mail while entered. `delay`: seconds it lets a sender wait for its "250 OK"."""

    def __init__(self, folder: Path | None, *, delay: float = 0.0, port: int = 0) -> None:
        self._folder, self._delay = folder, delay
        self._letters: list[Letter] = []
        self._lock = threading.Lock()
        self._server = Loopback(self._protocol, port)

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def letters(self) -> tuple[Letter, ...]:
        """Everything that arrived, in order; a mail sent twice stands here twice."""
        with self._lock:
            return tuple(self._letters)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._server.__exit__(kind, value, at)

    def _protocol(self, loop: asyncio.AbstractEventLoop) -> asyncio.BaseProtocol:
        made: asyncio.BaseProtocol = SMTP(
            self, loop=loop, hostname="tingfeng-demo", enable_SMTPUTF8=True, ident="tingfeng"
        )
        return made

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Called by aiosmtpd with a complete mail. It is kept before it is acknowledged, never after."""
        content: bytes = envelope.content
        self._keep(content, tuple(envelope.rcpt_tos))
        if self._delay:
            await asyncio.sleep(self._delay)
        return "250 OK"

    def _keep(self, content: bytes, recipients: tuple[str, ...]) -> None:
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        subject, number = str(mail["Subject"] or ""), len(self._letters) + 1
        eml = html = None
        if self._folder is not None:
            name = f"{number:03d}-{_UNFIT.sub('-', subject).strip('-')[:60]}"
            eml, html = self._folder / f"{name}.eml", self._folder / f"{name}.html"
            eml.write_bytes(content)
            html.write_text(viewable(mail), "utf-8")
        letter = Letter(
            message_id=str(mail["Message-ID"] or ""), subject=subject, recipients=recipients, eml=eml, html=html
        )
        with self._lock:
            self._letters.append(letter)


def viewable(mail: EmailMessage) -> str:
    """The mail's HTML with its inline images put in as data: addresses, so that any browser shows it as it is.

    A mail without HTML is shown as its plain text.
    """
    body = mail.get_body(("html",))
    if body is None:
        plain = mail.get_body(("plain",))
        return f"<!DOCTYPE html><meta charset=utf-8><pre>{_escape(plain.get_content() if plain else '')}</pre>"
    html: str = body.get_content()
    for part in mail.walk():
        cid = str(part["Content-ID"] or "").strip("<> ")
        data = part.get_payload(decode=True)
        if cid and isinstance(data, bytes):
            encoded = base64.b64encode(data).decode("ascii")
            html = html.replace(f"cid:{cid}", f"data:{part.get_content_type()};base64,{encoded}")
    return html


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
