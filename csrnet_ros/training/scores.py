"""What is measured of networks over a data set, in one pass."""

import numpy as np

from csrnet_ros.labels import VOID
from csrnet_ros.training.boundary import RADII_PX, trimap
from csrnet_ros.training.evaluate import Outcome
from csrnet_ros.training.metrics import ConfusionMatrix


class Score:
    """What is measured of a network: its confusion overall, and near boundaries by radius."""

    def __init__(self, num_classes: int) -> None:
        self.overall = ConfusionMatrix(num_classes)
        self.near_boundary = {radius_px: ConfusionMatrix(num_classes) for radius_px in RADII_PX}


class Scores:
    """Counts image by image.

    ``networks`` holds a score for each network, ``wrong_shares`` a number for each image: the
    share of its pixels that is wrong, 0 to 1, averaged over the networks.
    """

    def __init__(self, networks: int, num_classes: int) -> None:
        self.networks = [Score(num_classes) for _ in range(networks)]
        self.wrong_shares: dict[int, float] = {}

    def update(self, outcome: Outcome) -> None:
        """Count an image."""
        truth = outcome.truth
        trimaps = {radius_px: trimap(truth, radius_px=radius_px) for radius_px in RADII_PX}
        for score, predicted in zip(self.networks, outcome.predictions, strict=True):
            score.overall.update(truth, predicted)
            for radius_px, matrix in score.near_boundary.items():
                matrix.update(trimaps[radius_px], predicted)
        shares = [wrong_share(truth, predicted) for predicted in outcome.predictions]
        self.wrong_shares[outcome.index] = float(np.mean(shares))

    def worst(self, count: int) -> list[int]:
        """Return the indices of the images with the largest shares of wrong pixels."""
        return sorted(self.wrong_shares, key=lambda index: -self.wrong_shares[index])[:count]


def wrong_share(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the share of an image's pixels that is wrong, 0 to 1; void ones do not count."""
    known = truth != VOID
    return float(np.mean(predicted[known] != truth[known])) if known.any() else 0.0
