"""A picture of a confusion matrix: a row per true class, a column per predicted one."""

import cv2
import numpy as np

from csrnet_ros.labels import LabelSet
from csrnet_ros.media.paper import EDGE, INK, PAPER, blank, text_width_px, write

FULL = (9, 80, 174)
"""Colour of a cell that all pixels of its row fall into."""

TEXT_PX = 14
GAP_PX = 8
CELL_PX = 44
SMALL_CELL_PX = 9
"""Where there are so many classes that no number would be read anyway."""

MANY = 40
"""Classes from which on cells are small and unnumbered."""


def draw_confusion(counts: np.ndarray, labels: LabelSet, *, title: str) -> np.ndarray:
    """Return a picture of the shares of each true class's pixels, RGB uint8 (H, W, 3).

    A cell is the darker the larger its share of the row, and tells it in percent; rows without a
    pixel stay white.

    :param counts: pixels, int (num_classes, num_classes), true class by predicted class
    """
    count = len(labels)
    cell = CELL_PX if count < MANY else SMALL_CELL_PX
    # Names stand as densely as their rows, and can be no larger.
    text_px = min(TEXT_PX, cell)
    names = max(text_width_px(name, size_px=text_px) for name in labels.classes) + 2 * GAP_PX
    left, top = names + 2 * TEXT_PX, names + 4 * TEXT_PX
    width = max(left + count * cell + GAP_PX, text_width_px(title, size_px=TEXT_PX) + 2 * GAP_PX)
    sheet = blank(top + count * cell + GAP_PX, width)
    totals = counts.sum(1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    write(sheet, title, (GAP_PX, 2 * TEXT_PX), size_px=TEXT_PX)
    _write_names(sheet[top:, 2 * TEXT_PX :], labels, cell, text_px)
    # The columns' names are rows' names on a sheet that lies on its side.
    _write_names(np.rot90(sheet[2 * TEXT_PX : top, left:], -1), labels, cell, text_px)
    for row, column in np.ndindex(counts.shape):
        place = left + column * cell, top + row * cell
        _draw_cell(sheet, place, cell, share=shares[row, column], empty=totals[row, 0] == 0)
    return sheet


def _draw_cell(
    sheet: np.ndarray, place: tuple[int, int], cell: int, *, share: float, empty: bool
) -> None:
    x, y = place
    color = [round(p + share * (f - p)) for p, f in zip(PAPER, FULL, strict=True)]
    sheet[y : y + cell, x : x + cell] = color
    cv2.rectangle(sheet, (x, y), (x + cell, y + cell), EDGE, 1)
    if cell == CELL_PX and not empty:
        text = f'{100 * share:.1f}'
        start = x + (cell - text_width_px(text, size_px=TEXT_PX)) // 2
        ink = PAPER if share > 0.5 else INK
        write(sheet, text, (start, y + (cell + TEXT_PX) // 2 - 2), size_px=TEXT_PX, ink=ink)


def _write_names(sheet: np.ndarray, labels: LabelSet, cell: int, text_px: int) -> None:
    """Write a name beside every row of cells; ``sheet`` may be a view that is turned."""
    strip = np.ascontiguousarray(sheet)
    for row, name in enumerate(labels.classes):
        write(strip, name, (GAP_PX, row * cell + (cell + text_px) // 2 - 2), size_px=text_px)
    sheet[:] = strip
