"""Class tables: the names, ids and colours of the label sets that the project knows."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

VOID = 255
"""The label of a pixel that belongs to no class; it is never trained on, nor counted."""


@dataclass(frozen=True)
class LabelSet:
    """The classes of a data set in the order of their ids.

    :param name: identifier of the set, for instance ``camvid``
    :param classes: class names; a class's id is its place here, 0 to 254
    :param colors: one (red, green, blue) per class, 0 to 255
    :raises ValueError: if the two tables do not fit each other or the id range
    """

    name: str
    classes: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...]

    def __post_init__(self) -> None:
        if not 2 <= len(self.classes) <= VOID:
            raise ValueError(f'{self.name}: {len(self.classes)} classes; 2 to {VOID} are possible')
        if len(self.colors) != len(self.classes):
            raise ValueError(
                f'{self.name}: {len(self.classes)} classes but {len(self.colors)} colours'
            )
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f'{self.name}: class names must differ from each other')
        if any(not 0 <= value <= 255 for color in self.colors for value in color):
            raise ValueError(f'{self.name}: colour values must lie in 0 to 255')

    def __len__(self) -> int:
        return len(self.classes)

    def index(self, name: str) -> int:
        """Return the id of the class ``name``; ValueError lists the classes if there is none."""
        if name not in self.classes:
            raise ValueError(f'no class {name!r} in {self.name}; it has {", ".join(self.classes)}')
        return self.classes.index(name)

    @cached_property
    def palette(self) -> np.ndarray:
        """Colour of every possible label, uint8 (256, 3) RGB; black where there is no class."""
        palette = np.zeros((256, 3), np.uint8)
        palette[: len(self)] = self.colors
        return palette


def distinct_colors(count: int) -> tuple[tuple[int, int, int], ...]:
    """Return ``count`` colours, at most 255, that all differ from each other and from black.

    As in PASCAL VOC, the bits of a class's number are dealt to red, green and blue, the lowest
    three to the highest bit of each.
    """

    def channel(number: int, first: int) -> int:
        return sum((number >> 3 * rank + first & 1) << 7 - rank for rank in range(3))

    return tuple(
        (channel(number, 0), channel(number, 1), channel(number, 2))
        for number in range(1, count + 1)
    )


def _label_set(name: str, *rows: tuple[str, tuple[int, int, int]]) -> LabelSet:
    return LabelSet(name, tuple(row[0] for row in rows), tuple(row[1] for row in rows))


# SegNet's merging of CamVid's 32 classes into 11 (Badrinarayanan et al., 2017).
CAMVID = _label_set(
    'camvid',
    ('sky', (128, 128, 128)),
    ('building', (128, 0, 0)),
    ('pole', (192, 192, 128)),
    ('road', (128, 64, 128)),
    ('pavement', (60, 40, 222)),
    ('tree', (128, 128, 0)),
    ('sign', (192, 128, 128)),
    ('fence', (64, 64, 128)),
    ('car', (64, 0, 128)),
    ('pedestrian', (64, 64, 0)),
    ('bicyclist', (0, 128, 192)),
)

# The same classes by their own 11 of the 32 colours; the other 21 are void.
CAMVID_EXACT = replace(CAMVID, name='camvid-exact')

# The 19 training classes of Cityscapes and its official colours (Cordts et al., 2016).
CITYSCAPES = _label_set(
    'cityscapes',
    ('road', (128, 64, 128)),
    ('sidewalk', (244, 35, 232)),
    ('building', (70, 70, 70)),
    ('wall', (102, 102, 156)),
    ('fence', (190, 153, 153)),
    ('pole', (153, 153, 153)),
    ('traffic light', (250, 170, 30)),
    ('traffic sign', (220, 220, 0)),
    ('vegetation', (107, 142, 35)),
    ('terrain', (152, 251, 152)),
    ('sky', (70, 130, 180)),
    ('person', (220, 20, 60)),
    ('rider', (255, 0, 0)),
    ('car', (0, 0, 142)),
    ('truck', (0, 0, 70)),
    ('bus', (0, 60, 100)),
    ('train', (0, 80, 100)),
    ('motorcycle', (0, 0, 230)),
    ('bicycle', (119, 11, 32)),
)
