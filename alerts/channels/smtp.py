"""Mail by SMTP, one mail per recipient.

What is permanent: the server refuses this recipient or this content for good (5xx). What is not: no connection,
time-outs, 4xx, and mistakes of the configuration (log-in, certificate, a sender the server does not take). An operator
can mend those, and an alert must not be lost for it; the outbox keeps trying for a day and the log names the cause.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from alerts.channels.mail import address, compose, id_domain, one_line
from tingfeng.errors import DeliveryError
from tingfeng.model import Message

if TYPE_CHECKING:
    from email.message import EmailMessage

    from tingfeng.config import MailConfig

REPLY_MAX = 200  # characters of a server's answer that go into an error


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpNotifier:
    """A mail server that takes our mail. TLS certificates are always checked, against the system's authorities."""

    name: ClassVar[str] = "mail"
    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: timedelta = timedelta(seconds=30)

    @classmethod
    def from_config(cls, mail: MailConfig) -> Self:
        password = mail.password.get_secret_value() if mail.password else None
        return cls(
            host=mail.host,
            port=mail.port,
            security=mail.security,
            sender=mail.sender,
            user=mail.user,
            password=password,
            timeout=mail.timeout,
        )

    def send(self, message: Message, *, now: datetime) -> None:
        mail = compose(message, sender=self.sender, now=now)
        with self._translated():
            server = self._connect()
            try:
                self._hand_over(server, mail, message.recipient)
            finally:
                # Accepted is accepted: a bad goodbye must not make the outbox send it again.
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()

    def check(self) -> None:
        """Connect, greet, log in and leave. DeliveryError, naming the cause, when that cannot be done."""
        with self._translated():
            self._connect().quit()

    def _connect(self) -> smtplib.SMTP:
        """Connected and logged in. The greeting names the sender's domain: asking DNS for our own can hang."""
        hello, seconds = id_domain(address(self.sender, what="sender")), self.timeout.total_seconds()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, local_hostname=hello, timeout=seconds, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(self.host, self.port, local_hostname=hello, timeout=seconds)
        try:
            if self.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server

    def _hand_over(self, server: smtplib.SMTP, mail: EmailMessage, recipient: str) -> None:
        origin, to = (
            address(text, what=what).addr_spec for text, what in ((self.sender, "sender"), (recipient, "recipient"))
        )
        server.send_message(mail, from_addr=origin, to_addrs=[to])

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Every way SMTP fails, as DeliveryError. Texts reach logs: no password, nothing of the log-in's dialogue."""
        try:
            yield
        except smtplib.SMTPRecipientsRefused as e:
            code, reply = next(iter(e.recipients.values()))
            raise self._error(f"recipient refused: {self._said(code, reply)}", permanent=code >= 500) from e
        except smtplib.SMTPSenderRefused as e:
            too_big = e.smtp_code == 552
            raise self._error(f"sender refused: {self._said(e.smtp_code, e.smtp_error)}", permanent=too_big) from e
        except smtplib.SMTPDataError as e:
            said = self._said(e.smtp_code, e.smtp_error)
            raise self._error(f"message refused: {said}", permanent=e.smtp_code >= 500) from e
        except smtplib.SMTPAuthenticationError as e:
            raise self._error(f"log-in refused ({e.smtp_code}): check mail.user and the password") from None
        except smtplib.SMTPResponseException as e:
            raise self._error(f"refused: {self._said(e.smtp_code, e.smtp_error)}") from e
        except smtplib.SMTPNotSupportedError as e:
            raise self._error(f"the server cannot do this: {e}") from e
        except UnicodeError:
            raise self._error("user or password hold characters that SMTP cannot carry") from None
        except ssl.SSLCertVerificationError as e:
            raise self._error(f"certificate not trusted: {e.verify_message}") from e
        except (smtplib.SMTPException, OSError) as e:
            raise self._error(f"{type(e).__name__}: {one_line(str(e))[:REPLY_MAX]}") from e

    def _error(self, text: str, *, permanent: bool = False) -> DeliveryError:
        return DeliveryError(f"smtp {self.host}:{self.port}: {self._without_secret(text)}", permanent=permanent)

    def _said(self, code: int, reply: bytes | str) -> str:
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        return f"{code} {one_line(text)[:REPLY_MAX]}".strip()

    def _without_secret(self, text: str) -> str:
        return text.replace(self.password, "***") if self.password else text
