"""A data set on disk: pairs of image and label files, read as arrays."""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import VOID, LabelSet


@dataclass(frozen=True, slots=True)
class Pair:
    """An image and its labels on disk."""

    image: Path
    label: Path


@dataclass(frozen=True, slots=True)
class FileDataset:
    """Pairs of files with the classes that their labels speak of.

    :param name: what to call it in reports and checkpoints
    :param labels: the classes
    :param pairs: the files, in the order of the data set's own lists
    :param train_ids: uint8 (256,): the class of each value in the label files, 255 for void
    """

    name: str
    labels: LabelSet
    pairs: tuple[Pair, ...]
    train_ids: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.pairs)

    def read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return an image, RGB uint8 (H, W, 3), and its labels, uint8 (H, W), 255 for void.

        :raises DatasetError: if a file cannot be read, the sizes differ, or a label value is
            neither a class nor void
        """
        pair = self.pairs[index]
        image = cv2.imread(str(pair.image), cv2.IMREAD_COLOR)
        if image is None:
            raise DatasetError(f'{pair.image}: not a readable image')
        label = cv2.imread(str(pair.label), cv2.IMREAD_UNCHANGED)
        if label is None or label.dtype != np.uint8 or label.ndim != 2:
            raise DatasetError(f'{pair.label}: not a single-channel 8-bit label image')
        if label.shape != image.shape[:2]:
            raise DatasetError(
                f'{pair.label}: {label.shape[0]}x{label.shape[1]} pixels, but its image '
                f'{pair.image} has {image.shape[0]}x{image.shape[1]}'
            )
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB), self.train_ids[label]


def train_id_table(ids: dict[int, int]) -> np.ndarray:
    """Return uint8 (256,) that maps each file value of ``ids`` to its class, the rest to void."""
    table = np.full(256, VOID, np.uint8)
    for value, train_id in ids.items():
        table[value] = train_id
    return table
