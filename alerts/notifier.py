"""What a channel can do. One file each in channels/."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from tingfeng.model import Message


class Notifier(Protocol):
    """Sends one message. Raises DeliveryError (permanent or not); returning means the other side accepted it.

    `now` is the moment of sending: mail dates its message with it, robots sign with it.
    """

    @property
    def name(self) -> str: ...

    def send(self, message: Message, *, now: datetime) -> None: ...
