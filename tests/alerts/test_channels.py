"""What every registered channel must do, against a faithful fake of its other side. A new one adds its fake here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.channels import CHANNELS, load_notifiers
from alerts.channels.smtp import SmtpNotifier
from alerts.notifier import Notifier
from tests.alerts.mailserver import Mailbox, mail_server, scripted_server
from tests.support.factories import make_message
from tingfeng.config import MailConfig
from tingfeng.errors import DeliveryError
from tingfeng.registry import resolve

NOW = datetime(2025, 11, 20, 13, 10, tzinfo=UTC)
SECRET = "t0p-secret"


@dataclass(frozen=True)
class Other:
    """The other side of a channel: `notifier` talks to it, `received` are the keys of what it accepted."""

    notifier: Notifier
    received: Callable[[], list[str]]


Fake = Callable[[str], AbstractContextManager[Other]]


@contextmanager
def smtp(behaviour: str) -> Iterator[Other]:
    box = Mailbox(refuse={"li@example.com": "550 no such user"} if behaviour == "refuses" else {})
    server = scripted_server({}, greeting=None) if behaviour == "down" else mail_server(box)
    with server as port:
        channel = SmtpNotifier(
            host="127.0.0.1", port=port, security="none", sender="a@example.com", password=SECRET,
            timeout=timedelta(seconds=5),
        )  # fmt: skip
        yield Other(channel, lambda: [str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in box.mails])


FAKES: dict[str, Fake] = {"mail": smtp}


def message(**overrides: Any) -> Any:
    return make_message(**{"channel": "any", "html": "<p>正文</p>"} | overrides)


@pytest.fixture(params=sorted(CHANNELS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_channel_has_a_fake_and_the_name_it_is_called_by(name: str) -> None:
    with FAKES[name]("accepts") as other:
        assert type(other.notifier) is resolve("channel", name, CHANNELS)
        assert other.notifier.name == name


def test_what_is_accepted_has_arrived_under_its_key(name: str) -> None:
    with FAKES[name]("accepts") as other:
        for key in ("n1.1", "n1.1", "n1.2"):
            other.notifier.send(message(key=key), now=NOW)
        assert other.received() == ["n1.1", "n1.1", "n1.2"], "the same message again is recognisable as the same"


@pytest.mark.parametrize(("behaviour", "permanent"), [("refuses", True), ("down", False)])
def test_failures_say_whether_trying_again_can_help(name: str, behaviour: str, permanent: bool) -> None:
    with FAKES[name](behaviour) as other:
        with pytest.raises(DeliveryError) as caught:
            other.notifier.send(message(), now=NOW)
        assert caught.value.permanent is permanent
        assert SECRET not in str(caught.value)
        assert other.received() == []


def test_hostile_text_is_sent_or_refused_but_never_crashes(name: str) -> None:
    hostile = "\x00\r\n\r\n.\r\nQUIT\r\n\u202e\ud800<script>" + "长" * 5_000
    with FAKES[name]("accepts") as other:
        other.notifier.send(message(subject=hostile, text=hostile, html=hostile), now=NOW)
        assert len(other.received()) == 1


def test_secrets_do_not_show(name: str) -> None:
    with FAKES[name]("accepts") as other:
        assert SECRET not in repr(other.notifier)


def test_configured_channels_are_found_by_the_name_messages_call_them() -> None:
    mail = MailConfig(host="mail.example.com", sender="听风 <a@example.com>", security="tls")
    found = load_notifiers(mail)
    assert set(found) == set(CHANNELS)
    assert load_notifiers(None) == {}
    channel = found["mail"]
    assert isinstance(channel, SmtpNotifier)
    assert (channel.port, channel.security, channel.password) == (465, "tls", None)
