"""Mail over real SMTP on loopback: what arrives, what is refused, and what each refusal means for the outbox."""

from __future__ import annotations

import logging
import socket
import traceback
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.mailserver import (
    NOW,
    PASSWORD,
    PICTURE,
    USER,
    Certificate,
    Mailbox,
    alert,
    authenticate,
    mail_server,
    make_certificate,
    notifier,
    scripted_server,
)
from tingfeng.errors import DeliveryError


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """The certificate is among those the system trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    return certificate


def test_a_mail_arrives_whole() -> None:
    box = Mailbox()
    with mail_server(box) as port:
        notifier(port).send(alert(), now=NOW)
    mail = box.mails[0]
    assert box.recipients == [["li@example.com"]]
    assert mail["Subject"] == alert().subject
    assert (mail["From"].addresses[0].display_name, mail["To"]) == ("听风", "li@example.com")
    assert parsedate_to_datetime(mail["Date"]) == NOW
    assert mail["Message-ID"] == "<n251120131000-1f3a9c.1.opened.ab12cd34@example.com>"
    assert mail["References"] == mail["In-Reply-To"] == "<n251120131000-1f3a9c@example.com>"
    assert mail["List-Id"] == "<tingfeng.example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and html is not None
    assert plain.get_content().replace("\r\n", "\n").strip() == alert().text, "a line of one dot survives"
    assert "云杉奶茶" in html.get_content()
    picture = next(part for part in mail.walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == "<0a1b2c@tingfeng>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_content() == PICTURE.png
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]


def test_text_alone_and_a_message_outside_any_thread() -> None:
    box = Mailbox()
    with mail_server(box) as port:
        notifier(port).send(alert(html=None, images=(), thread=None), now=NOW)
    mail = box.mails[0]
    assert mail.get_content_type() == "text/plain"
    assert mail["References"] is None and mail["In-Reply-To"] is None


def test_a_retry_has_the_same_message_id() -> None:
    box = Mailbox()
    with mail_server(box) as port:
        for minutes in (0, 7):
            notifier(port).send(alert(), now=NOW + timedelta(minutes=minutes))
    assert len({mail["Message-ID"] for mail in box.mails}) == 1
    assert box.mails[0]["Date"] != box.mails[1]["Date"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encrypted_and_logged_in(security: str, trusted: Certificate) -> None:
    box = Mailbox()
    settings: dict[str, Any] = {"tls_context": trusted.context, "require_starttls": True, "auth_required": True}
    if security == "tls":  # aiosmtpd does not see that the socket itself is encrypted
        settings = {"ssl_context": trusted.context, "auth_require_tls": False}
    with mail_server(box, authenticator=authenticate, **settings) as port:
        notifier(port, security=security, user=USER, password=PASSWORD).send(alert(), now=NOW)
    assert box.logged_in == [True]
    assert security == "tls" or box.with_tls == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_is_refused(security: str, certificate: Certificate) -> None:
    box = Mailbox()
    context = {"tls_context": certificate.context} if security == "starttls" else {"ssl_context": certificate.context}
    with mail_server(box, **context) as port, pytest.raises(DeliveryError, match="certificate not trusted") as caught:
        notifier(port, security=security).send(alert(), now=NOW)
    assert not caught.value.permanent, "the operator can mend it; the alert must not be lost"
    assert box.mails == []


def test_a_certificate_for_another_host_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_certificate(tmp_path, host="127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.path))
    with mail_server(Mailbox(), ssl_context=other.context) as port, pytest.raises(DeliveryError, match="mismatch"):
        notifier(port, security="tls").send(alert(), now=NOW)


def test_starttls_is_not_silently_left_out() -> None:
    box = Mailbox()
    with mail_server(box) as port, pytest.raises(DeliveryError, match="STARTTLS"):
        notifier(port, security="starttls").send(alert(), now=NOW)
    assert box.mails == []


@pytest.mark.parametrize(
    ("why", "box", "permanent"),
    [
        ("no such mailbox: trying again cannot help", Mailbox(refuse={"li@example.com": "550 no such user"}), True),
        ("mailbox full: later perhaps", Mailbox(refuse={"li@example.com": "452 mailbox full"}), False),
        ("greylisted", Mailbox(refuse={"li@example.com": "451 try again later"}), False),
        ("the content is refused for good", Mailbox(on_data="554 looks like spam"), True),
        ("the server is out of room", Mailbox(on_data="452 insufficient storage"), False),
    ],
)
def test_refusals(why: str, box: Mailbox, permanent: bool) -> None:
    with mail_server(box) as port, pytest.raises(DeliveryError) as caught:
        notifier(port).send(alert(), now=NOW)
    assert caught.value.permanent is permanent, why
    said = box.refuse.get("li@example.com", box.on_data)
    assert said in str(caught.value), "the server's own words help the operator"


@pytest.mark.parametrize(
    ("why", "lines", "greeting", "permanent"),
    [
        ("hangs up at once", {}, None, False),
        ("too busy to greet", {}, "421 too many connections", False),
        ("hangs up in the middle", {"RCPT": None}, "220 hi", False),
        ("hangs up after the body: perhaps accepted, so again, same id", {".": None}, "220 hi", False),
        ("our sender is not allowed: the operator's business", {"MAIL": "553 sender not allowed"}, "220 hi", False),
        ("larger than it takes: that does not change", {"MAIL": "552 message too big"}, "220 hi", True),
        ("wants a log-in", {"MAIL": "530 authentication required"}, "220 hi", False),
        ("speaks nonsense", {"EHLO": "Hallo", "HELO": "Hallo"}, "220 hi", False),
    ],
)
def test_servers_that_fail(why: str, lines: dict[str, str | None], greeting: str | None, permanent: bool) -> None:
    with scripted_server(lines, greeting=greeting) as port, pytest.raises(DeliveryError) as caught:
        notifier(port).send(alert(), now=NOW)
    assert caught.value.permanent is permanent, why


def test_a_bad_goodbye_does_not_undo_what_was_accepted() -> None:
    for goodbye in ("421 shutting down", None):
        with scripted_server({"QUIT": goodbye}) as port:
            notifier(port).send(alert(), now=NOW)


def test_nobody_listens_and_nobody_answers() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(DeliveryError, match="ConnectionRefusedError") as caught:
            notifier(free.getsockname()[1]).send(alert(), now=NOW)
    assert not caught.value.permanent
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DeliveryError, match="timed out"):
        notifier(silent.getsockname()[1], timeout=timedelta(milliseconds=200)).send(alert(), now=NOW)


@pytest.mark.parametrize(
    ("why", "password"),
    [
        ("wrong", "wr0ng-Pa55word"),
        ("not ASCII: Python's own error would carry it", "密码-Pa55word"),
    ],
)
def test_a_failed_login_keeps_trying_and_gives_nothing_away(
    why: str, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    login: dict[str, Any] = {"authenticator": authenticate, "auth_require_tls": False}
    with mail_server(Mailbox(), **login) as port, pytest.raises(DeliveryError) as caught:
        notifier(port, user=USER, password=password).send(alert(), now=NOW)
    assert not caught.value.permanent, "a wrong setting must not cost an alert"
    told = "".join(traceback.format_exception(caught.value)) + repr(notifier(1, password=password))
    assert password not in told and password not in caplog.text, why


def test_a_server_that_repeats_the_password_does_not_get_it_into_the_error() -> None:
    lines: dict[str, str | None] = {
        "EHLO": "250-hi\r\n250 AUTH PLAIN",
        "AUTH": "235 ok",
        "RCPT": f"550 you are {PASSWORD}",
    }
    with scripted_server(lines) as port, pytest.raises(DeliveryError, match=r"\*\*\*") as caught:
        notifier(port, user=USER, password=PASSWORD).send(alert(), now=NOW)
    assert PASSWORD not in str(caught.value)
