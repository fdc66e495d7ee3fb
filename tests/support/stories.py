"""The simplest index of known stories."""

from __future__ import annotations

import numpy as np

from tingfeng.stories import WAYS, Ids, Keys, Prints, Sketches


class DictIndex:
    """Known stories in dictionaries, as the store keeps them in tables."""

    def __init__(self) -> None:
        self.keys: dict[int, dict[int, int]] = {}
        self.made: list[Sketches] = []

    def find(self, keys: Keys) -> Ids:
        found = np.zeros((*keys.shape, WAYS), dtype=np.int64)
        for place, key in np.ndenumerate(keys):
            for way, story in self.keys.get(int(key), {}).items():
                found[*place, way] = story
        return found

    def sketches(self, stories: Ids) -> Sketches:
        return np.array([self.made[story - 1] for story in stories], dtype=np.uint32)

    def found(self, prints: Prints, rows: Ids) -> Ids:
        ids = len(self.made) + 1 + np.arange(len(rows), dtype=np.int64)
        self.made += list(prints.sketches[rows])
        for story, keys in zip(ids.tolist(), prints.keys[rows].tolist(), strict=True):
            for key in filter(None, keys):
                self.keys.setdefault(key, {})[story % WAYS] = story
        return ids
