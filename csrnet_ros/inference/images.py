"""The images that the engine takes."""

import numpy as np
import torch
from torch import Tensor

from csrnet_ros.errors import ImageError
from csrnet_ros.inference.colors import CONVERSIONS
from csrnet_ros.media.encodings import RawImage
from csrnet_ros.model import MIN_SIDE_PX

Image = np.ndarray | RawImage
"""RGB uint8 (H, W, 3), or an image as a camera sent it, of which the device makes that."""


def check_image(image: Image) -> None:
    """Raise ImageError unless an image is one that the engine takes, each side at least 64."""
    if isinstance(image, RawImage):
        image.rows()
    elif image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ImageError(
            f'an image of type {image.dtype} and shape {image.shape}; expected RGB, uint8 '
            'and (height, width, 3)'
        )
    if min(image.shape[:2]) < MIN_SIDE_PX:
        raise ImageError(
            f'an image of {image.shape[0]}x{image.shape[1]} pixels (height x width); each side '
            f'needs at least {MIN_SIDE_PX}'
        )


def as_tensor(image: Image) -> Tensor:
    """Return the bytes of an image as a tensor, in the same memory where that can be."""
    pixels = image.rows() if isinstance(image, RawImage) else image
    return torch.from_numpy(np.require(pixels, requirements=['C', 'W']))


def rgb_of(pixels: Tensor, image: Image) -> Tensor:
    """Return the bytes of ``image``, wherever they lie, as RGB uint8 (H, W, 3)."""
    if not isinstance(image, RawImage):
        return pixels
    return CONVERSIONS[image.encoding](pixels[:, image.samples], image.width)
