"""Real mail servers on loopback: aiosmtpd for the well-behaved, a scripted socket for those that are not."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alerts.channels.smtp import SmtpNotifier
from tests.support.factories import make_message
from tingfeng.model import InlineImage, Message

NOW = datetime(2025, 11, 20, 13, 10, tzinfo=UTC)
SENDER = "听风 <tingfeng@example.com>"
PICTURE = InlineImage(cid="0a1b2c@tingfeng", png=b"\x89PNG\r\n\x1a\n fake", alt="图")
USER, PASSWORD = "tingfeng", "s3cret-Pa55word"


def notifier(port: int, **overrides: Any) -> SmtpNotifier:
    fields: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": SENDER,
        "timeout": timedelta(seconds=5),
    }
    return SmtpNotifier(**fields | overrides)


def alert(**overrides: Any) -> Message:
    fields: dict[str, Any] = {
        "key": "n251120131000-1f3a9c.1.opened.ab12cd34",
        "channel": "mail",
        "subject": "【听风·预警】云杉奶茶 负面 38 条/小时，平时约 4.1 条",
        "text": "云杉奶茶：负面 38 条\n.\n正文自成一体",
        "html": '<p>云杉奶茶</p><img src="cid:0a1b2c@tingfeng">',
        "images": (PICTURE,),
        "thread": "n251120131000-1f3a9c",
    }
    return make_message(**fields | overrides)


@dataclass
class Mailbox:
    """What arrived, and how to answer: by address for RCPT, `on_data` for the body."""

    refuse: Mapping[str, str] = field(default_factory=dict)
    on_data: str = "250 OK"
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    with_tls: list[bool] = field(default_factory=list)
    logged_in: list[bool] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if not self.on_data.startswith("250"):
            return self.on_data
        body = envelope.original_content or b""
        mail = message_from_bytes(body, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.raw.append(body)
        self.recipients.append(list(envelope.rcpt_tos))
        self.with_tls.append(session.ssl is not None)
        self.logged_in.append(bool(session.authenticated))
        return self.on_data


def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


@contextmanager
def mail_server(box: Mailbox, **settings: Any) -> Iterator[int]:
    """A server on a free port; its number."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(box, hostname="127.0.0.1", port=port, **settings)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def scripted_server(lines: Mapping[str, str | None], *, greeting: str | None = "220 scripted") -> Iterator[int]:
    """A server that answers each command by `lines` (its first word in capitals; "." ends a body); None hangs up.

    Commands that are not named get '250 OK' (354 for DATA). `greeting` None hangs up at once.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def talk() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as incoming:
            if greeting is None:
                return
            connection.sendall(f"{greeting}\r\n".encode())
            in_body = False
            for raw in incoming:
                line = raw.decode("utf-8", "replace").strip()
                if in_body and line != ".":
                    continue
                word = line.split()[0].upper() if line else ""
                in_body = word == "DATA"
                answer = lines.get(word, "354 go on" if in_body else "250 OK")
                if answer is None:
                    return
                connection.sendall(f"{answer}\r\n".encode())

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()
        thread.join(timeout=10)


@dataclass(frozen=True)
class Certificate:
    """A throw-away certificate for 127.0.0.1, and a server context that shows it."""

    path: Path
    context: ssl.SSLContext


def make_certificate(folder: Path, *, host: str = "127.0.0.1") -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tingfeng test")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / f"{host}.pem", folder / f"{host}.key"
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    return Certificate(path=certificate, context=context)
