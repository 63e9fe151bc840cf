"""A picture of a confusion matrix: a row per true class, a column per predicted one."""

import cv2
import numpy as np

from csrnet_ros.labels import LabelSet

PAPER = (255, 255, 255)
INK = (36, 41, 47)
EDGE = (208, 215, 222)
FULL = (9, 80, 174)
"""Colour of a cell that all pixels of its row fall into."""

FONT = cv2.FONT_HERSHEY_SIMPLEX
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
    names = max(_width_px(name, text_px) for name in labels.classes) + 2 * GAP_PX
    left, top = names + 2 * TEXT_PX, names + 4 * TEXT_PX
    width = max(left + count * cell + GAP_PX, _width_px(title, TEXT_PX) + 2 * GAP_PX)
    sheet = np.full((top + count * cell + GAP_PX, width, 3), PAPER, np.uint8)
    totals = counts.sum(1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    _write(sheet, title, GAP_PX, 2 * TEXT_PX, TEXT_PX)
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
        start = x + (cell - _width_px(text, TEXT_PX)) // 2
        ink = PAPER if share > 0.5 else INK
        _write(sheet, text, start, y + (cell + TEXT_PX) // 2 - 2, TEXT_PX, ink)


def _write_names(sheet: np.ndarray, labels: LabelSet, cell: int, text_px: int) -> None:
    """Write a name beside every row of cells; ``sheet`` may be a view that is turned."""
    strip = np.ascontiguousarray(sheet)
    for row, name in enumerate(labels.classes):
        _write(strip, name, GAP_PX, row * cell + (cell + text_px) // 2 - 2, text_px)
    sheet[:] = strip


def _write(
    sheet: np.ndarray,
    text: str,
    x: int,
    baseline: int,
    size_px: int,
    ink: tuple[int, int, int] = INK,
) -> None:
    cv2.putText(sheet, text, (x, baseline), FONT, size_px / 30, ink, 1, cv2.LINE_AA)


def _width_px(text: str, size_px: int) -> int:
    (width, _), _ = cv2.getTextSize(text, FONT, size_px / 30, 1)
    return int(width)
