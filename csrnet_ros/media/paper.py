"""Paper to draw on: blank sheets, text, and pictures fitted to a place."""

import cv2
import numpy as np

PAPER = (255, 255, 255)
INK = (36, 41, 47)
EDGE = (208, 215, 222)

FONT = cv2.FONT_HERSHEY_SIMPLEX
FONT_PX = 27
"""Size of the font at scale 1."""


def blank(height_px: int, width_px: int) -> np.ndarray:
    """Return a sheet with nothing on it, RGB uint8."""
    return np.full((height_px, width_px, 3), PAPER, np.uint8)


def fit(picture: np.ndarray, panel: tuple[int, int], *, sharp: bool) -> np.ndarray:
    """Return ``picture`` as large as it fits into (height, width), its proportions kept.

    :param sharp: invent no colours between those there are
    """
    height_px, width_px = picture.shape[:2]
    scale = min(panel[0] / height_px, panel[1] / width_px)
    size = max(1, round(width_px * scale)), max(1, round(height_px * scale))
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST if sharp else smooth)


def write(
    paper: np.ndarray,
    text: str,
    start: tuple[int, int],
    *,
    size_px: float,
    ink: tuple[int, int, int] = INK,
) -> None:
    """Write ``text`` from ``start``, (x, y) of its baseline's left end."""
    cv2.putText(paper, text, start, FONT, size_px / FONT_PX, ink, 1, cv2.LINE_AA)


def text_width_px(text: str, *, size_px: float) -> int:
    """Return the width that ``write`` needs for a text."""
    (width_px, _), _ = cv2.getTextSize(text, FONT, size_px / FONT_PX, 1)
    return int(width_px)
