"""A sheet of pictures: a title, rows of captioned panels, and what explains their colours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from csrnet_ros.media.paper import blank, fit, write

PANEL_WIDTH_PX = 480
TEXT_PX = 16
GAP_PX = 16
CAPTION_PX = 30
TITLE_PX = 52


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture, RGB uint8 (H, W, 3), and what stands above it.

    :param sharp: its colours stand for something, so none are invented between them
    """

    caption: str
    picture: np.ndarray
    sharp: bool = False


def sheet_width_px(columns: int) -> int:
    """Return the width that a sheet of so many panels a row has for what stands below them."""
    return columns * (PANEL_WIDTH_PX + GAP_PX) - GAP_PX


def draw_sheet(
    title: str, rows: Sequence[Sequence[Panel]], *, feet: Sequence[np.ndarray] = ()
) -> np.ndarray:
    """Return rows of panels under a title, RGB uint8.

    :param rows: panels whose pictures all have the proportions of the first
    :param feet: pictures to stand below each other under the panels, ``sheet_width_px`` wide
    """
    height, width = rows[0][0].picture.shape[:2]
    panel = round(height * PANEL_WIDTH_PX / width), PANEL_WIDTH_PX
    row_px = CAPTION_PX + panel[0] + GAP_PX
    inner_px = sheet_width_px(max(map(len, rows)))
    below = TITLE_PX + len(rows) * row_px
    sheet = blank(below + sum(map(len, feet)) + GAP_PX, inner_px + 2 * GAP_PX)
    write(sheet, title, (GAP_PX, 36), size_px=1.5 * TEXT_PX)
    for number, row in enumerate(rows):
        for column, one in enumerate(row):
            place = GAP_PX + column * (panel[1] + GAP_PX), TITLE_PX + number * row_px
            _place(sheet, one, panel, place)
    for foot in feet:
        sheet[below : below + len(foot), GAP_PX : GAP_PX + foot.shape[1]] = foot
        below += len(foot)
    return sheet


def _place(sheet: np.ndarray, one: Panel, panel: tuple[int, int], place: tuple[int, int]) -> None:
    """Draw a panel of (height, width) with its caption from ``place``, (x, y), on."""
    left, top = place
    write(sheet, one.caption, (left, top + 20), size_px=TEXT_PX)
    picture = fit(one.picture, panel, sharp=one.sharp)
    top += CAPTION_PX
    sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
