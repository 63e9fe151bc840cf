"""Tables that more than one command prints."""

import math
from collections.abc import Mapping

from csrnet_ros.labels import LabelSet
from csrnet_ros.training.datasets import FileDataset
from csrnet_ros.training.metrics import ConfusionMatrix


def iou_table(matrices: Mapping[str, ConfusionMatrix], labels: LabelSet) -> str:
    """Return one line per class with its IoU in percent, then their mean.

    :param matrices: by the network's name, which heads its column if there are several
    """
    columns = [[*matrix.iou(), matrix.miou()] for matrix in matrices.values()]
    names = [*labels.classes, 'mean']
    width = max(map(len, names))
    lines = [
        f'{name:<{width}}' + ''.join(map(_cell, row, matrices))
        for name, *row in zip(names, *columns, strict=True)
    ]
    if len(matrices) > 1:
        lines.insert(0, ' ' * width + ''.join(f'  {name:>8}' for name in matrices))
    return '\n'.join(lines)


def summary(matrix: ConfusionMatrix, data: FileDataset) -> str:
    """Return one line: the mean, on what, and by which tradition of labels."""
    if math.isnan(matrix.miou()):
        return f'{data.name}: all pixels of its {len(data)} images are void, nothing to measure'
    return f'{data.name}: mIoU {matrix.miou():.2f} % over {len(data)} images'


def boundary_line(near_boundary: Mapping[int, ConfusionMatrix]) -> str:
    """Return one line: the mean near label boundaries, by the radius in pixels."""
    parts = [f'{_percent(near.miou())} within {px} px' for px, near in near_boundary.items()]
    return f'mIoU near label boundaries: {", ".join(parts)}'


def _cell(value: float, name: str) -> str:
    """Return a value in a column as wide as its name, 8 at least."""
    return f'  {_percent(value):>{max(8, len(name))}}'


def _percent(value: float) -> str:
    return '-' if math.isnan(value) else f'{value:.2f} %'
