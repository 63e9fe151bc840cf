"""People: pedestrians who walk and cyclists who pedal, as jointed figures."""

from collections.abc import Callable
from math import cos, pi, sin

import numpy as np

from csrnet_ros.training.datasets.street.canvas import BICYCLIST, PEDESTRIAN, Canvas, Point
from csrnet_ros.training.datasets.street.style import Color, chances

_COATS: tuple[Color, ...] = (
    (40, 42, 48), (72, 30, 34), (34, 48, 84), (96, 92, 84), (120, 110, 92), (28, 66, 52),
    (150, 52, 44), (58, 62, 70), (176, 170, 160), (70, 56, 44),
)  # fmt: skip
_TROUSERS: tuple[Color, ...] = ((36, 38, 46), (44, 54, 84), (82, 74, 62), (28, 28, 30))
_SKINS: tuple[Color, ...] = ((196, 156, 132), (168, 122, 96), (112, 78, 60), (206, 170, 148))


def draw_pedestrian(
    canvas: Canvas, kind: str, slot: int, x_m: float, ahead_m: float, walked_m: float
) -> None:
    """Draw somebody at ``x_m`` in the stride that belongs to the way walked."""
    luck = chances(canvas.style.seed, kind, slot)
    tall = 0.9 + 0.18 * luck[4]
    coat, legs, skin = _wardrobe(luck)
    if canvas.camera.size_px(tall, ahead_m) < 14:
        _draw_far_figure(canvas, (x_m, ahead_m), (legs, coat, skin), PEDESTRIAN)
        return
    swing = 0.3 * sin(2 * pi * (walked_m / 1.5 + luck[5]))
    turn = 0.2 + 0.8 * luck[8] ** 2

    def at(side: float, height: float, forward: float) -> Point:
        return x_m + (side + turn * forward) * tall, height * tall, ahead_m + forward * tall

    for side, step in ((-0.09, swing), (0.09, -swing)):
        knee = at(side, 0.48, 0.6 * step)
        canvas.limb(at(side, 0.86, 0), knee, 0.17, legs, PEDESTRIAN)
        canvas.limb(knee, at(side, 0.06, step - 0.1 * abs(step)), 0.14, legs, PEDESTRIAN)
        canvas.limb(
            at(side, 0.04, step), at(side, 0.03, step + 0.1), 0.1, (26, 24, 24), PEDESTRIAN
        )
    hem = 0.62 if luck[9] < 0.3 else 0.84
    _draw_torso(canvas, at, hem, coat)
    for side, step in ((-0.26, -swing), (0.26, swing)):
        elbow = at(side, 1.08, 0.3 * step)
        canvas.limb(at(side * 0.85, 1.38, 0), elbow, 0.12, _dark(coat), PEDESTRIAN)
        canvas.limb(elbow, at(side, 0.84, 0.8 * step), 0.1, _dark(coat), PEDESTRIAN)
    _draw_head(canvas, at(0, 1.6, 0), skin, luck, PEDESTRIAN)


def draw_cyclist(
    canvas: Canvas, kind: str, slot: int, x_m: float, ahead_m: float, ridden_m: float
) -> None:
    """Draw a cyclist at ``x_m`` whose rear wheel is ``ahead_m`` away."""
    luck = chances(canvas.style.seed, kind, slot)
    coat, legs, skin = _wardrobe(luck)
    if luck[9] < 0.4:
        coat = (196, 204, 60)
    if canvas.camera.size_px(1, ahead_m) < 14:
        _draw_far_figure(canvas, (x_m, ahead_m), (legs, coat, skin), BICYCLIST)
        return
    frame = (44.0, 44.0, 50.0)
    _draw_wheel(canvas, x_m, ahead_m + 1.05)

    def at(side: float, height: float, forward: float) -> Point:
        return x_m + side, height, ahead_m + forward

    canvas.limb(at(0, 0.95, 0.95), at(0, 0.34, 1.05), 0.05, frame, BICYCLIST)
    canvas.limb(at(0, 0.34, 0), at(0, 0.9, 0.25), 0.05, frame, BICYCLIST)
    canvas.limb(at(-0.25, 1.0, 0.9), at(0.25, 1.0, 0.9), 0.05, frame, BICYCLIST)
    for side, phase in ((-0.13, 0.0), (0.13, pi)):
        turn = ridden_m / 0.8 + phase
        foot = at(side, 0.32 + 0.17 * sin(turn), 0.45 + 0.17 * cos(turn))
        knee = at(side * 1.3, 0.72 + 0.13 * sin(turn), 0.62)
        canvas.limb(at(side * 0.8, 0.95, 0.2), knee, 0.17, legs, BICYCLIST)
        canvas.limb(knee, foot, 0.13, legs, BICYCLIST)
        canvas.limb(at(side * 1.5, 1.42, 0.55), at(side * 1.9, 1.05, 0.85), 0.1, coat, BICYCLIST)
    _draw_wheel(canvas, x_m, ahead_m)
    canvas.limb(at(0, 1.0, 0.2), at(0, 1.4, 0.5), 0.36, coat, BICYCLIST)
    _draw_head(canvas, at(0, 1.64, 0.6), skin, luck, BICYCLIST)


def _draw_far_figure(
    canvas: Canvas, place: tuple[float, float], colors: tuple[Color, Color, Color], label: int
) -> None:
    """Draw somebody who is only a few pixels tall: legs, body and head."""
    x, ahead = place
    for low, high, width, color in zip(
        (0.1, 0.95, 1.58), (0.85, 1.35, 1.62), (0.26, 0.42, 0.2), colors, strict=True
    ):
        canvas.limb((x, low, ahead), (x, high, ahead), width, color, label)


def _draw_wheel(canvas: Canvas, x_m: float, hub_m: float) -> None:
    # Seen edge-on the disc vanishes, and the tyre is what remains.
    canvas.limb((x_m, 0.02, hub_m), (x_m, 0.66, hub_m), 0.06, (26, 26, 28), BICYCLIST)
    turns = np.linspace(0, 2 * pi, 16, endpoint=False).tolist()
    for radius, color in ((0.34, (26, 26, 28)), (0.28, (112, 112, 110))):
        rim = [(x_m, 0.34 + radius * sin(a), hub_m + radius * cos(a)) for a in turns]
        canvas.face(rim, color, BICYCLIST)


def _draw_torso(
    canvas: Canvas, at: Callable[[float, float, float], Point], hem: float, coat: Color
) -> None:
    outline = [
        at(-0.17, hem, 0),
        at(-0.23, 1.36, 0),
        at(-0.13, 1.46, 0),
        at(0.13, 1.46, 0),
        at(0.23, 1.36, 0),
        at(0.17, hem, 0),
    ]
    canvas.face(outline, coat, PEDESTRIAN)


def _draw_head(
    canvas: Canvas, place: Point, skin: Color, luck: tuple[float, ...], label: int
) -> None:
    x, y, ahead = place
    hair = ((40, 32, 26), (88, 66, 44), (120, 112, 104), (26, 24, 24))[int(luck[7] * 4)]
    canvas.limb((x, y - 0.16, ahead), (x, y - 0.05, ahead), 0.12, skin, label)
    canvas.limb((x, y - 0.02, ahead), (x, y + 0.03, ahead), 0.2, skin, label)
    canvas.limb((x, y + 0.06, ahead), (x, y + 0.07, ahead), 0.18, hair, label)


def _wardrobe(luck: tuple[float, ...]) -> tuple[Color, Color, Color]:
    coat = _COATS[int(luck[1] * len(_COATS))]
    return coat, _TROUSERS[int(luck[2] * 4)], _SKINS[int(luck[3] * 4)]


def _dark(color: Color) -> Color:
    red, green, blue = color
    return red * 0.82, green * 0.82, blue * 0.82
