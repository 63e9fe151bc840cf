"""Heat over an image, and the scale that says what its colours mean."""

import cv2
import numpy as np

from csrnet_ros.media.paper import EDGE, blank, text_width_px, write

OPACITY = 0.7
"""Weight of the heat's colour over the gray image."""

OUTLINE = (255, 255, 255)


def draw_heat(image: np.ndarray, heat: np.ndarray, *, region: np.ndarray) -> np.ndarray:
    """Return heat over the image in gray, RGB uint8 (H, W, 3), the region outlined.

    :param image: RGB uint8 (H, W, 3)
    :param heat: float (H, W), 0 to 1
    :param region: bool (H, W)
    """
    gray = np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    drawn = cv2.addWeighted(_colored(heat), OPACITY, gray, 1 - OPACITY, 0)
    outlines, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(drawn, outlines, -1, OUTLINE, 1)


def draw_scale(*, width_px: int, text_px: int) -> np.ndarray:
    """Return the bar of colours from no heat to the most, RGB uint8."""
    left, right = 'no heat', "the map's maximum"
    bar_px, height_px = 20 * text_px, round(2.3 * text_px)
    paper = blank(height_px, width_px)
    top = (height_px - text_px) // 2
    baseline = top + round(0.84 * text_px)
    start = text_width_px(left, size_px=text_px) + text_px
    ramp = np.linspace(0, 1, bar_px)[None].repeat(text_px, 0)
    paper[top : top + text_px, start : start + bar_px] = _colored(ramp)
    cv2.rectangle(paper, (start, top), (start + bar_px, top + text_px), EDGE, 1)
    write(paper, left, (0, baseline), size_px=text_px)
    write(paper, right, (start + bar_px + text_px, baseline), size_px=text_px)
    return paper


def _colored(heat: np.ndarray) -> np.ndarray:
    levels = np.round(255 * heat).astype(np.uint8)
    colors = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)
    return cv2.cvtColor(colors, cv2.COLOR_BGR2RGB)
