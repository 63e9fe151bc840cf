"""Label files: what they hold, and which class each of their values stands for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import VOID

LOSSY_SUFFIXES = ('.jpg', '.jpeg')

STEPS = {'L;2': 85, 'L;4': 17}
"""What Pillow multiplies grey of two or four bits by, which then goes to 255, too."""

UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What Pillow raises for a file that is not a whole image, or one of unheard-of size."""


def color_value(color: tuple[int, int, int]) -> int:
    """Return the one number, 0xRRGGBB, that stands for a colour in a colour mask."""
    red, green, blue = color
    return red << 16 | green << 8 | blue


@dataclass(frozen=True)
class MaskCode:
    """The values that label files may hold, and their classes.

    :param classes: class of each value, 255 for void; a value is a number from 0 to 255, or in
        colour masks a colour's ``color_value``
    :param color: the files are colour images, not single-channel ones
    """

    classes: Mapping[int, int]
    color: bool = False

    def read(self, path: Path) -> np.ndarray:
        """Return the values of a label file, (H, W): uint8, or int32 for a colour mask.

        A palette image holds its palette's indices or colours, whichever this code speaks of; an
        image of one bit holds 0 and 1.

        :raises DatasetError: if the file is missing, damaged, or of the other kind
        """
        if path.suffix.lower() in LOSSY_SUFFIXES:
            raise DatasetError(f'{path}: a JPEG, which alters values; labels must be PNG files')
        with _opened(path) as image:
            step = 1 if self.color else _step(image)
            pixels = np.asarray(image.convert('RGB') if self.color else image)
        if self.color:
            red, green, blue = np.moveaxis(pixels.astype(np.int32), 2, 0)
            return red << 16 | green << 8 | blue
        if pixels.dtype == bool:  # of one bit
            return pixels.astype(np.uint8)
        if pixels.ndim != 2 or pixels.dtype != np.uint8:
            raise DatasetError(
                f'{path}: not a single-channel 8-bit label image, but {image.mode} in the terms '
                'of Pillow'
            )
        return pixels // step

    def size(self, path: Path) -> tuple[int, int]:
        """Return height and width of a label file, having read its header.

        :raises DatasetError: if the file is missing or no image
        """
        with _opened(path) as image:
            return image.height, image.width

    def labels(self, values: np.ndarray) -> np.ndarray:
        """Return the classes of ``values``, uint8 of the same shape, 255 for void.

        :raises ValueError: if a value stands for nothing
        """
        labels = self._table[values]
        if labels.min(initial=0) < 0:
            unknown = self.unknown(np.unique(values).tolist())
            raise ValueError(f'{self.describe(unknown)} stand for no class, nor for void')
        return labels.astype(np.uint8)

    def unknown(self, values: list[int]) -> list[int]:
        """Return those of ``values`` that stand for nothing."""
        return [value for value in values if value not in self.classes]

    def describe(self, values: list[int]) -> str:
        """Return ``values`` as a user would write them, the first eight of them."""
        if self.color:
            names = [str((v >> 16, v >> 8 & 255, v & 255)) for v in values[:8]]
        else:
            names = [str(value) for value in values[:8]]
        more = f' and {len(values) - 8} more' if len(values) > 8 else ''
        return f'the {"colours" if self.color else "values"} {", ".join(names)}{more}'

    @cached_property
    def _table(self) -> np.ndarray:
        """Class of every possible value, int16; -1 where there is none."""
        table = np.full(1 << 24 if self.color else 256, -1, np.int16)
        for value, label in self.classes.items():
            table[value] = label
        return table


@contextmanager
def _opened(path: Path) -> Iterator[ImageFile.ImageFile]:
    """Open a label file; within the block too, what Pillow raises becomes a DatasetError."""
    try:
        with Image.open(path) as image:
            yield image
    except FileNotFoundError as error:
        raise DatasetError(f'{path}: no such file') from error
    except UNREADABLE as error:
        raise DatasetError(f'{path}: not a whole label image ({error})') from error


def _step(image: ImageFile.ImageFile) -> int:
    """Return what the values of a file are multiplied by when it is read."""
    return STEPS.get(str(image.tile[0][3]), 1) if image.tile else 1


def index_code(count: int, *, void: tuple[int, ...]) -> MaskCode:
    """Return the code of masks that hold the ids 0 to ``count - 1`` themselves, and ``void``."""
    return MaskCode({id_: id_ for id_ in range(count)} | dict.fromkeys(void, VOID))
