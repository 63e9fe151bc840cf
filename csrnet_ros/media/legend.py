"""A picture of what the network saw: input, labels and overlay side by side, with a legend."""

from math import ceil

import cv2
import numpy as np

from csrnet_ros.labels import LabelSet
from csrnet_ros.media.paper import EDGE, blank, fit, text_width_px, write

TITLES = ('Input', 'Labels', 'Overlay')


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
        legend = draw_legend(labels, width_px=width_px - 2 * self._gap_px, text_px=self._text_px)
        height_px = self._top_px + panel_height_px + legend.shape[0]
        # Video codecs want even sides.
        self._sheet = blank(height_px + height_px % 2, width_px + width_px % 2)
        below = self._top_px + panel_height_px
        self._sheet[below : below + legend.shape[0], self._gap_px :][:, : legend.shape[1]] = legend
        for place, title in enumerate(TITLES):
            left = self._left(place)
            write(self._sheet, title, (left, 2 * self._text_px), size_px=1.25 * self._text_px)

    def compose(self, image: np.ndarray, labels: np.ndarray, overlay: np.ndarray) -> np.ndarray:
        """Return the picture, RGB uint8, of one size for all frames.

        :param image: RGB uint8 (H, W, 3)
        :param labels: uint8 (H, W)
        :param overlay: RGB uint8 (H, W, 3)
        """
        sheet = self._sheet.copy()
        height_px, width_px = self._panel
        for place, picture in enumerate((image, self._palette[labels], overlay)):
            fitted = fit(picture, self._panel, sharp=place == 1)
            top = self._top_px + (height_px - fitted.shape[0]) // 2
            left = self._left(place) + (width_px - fitted.shape[1]) // 2
            sheet[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
        return sheet

    def _left(self, place: int) -> int:
        return self._gap_px + place * (self._panel[1] + self._gap_px)


def draw_legend(labels: LabelSet, *, width_px: int, text_px: int) -> np.ndarray:
    """Return colours and names of the classes, in rows as even as can be, RGB uint8."""
    swatch_px, row_px = round(1.4 * text_px), round(2.3 * text_px)
    widest_px = max(text_width_px(name, size_px=text_px) for name in labels.classes)
    fitting = max(1, width_px // (widest_px + round(3.5 * swatch_px)))
    columns = ceil(len(labels) / ceil(len(labels) / fitting))
    rows = ceil(len(labels) / columns)
    legend = blank((rows + 1) * row_px, width_px)
    for number, (name, color) in enumerate(zip(labels.classes, labels.colors, strict=True)):
        row, column = divmod(number, columns)
        left = column * width_px // columns
        top = round((row + 0.5) * row_px) + (row_px - swatch_px) // 2
        corners = (left, top), (left + 2 * swatch_px - 1, top + swatch_px - 1)
        cv2.rectangle(legend, *corners, color, cv2.FILLED)
        cv2.rectangle(legend, *corners, EDGE, 1)
        baseline = top + (swatch_px + round(0.68 * text_px)) // 2
        write(legend, name, (left + round(2.5 * swatch_px), baseline), size_px=text_px)
    return legend
