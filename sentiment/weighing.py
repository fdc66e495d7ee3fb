"""Where an n-gram stands: in which text, and whether in a reposter's own words or in what was only passed on."""

from __future__ import annotations

import numpy as np

from sentiment.text import CHAIN, Batch, Positions

CHAIN_WEIGHT = 0.5  # of the chain behind a reposter's own words; leaving it out would cost 8 points on reposts


def places(batch: Batch) -> tuple[Positions, Positions | None]:
    """Of each position of the batch: the number of its text, and 1 from a text's first repost mark to its end.

    The second is None when nothing in the batch was passed on.
    """
    size = len(batch.codes)
    step = np.zeros(size, dtype=np.int64)
    step[batch.bounds[1:]] = 1
    text = np.minimum(np.cumsum(step), max(len(batch) - 1, 0))
    marks = np.flatnonzero(batch.codes == ord(CHAIN))
    if not len(marks):
        return text, None
    step[:] = 0
    owner, at = np.unique(text[marks], return_index=True)
    step[marks[at]] = 1
    step[batch.bounds[owner + 1]] = -1
    return text, np.cumsum(step)
