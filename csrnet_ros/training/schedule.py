"""The learning rate over the epochs."""

import math


def cosine(epoch: int, *, epochs: int, first: float, last: float) -> float:
    """Return the rate of ``epoch`` (0 to epochs - 1): ``first`` falling to ``last`` by a cosine.

    Section 4.2: the minimum is reached in the last epoch.
    """
    progress = epoch / max(1, epochs - 1)
    return last + (first - last) * (1 + math.cos(math.pi * progress)) / 2
