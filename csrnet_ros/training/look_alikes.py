"""Look-alike classes: pairs that networks confuse with one another."""

from collections.abc import Sequence

import numpy as np

from csrnet_ros.training.metrics import ConfusionMatrix


def look_alikes(matrices: Sequence[ConfusionMatrix]) -> list[tuple[int, int]]:
    """Return all pairs of classes that are ever confused, the most confused first.

    How much two classes are confused with one another is the share of the pixels of both that the
    networks, taken together, take for the other one. So a pole that is often lost in the house
    behind it counts little, since hardly any of all the pixels of houses and poles are meant.
    """
    counts = sum((matrix.counts for matrix in matrices), np.zeros((), np.int64))
    totals = counts.sum(1)
    both, confused = totals + totals[:, None], np.triu(counts + counts.T, k=1)
    shares = np.divide(confused, both, out=np.zeros(counts.shape), where=both > 0)
    order = np.argsort(-shares, axis=None, kind='stable')[: np.count_nonzero(shares)]
    return [(int(one), int(other)) for one, other in zip(*np.unravel_index(order, shares.shape))]
