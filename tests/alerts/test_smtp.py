"""Mail over real SMTP on loopback: what arrives, what is refused, and what each refusal means for the outbox."""

from __future__ import annotations

import logging
import socket
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.mail import compose, message_id
from alerts.channels.smtp import SmtpNotifier
from tests.alerts.mailserver import (
    PASSWORD,
    USER,
    Certificate,
    Mailbox,
    authenticate,
    mail_server,
    make_certificate,
    scripted_server,
)
from tests.support.factories import make_message
from tingfeng.errors import DeliveryError
from tingfeng.model import InlineImage, Message

NOW = datetime(2025, 11, 20, 13, 10, tzinfo=UTC)
SENDER = "听风 <tingfeng@example.com>"
PICTURE = InlineImage(cid="0a1b2c@tingfeng", png=b"\x89PNG\r\n\x1a\n fake", alt="图")


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


@pytest.mark.parametrize(
    ("why", "recipient"),
    [
        ("a second header", "li@example.com\r\nBcc: evil@example.com"),
        ("a bare line feed", "li@example.com\nBcc: evil@example.com"),
        ("two people in one", "li@example.com, wang@example.com"),
        ("nobody", ""),
        ("no domain", "li"),
        ("a command", "li@example.com> SIZE=1\r\nRSET"),
    ],
)
def test_bad_addresses_are_refused_before_the_wire(why: str, recipient: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        notifier(9).send(alert(recipient=recipient), now=NOW)
    assert caught.value.permanent, why
    assert "not a mail address" in str(caught.value) or "control characters" in str(caught.value)


def test_a_bad_sender_is_the_operators_mistake_and_can_be_mended() -> None:
    with pytest.raises(DeliveryError) as caught:
        notifier(9, sender="听风").send(alert(), now=NOW)
    assert not caught.value.permanent


def test_a_subject_cannot_become_a_header() -> None:
    box = Mailbox()
    with mail_server(box) as port:
        notifier(port).send(alert(subject="突增\r\nBcc: evil@example.com\r\n\r\n<script>"), now=NOW)
    assert box.mails[0]["Bcc"] is None
    assert box.recipients == [["li@example.com"]]
    assert box.mails[0]["Subject"] == "突增 Bcc: evil@example.com <script>"


@given(subject=st.text(max_size=250), text=st.text(max_size=300), key=st.text(min_size=1, max_size=200))
def test_any_text_makes_a_mail_that_says_the_same(subject: str, text: str, key: str) -> None:
    mail = compose(alert(subject=subject, text=text, html=f"<p>{text}</p>", key=key), sender=SENDER, now=NOW)
    raw = bytes(mail)
    head = raw.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert {line.split(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"} == {
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"In-Reply-To", b"References", b"List-Id",
        b"Auto-Submitted", b"X-Auto-Response-Suppress", b"MIME-Version", b"Content-Type",
    }  # fmt: skip
    raw.decode("ascii")


@pytest.mark.parametrize(
    "subject",
    [
        "【听风·预警】云杉奶茶 负面 38 条/小时，平时约 4.1 条",
        "平时 38 条 4 小 时 a b c 负 面 d e f g h 奶 茶 i j k 1 2 3 4 5 6 7 8 9 0 条 条 条 条 条",
        "plain ascii only",
        "🤯🧋 " * 20,
    ],
)
def test_subjects_come_back_as_they_were(subject: str) -> None:
    box = Mailbox()
    with mail_server(box) as port:
        notifier(port).send(alert(subject=subject), now=NOW)
    assert box.mails[0]["Subject"] == " ".join(subject.split())


@pytest.mark.parametrize(
    ("why", "key", "domain", "want"),
    [
        ("a plain key stays readable", "n25-1.2.opened.ab", "example.com", "<n25-1.2.opened.ab@example.com>"),
        ("Chinese is digested", "云杉.1", "example.com", None),
        ("what could end the id is digested", "a> <b", "example.com", None),
        ("a long one is digested", "x" * 200, "example.com", None),
    ],
)
def test_message_ids(why: str, key: str, domain: str, want: str | None) -> None:
    found = message_id(key, domain)
    assert len(found) < 78 and found.count("<") == found.count(">") == found.count("@") == 1, why
    assert found == message_id(key, domain)
    assert want is None or found == want, why


def test_a_long_or_odd_sender_domain_does_not_get_into_ids() -> None:
    mail = compose(alert(), sender=f"a@{'long-' * 10}x.{'y' * 30}.example.com", now=NOW)
    assert mail["Message-ID"].endswith("@tingfeng.invalid>")
