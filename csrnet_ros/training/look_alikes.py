"""Look-alike classes: pairs that networks confuse with one another."""

from collections.abc import Sequence

import numpy as np

from csrnet_ros.training.metrics import ConfusionMatrix


def look_alikes(matrices: Sequence[ConfusionMatrix]) -> list[tuple[int, int]]:
    """Return all pairs of classes that are ever confused, the most confused first.

    Two classes are confused with one another as much as the geometric mean of two shares: that of
    the pixels of one that the networks take for the other, and the reverse. So both must happen;
    a pole that is lost in a house, which is never taken for a pole, does not count.
    """
    counts = sum((matrix.counts for matrix in matrices), np.zeros((), np.int64))
    totals = counts.sum(1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    mutual = np.triu(np.sqrt(shares * shares.T), k=1)
    order = np.argsort(-mutual, axis=None, kind='stable')[: np.count_nonzero(mutual)]
    return [(int(one), int(other)) for one, other in zip(*np.unravel_index(order, mutual.shape))]
