"""A data set on disk: pairs of image and label files, read as arrays."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from csrnet_ros.errors import DatasetError, ImageError
from csrnet_ros.labels import LabelSet
from csrnet_ros.media.frames import IMAGE_SUFFIXES, read_image
from csrnet_ros.training.datasets.masks import MaskCode

Watch = Callable[[Iterable[int]], Iterable[int]]
"""Passes indices through while it shows their progress, as tqdm does."""

SPLITS = {'train': ('train',), 'val': ('val',), 'test': ('test',), 'trainval': ('train', 'val')}
"""The parts that make up each split; the paper trains CamVid on train and val together."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An image and its labels on disk; whether both are there, ``check_dataset`` tells."""

    image: Path
    label: Path


@dataclass(frozen=True, slots=True)
class FileDataset:
    """Pairs of files with the classes that their labels speak of.

    :param name: what to call it in reports and checkpoints; it tells the tradition of the labels
        where there are several
    :param labels: the classes
    :param pairs: the files, in the order of the data set's own lists
    :param code: what the values in the label files stand for
    :param size_px: height and width that images and labels are brought to; None for their own
    :param prediction_values: value of each class in predictions for others to read
    """

    name: str
    labels: LabelSet
    pairs: tuple[Pair, ...]
    code: MaskCode
    size_px: tuple[int, int] | None = None
    prediction_values: tuple[int, ...] = tuple(range(256))

    def __len__(self) -> int:
        return len(self.pairs)

    def read(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return an image, RGB uint8 (H, W, 3), and its labels, uint8 (H, W), 255 for void.

        :raises DatasetError: if a file cannot be read, the sizes differ, or a label value is
            neither a class nor void
        """
        pair = self.pairs[index]
        try:
            image = read_image(pair.image)
        except ImageError as error:
            raise DatasetError(str(error)) from error
        label = self._own_label(pair)
        if label.shape != image.shape[:2]:
            raise DatasetError(size_fault(pair, image.shape[:2], label.shape))
        height_px, width_px = self.size_px or label.shape
        smooth = cv2.INTER_AREA if height_px * width_px < label.size else cv2.INTER_LINEAR
        return self._sized(image, smooth), self._sized(label, cv2.INTER_NEAREST_EXACT)

    def read_label(self, index: int) -> np.ndarray:
        """Return the labels that ``read`` gives, without their image.

        :raises DatasetError: if the file cannot be read, or a value is neither a class nor void
        """
        return self._sized(self._own_label(self.pairs[index]), cv2.INTER_NEAREST_EXACT)

    def size(self, index: int) -> tuple[int, int]:
        """Return height and width of what ``read`` gives; of the labels only the header is read.

        :raises DatasetError: if the file is missing or no image
        """
        return self.size_px or self.code.size(self.pairs[index].label)

    def _own_label(self, pair: Pair) -> np.ndarray:
        """Return the labels of a pair in their own size."""
        try:
            return self.code.labels(self.code.read(pair.label))
        except ValueError as error:
            raise DatasetError(f'{pair.label}: {error}') from error

    def _sized(self, pixels: np.ndarray, interpolation: int) -> np.ndarray:
        """Return an image or labels in the size asked for."""
        if self.size_px is None or pixels.shape[:2] == self.size_px:
            return pixels
        return cv2.resize(pixels, self.size_px[::-1], interpolation=interpolation)


def size_fault(pair: Pair, image: tuple[int, ...], label: tuple[int, ...]) -> str:
    """Return what to say of a pair whose sizes, (height, width), differ."""
    return (
        f'{pair.label}: {label[0]}x{label[1]} pixels, but its image {pair.image} has '
        f'{image[0]}x{image[1]}'
    )


def parts_of(split: str, *, data: str) -> tuple[str, ...]:
    """Return the parts of a split; ValueError lists the splits if there is no such one."""
    if split not in SPLITS:
        raise ValueError(f'{data} has no split {split!r}; choose from {", ".join(SPLITS)}')
    return SPLITS[split]


def listed_stems(listing: Path) -> list[str]:
    """Return the stems of the image names that begin the lines of a list.

    Folders and endings do not count, since the lists in use carry foreign ones. What follows a
    name with an ending is left out; a name may hold spaces if nothing follows.

    :raises DatasetError: if the list is empty, or no text in UTF-8
    """
    try:
        lines = listing.read_text(encoding='utf-8-sig').splitlines()
    except UnicodeDecodeError as error:
        raise DatasetError(f'{listing}: not a text in UTF-8 ({error})') from error
    # Windows has backslashes for its folders, and a mark before the first line.
    stems = [_listed_stem(line.replace('\\', '/')) for line in lines if line.strip()]
    if not stems:
        raise DatasetError(f'{listing}: empty; each line must name an image')
    return stems


def _listed_stem(line: str) -> str:
    first = Path(line.split()[0])
    path = first if _has_ending(first) else Path(line.strip())
    return path.stem if _has_ending(path) else path.name


def _has_ending(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES


def by_stem(folder: Path) -> dict[str, Path]:
    """Return the images in a folder by their names without endings, in the order of the names.

    :raises DatasetError: if there is no such folder, or two images differ in their endings alone
    """
    if not folder.is_dir():
        raise DatasetError(f'{folder}: no such folder of images')
    images: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if _has_ending(path):
            if path.stem in images:
                raise DatasetError(
                    f'{path} and {images[path.stem].name} differ in their endings alone; '
                    'take one of them away'
                )
            images[path.stem] = path
    return images
