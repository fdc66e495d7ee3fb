"""The detectors: a new one is a file here, a line in DETECTORS and its tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from alerts.detector import Detector
from tingfeng.registry import resolve

if TYPE_CHECKING:
    from tingfeng.config import AlertRule

DETECTORS = {
    "seasonal": "alerts.detectors.seasonal:SeasonalDetector",
}


def load_detector(rule: AlertRule) -> Detector:
    """The detector that `rule` names, as it configures it. UnknownName; ConfigError when the rule does not suit it."""
    return cast(type[Detector], resolve("detector", rule.detector, DETECTORS)).from_rule(rule)
