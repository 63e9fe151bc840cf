"""A street that the project draws itself: endless, moving, and labelled to the pixel."""

from functools import lru_cache

import cv2
import numpy as np

from csrnet_ros.training.datasets.street.canvas import Camera, Canvas
from csrnet_ros.training.datasets.street.ground import paint_ground, paint_sky
from csrnet_ros.training.datasets.street.scene import draw_scene
from csrnet_ros.training.datasets.street.style import FRAMES_PER_S, StreetStyle, street_style

__all__ = ['draw_street']

_SMALLEST_PX = 64


def draw_street(
    frame: int, *, seed: int = 0, height_px: int = 360, width_px: int = 480
) -> tuple[np.ndarray, np.ndarray]:
    """Draw what a car sees on an invented street at ``frame``, 15 frames to the second.

    The same arguments always give the same picture, and every frame costs the same.

    :param seed: which street; it sets light, layout, houses, cars and people
    :returns: picture, RGB uint8 (H, W, 3), and labels, uint8 (H, W), ids of ``CAMVID``
    :raises ValueError: if a side is shorter than 64 pixels
    """
    if min(height_px, width_px) < _SMALLEST_PX:
        raise ValueError(
            f'a street of {height_px} x {width_px} pixels is too small; '
            f'both sides must have at least {_SMALLEST_PX}'
        )
    style = street_style(seed)
    travelled_m = style.travelled_m(frame)
    camera = Camera(
        height_px=height_px,
        width_px=width_px,
        focal_px=style.focal * height_px,
        horizon_px=style.horizon * height_px,
        height_m=style.camera_height_m,
        bend_per_m=style.bend_at(travelled_m),
    )
    canvas = Canvas(camera, style=style)
    paint_sky(canvas, travelled_m)
    paint_ground(canvas, travelled_m)
    draw_scene(canvas, travelled_m, frame / FRAMES_PER_S)
    return _expose(canvas.picture, style, frame), canvas.labels


def _expose(picture: np.ndarray, style: StreetStyle, frame: int) -> np.ndarray:
    """Apply a tone curve, blur, darken towards the corners and add noise, as a camera does."""
    height_px, width_px = picture.shape[:2]
    curve = 255 * np.linspace(0, 1, 256) ** style.gamma
    soft = cv2.GaussianBlur(cv2.LUT(picture, curve.astype(np.uint8)), (3, 3), 0.55)
    gain, noise = _lens(height_px, width_px)
    exposed = cv2.multiply(soft, gain, scale=style.exposure, dtype=cv2.CV_16S)
    rng = np.random.default_rng((style.seed & 0xFFFFFFFF, frame & 0xFFFFFFFF))
    row, column = rng.integers(0, 64, size=2).tolist()
    grain = noise[row : row + height_px, column : column + width_px]
    return np.clip(cv2.add(exposed, grain), 0, 255).astype(np.uint8)


@lru_cache(maxsize=4)
def _lens(height_px: int, width_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the vignette (H, W, 3) and a field of sensor noise to take windows of."""
    y = np.linspace(-1, 1, height_px)[:, None]
    x = np.linspace(-1, 1, width_px)
    gain = (1 - 0.09 * (x**2 + y**2)).astype(np.float32)
    noise = np.random.default_rng(31).normal(0, 3.2, (height_px + 64, width_px + 64, 3))
    return np.repeat(gain[..., None], 3, 2), noise.astype(np.int16)
