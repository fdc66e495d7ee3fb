"""What a channel can do. One file each in channels/."""

from __future__ import annotations

from typing import Protocol

from tingfeng.model import Message


class Notifier(Protocol):
    """Sends one message. Raises DeliveryError (permanent or not); returning means the other side accepted it."""

    name: str

    def send(self, message: Message) -> None: ...
