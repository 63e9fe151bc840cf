"""Trimaps: the truth near the boundaries of its labels, where networks are least accurate.

The idea is that of Kohli, Ladický and Torr, "Robust higher order potentials for enforcing label
consistency" (IJCV 2009): pixels count within a band around the boundaries alone. As in DeepLab
(Chen et al., ICLR 2015) the measure is the mean IoU there.
"""

import cv2
import numpy as np

from csrnet_ros.labels import VOID

RADII_PX = (3, 5)
"""How far the bands reach to either side of a boundary."""


def trimap(truth: np.ndarray, *, radius_px: int) -> np.ndarray:
    """Return the truth, uint8 (H, W), with all void that is not near a label boundary.

    A pixel is near one if a pixel of another class lies within ``radius_px`` of it, measured from
    centre to centre; so a band of 3 holds the 3 pixels on either side of a straight boundary.
    Void is no class: the edge of a void region is no boundary, but a strip of void that is
    narrower than the radius does not hide the one under it. Nor is the edge of the image one.

    :param truth: uint8 (H, W), 255 for void
    """
    steps = np.arange(-radius_px, radius_px + 1)
    disc = (steps**2 + steps[:, None] ** 2 <= radius_px**2).astype(np.uint8)
    # Over the disc around a pixel all classes are one if the lowest is the highest; void is made
    # what neither of the two would ever take.
    lowest = cv2.erode(truth, disc)
    highest = cv2.dilate(np.where(truth == VOID, np.uint8(0), truth), disc)
    return np.where(lowest < highest, truth, np.uint8(VOID))
