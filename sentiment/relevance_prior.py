"""What holds for mentions of brands whatever they make: the weights from which a brand's filter starts.

Fitted on marks of several brands; a brand's own marks then only have to learn in what it differs.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib import resources

from sentiment.relevance_features import FEATURES
from sentiment.relevance_filter import Rows
from sentiment.relevance_fit import fit

FILE = "relevance_prior.json"
# Words of the text are left out: few are said of several brands.
_KINDS = ("topic", "about", "aspect", "form", "also", "sense", "close", "left", "right", "before", "after")
_RIDGE = 8.0  # fitted on the training half of bench/relevance only
_LEAST_BRANDS = 2  # that know a feature
_TELLING = 0.005
_OWN = 3.0  # a brand's share of relevant mentions is its own


def shared(marked: Mapping[str, Rows]) -> dict[str, float]:
    """Weights by feature, from the rows of several brands (see `relevance_learn.rows_of`)."""
    known: dict[str, set[str]] = defaultdict(set)
    for brand, rows in marked.items():
        for features, _ in rows:
            for name in features:
                known[name].add(brand)
    kept = {name for name, brands in known.items() if _kind(name) in _KINDS and len(brands) >= _LEAST_BRANDS}
    rows = [
        ({**{name: value for name, value in features.items() if name in kept}, f"of:{brand}": _OWN}, ours)
        for brand, rows in sorted(marked.items())
        for features, ours in rows
    ]
    weights, _ = fit(rows, _RIDGE)
    return {name: round(weight, 4) for name, weight in weights.items() if name in kept and abs(weight) >= _TELLING}


def _kind(name: str) -> str:
    return name.partition(":")[0].partition("#")[0]


@cache
def shipped() -> Mapping[str, float]:
    """Made by `bench/relevance.py --write-prior`; nothing is known where it was made for other features."""
    told = json.loads(resources.files("sentiment").joinpath("data", FILE).read_text("utf-8"))
    return dict(told["weights"]) if told["features"] == FEATURES else {}
