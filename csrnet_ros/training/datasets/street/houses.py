"""Houses along both sides, and the gardens with fences between them."""

from collections.abc import Callable
from functools import partial

import numpy as np

from csrnet_ros.training.datasets.street import textures
from csrnet_ros.training.datasets.street.canvas import BUILDING, FENCE, Canvas, upright
from csrnet_ros.training.datasets.street.style import StreetStyle, chances

_DEPTH_M = 8.0
_ROOFS = ((78, 74, 74), (96, 78, 68), (64, 66, 72), (104, 84, 70))


def is_garden(seed: int, side: int, slot: int) -> bool:
    """Return whether a garden lies here; every fourth place of each side is one for certain."""
    return slot % 4 == (0 if side < 0 else 2) or chances(seed, f'house{side}', slot)[0] < 0.15


def draw_plot(canvas: Canvas, side: int, slot: int, ahead_m: float) -> None:
    """Draw the house or garden of one place; ``side`` is -1 for the left, 1 for the right."""
    if is_garden(canvas.style.seed, side, slot):
        _draw_fence(canvas, side, slot, ahead_m)
    else:
        _draw_house(canvas, side, slot, ahead_m)


def house_height_m(style: StreetStyle, side: int, slot: int) -> float:
    """Return the height of the eaves of the house at ``slot``."""
    luck = chances(style.seed, f'house{side}', slot)
    floors = textures.floors_of(_variant(style, luck))
    return floors * (2.75 + 0.5 * luck[2])


def _variant(style: StreetStyle, luck: tuple[float, ...]) -> int:
    return style.facades[int(luck[1] * len(style.facades))]


def _draw_house(canvas: Canvas, side: int, slot: int, near_m: float) -> None:
    style = canvas.style
    luck = chances(style.seed, f'house{side}', slot)
    variant = _variant(style, luck)
    tint = 0.88 + 0.24 * luck[3]
    front = style.fronts_m[side > 0] + side * 0.5 * luck[4]
    back = front + side * _DEPTH_M
    far_m = near_m + style.house_pitch_m
    eaves = house_height_m(style, side, slot)
    ridge = eaves + (2.4 if luck[5] < 0.7 else 0.0)
    middle = (front + back) / 2
    roof = _ROOFS[int(luck[6] * len(_ROOFS))]
    sunlit = 1 + 0.22 * style.sun * side * -style.sun_side
    if near_m > 1.0:
        _draw_gable(canvas, variant, (front, back, near_m, eaves), tint * 0.82)
        tip = [(front, eaves, near_m), (middle, ridge, near_m), (back, eaves, near_m)]
        canvas.face(tip, _mean_tone(variant), BUILDING, tint * 0.82)
    if ridge > eaves:
        slope = [
            (front - side * 0.3, eaves, near_m),
            (middle, ridge, near_m),
            (middle, ridge, far_m),
            (front - side * 0.3, eaves, far_m),
        ]
        canvas.face(slope, roof, BUILDING, sunlit)
        _draw_chimney(canvas, middle, ridge, near_m + 0.8)
    wall = (front, near_m, far_m, eaves)
    _hang_along(canvas, partial(textures.facade, variant), wall, BUILDING, tint * sunlit)


def _mean_tone(variant: int) -> tuple[float, float, float]:
    red, green, blue = textures.gable(variant, 8, 8)[0, 0].tolist()
    return red, green, blue


def _draw_gable(
    canvas: Canvas, variant: int, place: tuple[float, float, float, float], light: float
) -> None:
    front, back, near_m, eaves = place
    scale = canvas.camera.focal_px / near_m
    size = textures.shrunk(textures.gable(variant), _DEPTH_M * scale, eaves * scale)
    corners = upright((front, back), (0, eaves), near_m)
    canvas.hang(textures.gable(variant, *size), corners, BUILDING, light)


def _draw_chimney(canvas: Canvas, x: float, ridge: float, ahead_m: float) -> None:
    if ahead_m > 1.0:
        stack = upright((x - 0.6, x + 0.6), (ridge - 0.5, ridge + 1.2), ahead_m)
        canvas.face(stack, (122, 88, 74), BUILDING)


def _draw_fence(canvas: Canvas, side: int, slot: int, near_m: float) -> None:
    luck = chances(canvas.style.seed, f'fence{side}', slot)
    x = canvas.style.fronts_m[side > 0] + side * 0.2
    wall = (x, near_m, near_m + canvas.style.house_pitch_m, 1.2 + 0.8 * luck[0])
    _hang_along(canvas, partial(textures.fence, int(luck[1] * 16)), wall, FENCE)


def _hang_along(
    canvas: Canvas,
    texture: Callable[..., np.ndarray],
    wall: tuple[float, float, float, float],
    label: int,
    light: float = 1.0,
) -> None:
    """Hang a texture on a wall along the street: (metres right, near end, far end, height)."""
    x, near_m, far_m, height = wall
    seen_m = max(near_m, _edge_m(canvas, x))
    if seen_m >= far_m:
        return
    seen = (far_m - seen_m) / (far_m - near_m)
    across = canvas.camera.size_px(abs(x), seen_m) - canvas.camera.size_px(abs(x), far_m)
    down = canvas.camera.size_px(height, seen_m)
    shown = texture(*textures.shrunk(texture(), across / seen, down))
    columns = shown.shape[1]
    cut = int(columns * (1 - seen))
    cut_m = near_m + (far_m - near_m) * cut / columns
    corners = [(x, height, cut_m), (x, height, far_m), (x, 0, far_m), (x, 0, cut_m)]
    canvas.hang(shown[:, cut:], corners, label, light)


def _edge_m(canvas: Canvas, x: float) -> float:
    """Return how far ahead a wall at ``x`` leaves the picture, with some reserve."""
    return max(1.0, canvas.camera.focal_px * abs(x) / (0.75 * canvas.camera.width_px))
