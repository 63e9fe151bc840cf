"""A picture of what the network saw: input, labels and overlay side by side, with a legend."""

from math import ceil

import cv2
import numpy as np

from csrnet_ros.labels import LabelSet

PAPER = (255, 255, 255)
INK = (36, 41, 47)
EDGE = (208, 215, 222)
TITLES = ('Input', 'Labels', 'Overlay')

FONT = cv2.FONT_HERSHEY_SIMPLEX
FONT_PX = 27
"""Size of the font at scale 1."""


class Triptych:
    """Lays three images of a frame side by side under their titles, over a legend of classes.

    :param panel_height_px: height of each of the three; other images are fitted into it
    :param panel_width_px: their width; every other measure follows from it
    """

    def __init__(self, labels: LabelSet, *, panel_height_px: int, panel_width_px: int) -> None:
        self._palette = labels.palette
        self._panel = panel_height_px, panel_width_px
        self._text_px = round(panel_width_px / 32)
        self._gap_px = self._text_px
        self._top_px = 3 * self._text_px
        width_px = 3 * panel_width_px + 4 * self._gap_px
        legend = self._legend(labels, width_px - 2 * self._gap_px)
        height_px = self._top_px + panel_height_px + legend.shape[0]
        # Video codecs want even sides.
        self._sheet = _paper(height_px + height_px % 2, width_px + width_px % 2)
        below = self._top_px + panel_height_px
        self._sheet[below : below + legend.shape[0], self._gap_px :][:, : legend.shape[1]] = legend
        for place, title in enumerate(TITLES):
            left = self._left(place)
            _write(self._sheet, title, (left, 2 * self._text_px), size_px=1.25 * self._text_px)

    def compose(self, image: np.ndarray, labels: np.ndarray, overlay: np.ndarray) -> np.ndarray:
        """Return the picture, RGB uint8, of one size for all frames.

        :param image: RGB uint8 (H, W, 3)
        :param labels: uint8 (H, W)
        :param overlay: RGB uint8 (H, W, 3)
        """
        sheet = self._sheet.copy()
        height_px, width_px = self._panel
        for place, picture in enumerate((image, self._palette[labels], overlay)):
            fitted = _fit(picture, self._panel, sharp=place == 1)
            top = self._top_px + (height_px - fitted.shape[0]) // 2
            left = self._left(place) + (width_px - fitted.shape[1]) // 2
            sheet[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
        return sheet

    def _left(self, place: int) -> int:
        return self._gap_px + place * (self._panel[1] + self._gap_px)

    def _legend(self, labels: LabelSet, width_px: int) -> np.ndarray:
        """Return colours and names of the classes in rows as even as can be."""
        text_px = self._text_px
        swatch_px, row_px = round(1.4 * text_px), round(2.3 * text_px)
        widest_px = max(_width_px(name, size_px=text_px) for name in labels.classes)
        fitting = max(1, width_px // (widest_px + round(3.5 * swatch_px)))
        columns = ceil(len(labels) / ceil(len(labels) / fitting))
        rows = ceil(len(labels) / columns)
        legend = _paper((rows + 1) * row_px, width_px)
        for number, (name, color) in enumerate(zip(labels.classes, labels.colors, strict=True)):
            row, column = divmod(number, columns)
            left = column * width_px // columns
            top = round((row + 0.5) * row_px) + (row_px - swatch_px) // 2
            corners = (left, top), (left + 2 * swatch_px - 1, top + swatch_px - 1)
            cv2.rectangle(legend, *corners, color, cv2.FILLED)
            cv2.rectangle(legend, *corners, EDGE, 1)
            baseline = top + (swatch_px + round(0.68 * text_px)) // 2
            _write(legend, name, (left + round(2.5 * swatch_px), baseline), size_px=text_px)
        return legend


def _fit(picture: np.ndarray, panel: tuple[int, int], *, sharp: bool) -> np.ndarray:
    """Return ``picture`` as large as it fits into (height, width), its proportions kept.

    :param sharp: invent no colours between those there are
    """
    height_px, width_px = picture.shape[:2]
    scale = min(panel[0] / height_px, panel[1] / width_px)
    size = max(1, round(width_px * scale)), max(1, round(height_px * scale))
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST if sharp else smooth)


def _paper(height_px: int, width_px: int) -> np.ndarray:
    return np.full((height_px, width_px, 3), PAPER, np.uint8)


def _write(paper: np.ndarray, text: str, start: tuple[int, int], *, size_px: float) -> None:
    """Write ``text`` from ``start``, (x, y) of its baseline's left end."""
    cv2.putText(paper, text, start, FONT, size_px / FONT_PX, INK, 1, cv2.LINE_AA)


def _width_px(text: str, *, size_px: float) -> int:
    (width_px, _), _ = cv2.getTextSize(text, FONT, size_px / FONT_PX, 1)
    return int(width_px)
