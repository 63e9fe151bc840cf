"""Error maps: where in an image the labels are wrong."""

import cv2
import numpy as np

from csrnet_ros.labels import VOID
from csrnet_ros.media.paper import PAPER

WRONG = (207, 34, 46)
STRIPES = ((225, 228, 232), (150, 157, 166))
STRIPE_SHARE = 1 / 60
"""Width of a stripe as a share of the image's height."""

FADING = 0.55
"""Weight of the paper over the gray image."""


def draw_errors(image: np.ndarray, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return the wrong pixels red over the image in faded gray, RGB uint8 (H, W, 3).

    Void pixels of the truth, which nothing can be wrong about, are striped.

    :param image: RGB uint8 (H, W, 3)
    :param truth: uint8 (H, W), 255 for void
    :param predicted: uint8 (H, W)
    """
    gray = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    drawn = cv2.addWeighted(gray, 1 - FADING, np.full_like(gray, PAPER), FADING, 0)
    drawn[predicted != truth] = WRONG
    void = np.nonzero(truth == VOID)
    stripe_px = max(1, round(STRIPE_SHARE * len(truth)))
    drawn[void] = np.array(STRIPES, np.uint8)[sum(void) // stripe_px % 2]
    return drawn
