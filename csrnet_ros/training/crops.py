"""The crops of a data set in which networks differ most, found while it is evaluated."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from csrnet_ros.labels import VOID
from csrnet_ros.training.evaluate import Outcome
from csrnet_ros.training.objects import TrueObject, Window, find_objects

LEAST_SHARE = 1 / 2000
"""Smaller objects, by their share of the image, are left out: specks and slips of the brush."""

THIN_SHARE = 1 / 60
"""Largest half width of a thin object, as a share of the image's height."""

THIN_CLASS_SHARE = 1 / 8
"""Least share of the area of a class's objects that thin ones have, for the class to be thin."""

DOMINANT_SHARE = 1 / 20
"""Least area of a dominant object, as a share of the image's."""

MARGIN = 1.5
"""Height of a window, as a multiple of what its object needs."""

WINDOW_SHARE = 1 / 4
"""Least height of a window, as a share of the image's."""

Key = TypeVar('Key', bound=Hashable)


@dataclass(frozen=True, slots=True)
class Crop:
    """A window on an image of a data set, around an object of its truth.

    :param index: the image's place in the data set
    :param window: rows and columns, in the proportions of the image
    :param class_id: the object's class
    :param other: the class that its pixels are most often taken for; None if all are right
    :param iou: of the object's class within the window, in percent, by network
    """

    index: int
    window: Window
    class_id: int
    other: int | None
    iou: tuple[float, ...]

    @property
    def spread(self) -> float:
        """How far the networks' IoU lie apart, in percent."""
        return max(self.iou) - min(self.iou)


class CropFinder:
    """Keeps the crop with the largest spread for each class, or each pair of classes.

    All that it keeps are windows and numbers, no pixels. An object is a connected region of one
    class that covers at least 1/2000 of the image. It is thin if no pixel of it is farther from
    its outside than 1/60 of the image's height (6 pixels of 360), and dominant if it covers at
    least 1/20 of the image.
    """

    def __init__(self, num_classes: int) -> None:
        self._thin: dict[int, Crop] = {}
        self._dominant: dict[int, Crop] = {}
        self._similar: dict[tuple[int, int], Crop] = {}
        self._areas_px = np.zeros(num_classes, np.int64)
        self._thin_areas_px = np.zeros(num_classes, np.int64)

    def update(self, outcome: Outcome) -> None:
        """Look at the objects of an image."""
        height_px, area_px = len(outcome.truth), outcome.truth.size
        for item in find_objects(outcome.truth, least_px=round(LEAST_SHARE * area_px)):
            crop = _crop(item, outcome)
            self._areas_px[item.class_id] += item.area_px
            if item.half_width_px <= THIN_SHARE * height_px:
                self._thin_areas_px[item.class_id] += item.area_px
                _keep(self._thin, item.class_id, crop)
            if item.area_px >= DOMINANT_SHARE * area_px:
                _keep(self._dominant, item.class_id, crop)
            if crop.other is not None:
                _keep(self._similar, pair(item.class_id, crop.other), crop)

    def thin(self) -> list[Crop]:
        """Return crops on thin objects of thin classes, one a class, largest spread first.

        A class is thin if thin ones have at least 1/8 of the area of its objects: a strip of sky
        between two houses does not make the sky one.
        """
        return _sorted(
            crop
            for class_id, crop in self._thin.items()
            if self._thin_areas_px[class_id] >= THIN_CLASS_SHARE * self._areas_px[class_id]
        )

    def dominant(self) -> list[Crop]:
        """Return crops on dominant objects, one a class, largest spread first."""
        return _sorted(self._dominant.values())

    def similar(self, pairs: Sequence[tuple[int, int]]) -> list[Crop]:
        """Return crops on objects of one class taken for the other, in the order of ``pairs``."""
        return [self._similar[one] for one in pairs if one in self._similar]


def pair(one: int, other: int) -> tuple[int, int]:
    """Return two classes as what names them in either order."""
    return min(one, other), max(one, other)


def _keep(crops: dict[Key, Crop], key: Key, crop: Crop) -> None:
    if crop.spread > (crops[key].spread if key in crops else 0):
        crops[key] = crop


def _sorted(crops: Iterable[Crop]) -> list[Crop]:
    return sorted(crops, key=lambda crop: -crop.spread)


def _crop(item: TrueObject, outcome: Outcome) -> Crop:
    window = _window(item.box, outcome.truth.shape)
    truth = outcome.truth[window]
    iou, taken_for = [], np.zeros(256, np.int64)
    for predicted in outcome.predictions:
        hit = (truth == item.class_id) & (predicted[window] == item.class_id)
        either = (truth == item.class_id) | (predicted[window] == item.class_id)
        iou.append(float(100 * hit.sum() / either[truth != VOID].sum()))
        taken_for += np.bincount(predicted[item.box][item.region], minlength=256)
    taken_for[item.class_id] = 0
    other = int(taken_for.argmax()) if taken_for.any() else None
    return Crop(outcome.index, window, item.class_id, other, tuple(iou))


def _window(box: Window, size_px: tuple[int, int]) -> Window:
    """Return the window around a box, wholly within an image of (height, width)."""
    rows, columns = box
    proportions = size_px[1] / size_px[0]
    needed_px = max(rows.stop - rows.start, (columns.stop - columns.start) / proportions)
    height_px = min(size_px[0], max(MARGIN * needed_px, WINDOW_SHARE * size_px[0]))
    return (
        _span(rows, round(height_px), size_px[0]),
        _span(columns, round(height_px * proportions), size_px[1]),
    )


def _span(inner: slice, length_px: int, limit_px: int) -> slice:
    """Return a span of ``length_px`` around the middle of another, from 0 to ``limit_px``."""
    start = (inner.start + inner.stop - length_px) // 2
    start = max(0, min(start, limit_px - length_px))
    return slice(start, start + length_px)
