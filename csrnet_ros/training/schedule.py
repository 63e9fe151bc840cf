"""The learning rate over a run."""

import math

from csrnet_ros.training.config import Recipe


def learning_rate(recipe: Recipe, *, progress: float) -> float:
    """Return the rate after ``progress`` epochs, which may end in a fraction.

    It follows the cosine, epoch by epoch; a warm-up lets it rise to that step by step.
    """
    course = cosine(
        math.floor(progress),
        epochs=recipe.epochs,
        first=recipe.learning_rate,
        last=recipe.final_learning_rate,
    )
    warmup_epochs = recipe.warmup_share * recipe.epochs
    if progress >= warmup_epochs:
        return course
    start = recipe.final_learning_rate
    return start + (course - start) * progress / warmup_epochs


def cosine(epoch: int, *, epochs: int, first: float, last: float) -> float:
    """Return the rate of ``epoch`` (0 to epochs - 1): ``first`` falling to ``last`` by a cosine.

    Section 4.2: the minimum is reached in the last epoch.
    """
    progress = epoch / max(1, epochs - 1)
    return last + (first - last) * (1 + math.cos(math.pi * progress)) / 2
