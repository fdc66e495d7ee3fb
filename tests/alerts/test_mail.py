"""What goes over the wire: addresses, subjects and ids that nobody can bend."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.mail import compose, message_id
from tests.alerts.mailserver import NOW, SENDER, Mailbox, alert, mail_server, notifier
from tingfeng.errors import DeliveryError


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
