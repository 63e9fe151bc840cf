"""The size of an image as an option gives it."""

import argparse
import re

from csrnet_ros.model import MIN_SIDE_PX


def size_px(text: str) -> tuple[int, int]:
    """Return height and width of a text such as 360x480."""
    match = re.fullmatch(r'(\d+)x(\d+)', text)
    sides_px = tuple(map(int, match.groups())) if match else (0, 0)
    if min(sides_px) < MIN_SIDE_PX:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no size; expected HEIGHTxWIDTH in pixels, each at least {MIN_SIDE_PX}, '
            'for instance 360x480'
        )
    return sides_px[0], sides_px[1]
