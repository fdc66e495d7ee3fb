"""Vectors of words: how much more often than by chance words stand near each other, in few dimensions.

Positive pointwise mutual information with smoothed contexts, and its truncated singular value decomposition (Levy and
Goldberg, 2014). The same texts give the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.corpora import Labelled, same_start
from sentiment.tokenizer import default_tokenizer
from tingfeng.words import fold

LONGEST = 600  # characters of a text
LEAST = 8  # times a word is seen
REACH = 8  # words on either side
NEAR = 3  # of them count whole, those beyond for _FAR
SIZE = 32  # dimensions
_FAR = 1 / 1.5
_SMOOTH = 0.75  # contexts: rare ones would look too telling
_COMMON = 1e-3  # share of all words from which a word tells less and less
_LARGEST = 127


def train(rows: Sequence[Labelled], out: Path) -> int:
    """Write the vectors; the file's size in bytes."""
    texts = {same_start(row.text): row.text[:LONGEST] for row in reversed(rows)}  # of copies the first
    cut = default_tokenizer().cut
    said = [[w for w in cut(fold(text)) if _is_word(w)] for text in reversed(texts.values())]
    seen = Counter(word for words in said for word in words)
    words = [word for word, n in sorted(seen.items(), key=lambda s: (-s[1], s[0])) if n >= LEAST]
    places = {word: i for i, word in enumerate(words)}
    gap = [-1] * REACH
    stream = np.array([i for text in said for i in (*(places.get(w, -1) for w in text), *gap)], dtype=np.int64)
    counts = np.array([seen[word] for word in words], dtype=np.float64)
    vectors = _vectors(_thinned(stream, counts), len(words))
    vectors -= np.average(vectors, axis=0, weights=np.sqrt(counts))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    vectors *= (_COMMON / (_COMMON + counts / counts.sum()))[:, None]
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-9) / _LARGEST
    np.savez_compressed(
        out,
        words=np.frombuffer("\n".join(words).encode(), dtype=np.uint8),
        rows=np.rint(vectors / scales[:, None]).astype(np.int8),
        scales=scales.astype(np.float32),
    )
    return out.stat().st_size


def _is_word(token: str) -> bool:
    return any(map(str.isalnum, token)) and not token.isdecimal()


def _thinned(stream: npt.NDArray[np.int64], counts: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Without most of the commonest words, which stand near everything."""
    keep = np.minimum(1, np.sqrt(_COMMON * counts.sum() / counts))
    chance = np.random.default_rng(0).random(len(stream))
    return np.where((stream >= 0) & (chance > keep[stream]), -1, stream)


def _vectors(stream: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.float64]:
    import scipy.sparse as sparse
    from scipy.sparse.linalg import svds

    together: Any = sparse.csr_matrix((n, n))
    for apart in range(1, REACH + 1):
        a, b = stream[:-apart], stream[apart:]
        both = (a >= 0) & (b >= 0)
        weight = np.full(int(both.sum()), 1.0 if apart <= NEAR else _FAR)
        together = together + sparse.coo_matrix((weight, (a[both], b[both])), shape=(n, n)).tocsr()
    together = (together + together.T).tocoo()
    total = np.asarray(together.sum(axis=1)).ravel()
    context = total**_SMOOTH
    with np.errstate(divide="ignore"):
        more = np.log(together.data * context.sum() / (total[together.row] * context[together.col]))
    more = np.maximum(more, 0)
    table = sparse.coo_matrix((more, (together.row, together.col)), shape=(n, n)).tocsr()
    u, s, _ = svds(table, k=min(SIZE, n - 1), v0=np.ones(n), rng=0)
    order = np.argsort(-s)
    u, s = u[:, order], s[order]
    signs = np.sign(u[np.abs(u).argmax(axis=0), np.arange(u.shape[1])])  # of a singular vector either is right
    found: npt.NDArray[np.float64] = u * signs * np.sqrt(s)
    return found
