"""The channels. A new one is a file here, a line in this table, and its tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerts.notifier import Notifier
    from tingfeng.config import MailConfig

# The key is what `Message.channel` says.
CHANNELS = {
    "mail": "alerts.channels.smtp:SmtpNotifier",
}


def load_notifiers(mail: MailConfig | None) -> Mapping[str, Notifier]:
    """The channels that are configured, by the name messages call them."""
    from alerts.channels.smtp import SmtpNotifier

    return {} if mail is None else {SmtpNotifier.name: SmtpNotifier.from_config(mail)}
