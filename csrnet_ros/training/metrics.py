"""Segmentation metrics from one confusion matrix over a whole set."""

import numpy as np

from csrnet_ros.labels import VOID


class ConfusionMatrix:
    """Counts pixels by true and predicted class; void pixels of the truth do not count.

    ``counts`` is int64 (num_classes, num_classes): a row per true class, a column per
    predicted one.

    :param num_classes: number of classes, 2 to 255
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.counts = np.zeros((num_classes, num_classes), np.int64)

    def update(self, truth: np.ndarray, predicted: np.ndarray) -> None:
        """Add the pixels of one or more images, two uint8 arrays of one shape.

        :raises ValueError: if the shapes differ, or a value is neither a class nor void
        """
        if truth.shape != predicted.shape:
            raise ValueError(f'truth is {truth.shape}, the prediction {predicted.shape}')
        known = truth != VOID
        truth, predicted = truth[known].astype(np.int64), predicted[known]
        highest = max(truth.max(initial=0), predicted.max(initial=0))
        if highest >= self.num_classes:
            raise ValueError(f'label {highest} where there are {self.num_classes} classes')
        pairs = truth * self.num_classes + predicted
        counts = np.bincount(pairs, minlength=self.num_classes**2)
        self.counts += counts.reshape(self.num_classes, self.num_classes)

    def iou(self) -> np.ndarray:
        """Return intersection over union by class in percent; NaN where a class never occurs."""
        hit = np.diag(self.counts)
        union = self.counts.sum(0) + self.counts.sum(1) - hit
        return np.divide(100.0 * hit, union, out=np.full(hit.shape, np.nan), where=union > 0)

    def miou(self) -> float:
        """Return the mean of ``iou`` in percent over the classes that occur; NaN if none does."""
        iou = self.iou()
        return float(np.nanmean(iou)) if np.isfinite(iou).any() else float('nan')

    def pixel_accuracy(self) -> float:
        """Return the share of counted pixels that are right, in percent; NaN without any."""
        total = self.counts.sum()
        return float(100.0 * np.trace(self.counts) / total) if total else float('nan')
