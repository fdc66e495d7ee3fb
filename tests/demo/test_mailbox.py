"""The mailbox is a real SMTP server: what is sent lies in the folder, readable by a mail program and a browser."""

from __future__ import annotations

import smtplib
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from demo.mailbox import Mailbox, viewable

PNG = b"\x89PNG\r\n\x1a\nnot really"


def letter(html: str | None = None) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "【听风】云麂：负面激增", "a@demo.invalid", "b@demo.invalid"
    mail["Message-ID"] = "<k1@demo.invalid>"
    mail.set_content("正文 <b>")
    if html:
        mail.add_alternative(html, subtype="html")
        part = mail.get_payload()[-1]
        part.add_related(PNG, "image", "png", cid="<chart>")
    return mail


def test_a_mail_is_kept_as_sent_and_as_seen(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as box, smtplib.SMTP("127.0.0.1", box.port, timeout=5) as smtp:
        smtp.send_message(letter('<p>看<img src="cid:chart"></p>'))
        smtp.send_message(letter())
    first, second = box.letters
    assert first.message_id == second.message_id == "<k1@demo.invalid>", "a mail sent twice stands there twice"
    assert first.recipients == ("b@demo.invalid",) and first.subject == "【听风】云麂：负面激增"
    assert first.eml and first.html and first.eml.name == "001-听风-云麂-负面激增.eml"
    assert message_from_bytes(first.eml.read_bytes(), policy=policy.default)["Subject"] == first.subject
    assert 'src="data:image/png;base64,' in first.html.read_text("utf-8")
    assert second.html and "<pre>正文 &lt;b>" in second.html.read_text("utf-8")


def test_without_a_folder_nothing_is_written() -> None:
    with Mailbox(None) as box, smtplib.SMTP("127.0.0.1", box.port, timeout=5) as smtp:
        smtp.send_message(letter())
    assert box.letters[0].eml is None and box.letters[0].html is None


def test_stopping_does_not_wait_for_a_client_that_stays() -> None:
    with Mailbox(None) as box:
        smtp = smtplib.SMTP("127.0.0.1", box.port, timeout=5)
        started = time.monotonic()
    assert time.monotonic() - started < 10
    smtp.close()


def test_viewable_without_any_body() -> None:
    assert "<pre></pre>" in viewable(EmailMessage())
