"""Camera and canvas: what is painted goes into the picture and the labels with one outline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor

import cv2
import numpy as np

from csrnet_ros.labels import CAMVID
from csrnet_ros.training.datasets.street.style import Color, StreetStyle

SKY, BUILDING, POLE, ROAD, PAVEMENT, TREE, SIGN, FENCE, CAR, PEDESTRIAN, BICYCLIST = (
    CAMVID.index(name)
    for name in (
        'sky', 'building', 'pole', 'road', 'pavement', 'tree',
        'sign', 'fence', 'car', 'pedestrian', 'bicyclist',
    )
)  # fmt: skip

Point = tuple[float, float, float]
"""Metres right of the camera, above the ground, ahead."""
Pixel = tuple[float, float]

_NEAR_M = 0.5
SHIFT = 4  # OpenCV draws at a sixteenth of a pixel, so slow motion stays smooth


@dataclass(frozen=True, slots=True)
class Camera:
    """A level pinhole camera that looks along a bending street."""

    height_px: int
    width_px: int
    focal_px: float
    horizon_px: float
    height_m: float
    bend_per_m: float

    def project(self, points: Iterable[Point]) -> list[Pixel]:
        """Return the pixels (across, down) of points; what lies behind is drawn up close."""
        # Most shapes have four corners: plain floats are faster here than small arrays.
        focal, bend, middle = self.focal_px, self.bend_per_m, self.width_px / 2
        pixels = []
        for right, up, ahead in points:
            if ahead < _NEAR_M:
                ahead = _NEAR_M
            u = middle + focal * (right / ahead + bend * ahead)
            v = self.horizon_px + focal * (self.height_m - up) / ahead
            pixels.append((u, v))
        return pixels

    def outside(self, pixels: Sequence[Pixel], margin_px: float = 0.0) -> bool:
        """Return whether a shape with these corners misses the picture."""
        across, down = zip(*pixels, strict=True)
        return bool(
            max(across) < -margin_px
            or max(down) < -margin_px
            or min(across) >= self.width_px + margin_px
            or min(down) >= self.height_px + margin_px
        )

    def size_px(self, length_m: float, ahead_m: float) -> float:
        """Return how long something looks, in pixels, at a distance."""
        return self.focal_px * length_m / max(ahead_m, _NEAR_M)


class Canvas:
    """A picture and its labels, painted from far to near through one camera."""

    def __init__(self, camera: Camera, *, style: StreetStyle) -> None:
        self.camera = camera
        self.style = style
        self.picture = np.zeros((camera.height_px, camera.width_px, 3), np.uint8)
        self.labels = np.zeros((camera.height_px, camera.width_px), np.uint8)

    def shade(self, color: Color, ahead_m: float, light: float = 1.0) -> Color:
        """Return ``color`` under ``light`` as it looks through the air at a distance."""
        clear = clearness(ahead_m)
        (red, green, blue), haze = color, self.style.haze
        return (
            min(red * light, 255.0) * clear + haze[0] * (1 - clear),
            min(green * light, 255.0) * clear + haze[1] * (1 - clear),
            min(blue * light, 255.0) * clear + haze[2] * (1 - clear),
        )

    def face(
        self, corners: Sequence[Point], color: Color, label: int | None, light: float = 1.0
    ) -> None:
        """Fill a flat polygon; with ``label`` None the labels stay (shadows, marks)."""
        pixels = self.camera.project(corners)
        if self.camera.outside(pixels):
            return
        outline = [fixed(pixels)]
        color = self.shade(color, min(corner[2] for corner in corners), light)
        cv2.fillPoly(self.picture, outline, color, cv2.LINE_AA, SHIFT)
        if label is not None:
            cv2.fillPoly(self.labels, outline, label, cv2.LINE_8, SHIFT)

    def limb(self, start: Point, end: Point, width_m: float, color: Color, label: int) -> None:
        """Draw a round stick between two points."""
        ahead = (start[2] + end[2]) / 2
        thickness = max(1, round(self.camera.size_px(width_m, ahead)))
        pixels = self.camera.project((start, end))
        if self.camera.outside(pixels, thickness):
            return
        first, second = fixed(pixels).tolist()
        shaded = self.shade(color, ahead)
        cv2.line(self.picture, first, second, shaded, thickness, cv2.LINE_AA, SHIFT)
        cv2.line(self.labels, first, second, label, thickness, cv2.LINE_8, SHIFT)

    def hang(
        self, texture: np.ndarray, corners: Sequence[Point], label: int, light: float = 1.0
    ) -> None:
        """Hang a texture on a quad: its top left, top right, bottom right, bottom left."""
        pixels = self.camera.project(corners)
        place = self._place(pixels)
        if place is None:
            return
        (rows, columns), ahead = texture.shape[:2], min(corner[2] for corner in corners)
        source = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
        low = np.array((place[1].start, place[0].start))
        target = np.array(pixels) - low
        warp = cv2.getPerspectiveTransform(source, target.astype(np.float32))
        patch = self.picture[place]
        size = patch.shape[1::-1]
        lit = self._lit(texture, ahead, light)
        hung = cv2.warpPerspective(lit, warp, size, borderMode=cv2.BORDER_REPLICATE)
        mask = np.zeros(patch.shape[:2], np.uint8)
        cv2.fillPoly(mask, [fixed(target)], 255, cv2.LINE_8, SHIFT)
        cv2.copyTo(hung, mask, patch)
        cv2.fillPoly(self.labels, [fixed(pixels)], label, cv2.LINE_8, SHIFT)

    def billboard(
        self, sprite: tuple[np.ndarray, ...], corners: tuple[Point, Point], label: int
    ) -> None:
        """Stand a sprite (picture, its mask, label mask) upright between two corners."""
        box = self.camera.project(corners)
        place = self._place(box)
        if place is None:
            return
        (left, top), (right, bottom) = box
        rows, columns = sprite[0].shape[:2]
        across, down = (right - left) / columns, (bottom - top) / rows
        warp = np.array(
            [[across, 0, left - place[1].start], [0, down, top - place[0].start]], np.float32
        )
        patch = self.picture[place]
        size = patch.shape[1::-1]
        lit = self._lit(sprite[0], corners[0][2], 1.0)
        shown = cv2.warpAffine(lit, warp, size, borderMode=cv2.BORDER_REPLICATE)
        mask, area = (cv2.warpAffine(part, warp, size) for part in sprite[1:])
        cv2.copyTo(shown, _solid(mask), patch)
        cv2.copyTo(np.full_like(area, label), _solid(area), self.labels[place])

    def _place(self, pixels: Sequence[Pixel]) -> tuple[slice, slice] | None:
        """Return the rows and columns of the picture that a shape touches, None if none."""
        across, down = zip(*pixels, strict=True)
        left, right = max(floor(min(across)), 0), min(ceil(max(across)) + 1, self.camera.width_px)
        top, bottom = max(floor(min(down)), 0), min(ceil(max(down)) + 1, self.camera.height_px)
        return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None

    def _lit(self, texture: np.ndarray, ahead_m: float, light: float) -> np.ndarray:
        """Light a texture and put the air before it, through one table of 256 values."""
        clear = round(clearness(ahead_m), 2)
        return cv2.LUT(texture, _light_table(round(light, 2), clear, self.style.haze))


def _solid(mask: np.ndarray) -> np.ndarray:
    return (mask > 127).astype(np.uint8)


@lru_cache(maxsize=1024)
def _light_table(light: float, clear: float, haze: Color) -> np.ndarray:
    levels = np.arange(256)[:, None] * (light * clear) + np.array(haze) * (1 - clear)
    return np.clip(levels, 0, 255).astype(np.uint8)[None]


def upright(across: tuple[float, float], up: tuple[float, float], ahead_m: float) -> list[Point]:
    """Return the corners of a rectangle that faces the camera, from the top left on."""
    (left, right), (low, high) = across, up
    return [
        (left, high, ahead_m),
        (right, high, ahead_m),
        (right, low, ahead_m),
        (left, low, ahead_m),
    ]


def clearness(ahead_m: float) -> float:
    """Return the share of light that comes through the air from a distance, 0 to 1."""
    return float(0.55 ** (max(ahead_m, 0.0) / 100))


def fixed(pixels: Sequence[Pixel] | np.ndarray) -> np.ndarray:
    """Return pixels as OpenCV takes them when it draws with ``SHIFT`` bits of fraction."""
    scaled = (np.array(pixels) - 0.5) * (1 << SHIFT)
    return np.rint(scaled).astype(np.int32)
