"""Tables that more than one command prints."""

import math

from csrnet_ros.labels import LabelSet
from csrnet_ros.training.datasets import FileDataset
from csrnet_ros.training.metrics import ConfusionMatrix


def iou_table(matrix: ConfusionMatrix, labels: LabelSet) -> str:
    """Return one line per class with its IoU in percent, then their mean."""
    rows = [*zip(labels.classes, matrix.iou(), strict=True), ('mean', matrix.miou())]
    width = max(len(name) for name, _ in rows)
    return '\n'.join(f'{name:<{width}}  {iou:6.2f} %' for name, iou in rows)


def summary(matrix: ConfusionMatrix, data: FileDataset) -> str:
    """Return one line: the mean, on what, and by which tradition of labels."""
    if math.isnan(matrix.miou()):
        return f'{data.name}: all pixels of its {len(data)} images are void, nothing to measure'
    return f'{data.name}: mIoU {matrix.miou():.2f} % over {len(data)} images'
