"""What stands on the pavement: trees, street lamps, traffic signs and traffic lights."""

from collections.abc import Sequence
from math import cos, sin

import numpy as np

from csrnet_ros.training.datasets.street.canvas import POLE, SIGN, TREE, Canvas, Point, upright
from csrnet_ros.training.datasets.street.crowns import crown
from csrnet_ros.training.datasets.street.style import Color, chances

_STEEL: Color = (96, 100, 100)
_RED: Color = (176, 34, 36)
_BLUE: Color = (28, 72, 156)
_WHITE: Color = (222, 222, 216)


def draw_tree(canvas: Canvas, kind: str, slot: int, x_m: float, ahead_m: float) -> None:
    """Draw a tree with leaves or bare branches, as the season of the street has it."""
    luck = chances(canvas.style.seed, kind, slot)
    leafy = luck[1] < canvas.style.leafy
    tall = 5.0 + 5.0 * luck[2]
    wide = tall * (0.6 + 0.35 * luck[3])
    foot = tall * (0.3 if leafy else 0.22)
    canvas.limb((x_m, 0, ahead_m), (x_m, foot + 0.8, ahead_m), 0.3, (70, 62, 54), TREE)
    side = 256
    while side > 16 and side > 1.5 * canvas.camera.size_px(wide, ahead_m):
        side //= 2
    corners = (x_m - wide / 2, tall, ahead_m), (x_m + wide / 2, foot, ahead_m)
    canvas.billboard(crown(int(luck[4] * 12), leafy, side), corners, TREE)


def draw_lamp(canvas: Canvas, side: int, x_m: float, ahead_m: float) -> None:
    """Draw a street lamp whose arm reaches over the road."""
    top = 6.5
    reach = x_m - side * 1.4
    canvas.limb((x_m, 0, ahead_m), (x_m, 1.2, ahead_m), 0.2, _STEEL, POLE)
    canvas.limb((x_m, 1.2, ahead_m), (x_m, top, ahead_m), 0.13, _STEEL, POLE)
    canvas.limb((x_m, top, ahead_m), (reach, top + 0.35, ahead_m), 0.1, _STEEL, POLE)
    canvas.limb(
        (reach, top + 0.35, ahead_m),
        (reach - side * 0.5, top + 0.35, ahead_m),
        0.18,
        (170, 170, 160),
        POLE,
    )


def draw_sign(canvas: Canvas, kind: str, slot: int, x_m: float, ahead_m: float) -> None:
    """Draw a traffic sign or a traffic light on its pole."""
    luck = chances(canvas.style.seed, kind, slot)
    high = 2.3 + 0.5 * luck[1]
    canvas.limb((x_m, 0, ahead_m), (x_m, high + 0.3, ahead_m), 0.11, _STEEL, POLE)
    place = (x_m, high + 0.35, ahead_m)
    which = int(luck[2] * 5)
    if which == 0:
        _disc(canvas, place, ((0.42, _RED), (0.31, _WHITE), (0.1, (30, 30, 30))))
    elif which == 1:
        _disc(canvas, place, ((0.42, _WHITE), (0.39, _BLUE), (0.12, _WHITE)))
    elif which == 2:
        _triangle(canvas, place)
    elif which == 3:
        _board(canvas, place, 0.45 + 0.4 * luck[3])
    else:
        _lights(canvas, place, int(luck[4] * 3))


def _disc(canvas: Canvas, place: Point, rings: Sequence[tuple[float, Color]]) -> None:
    x, y, ahead = place
    turns = np.linspace(0, 2 * np.pi, 16, endpoint=False).tolist()
    for radius, color in rings:
        rim = [(x + radius * cos(a), y + radius * sin(a), ahead) for a in turns]
        canvas.face(rim, color, SIGN)


def _triangle(canvas: Canvas, place: Point) -> None:
    x, y, ahead = place
    for size, color in ((0.5, _RED), (0.3, _WHITE)):
        corners = [
            (x - size, y - 0.6 * size, ahead),
            (x + size, y - 0.6 * size, ahead),
            (x, y + 1.1 * size, ahead),
        ]
        canvas.face(corners, color, SIGN)


def _board(canvas: Canvas, place: Point, half: float) -> None:
    x, y, ahead = place
    for rim, color in ((0.0, _WHITE), (0.05, _BLUE)):
        across, up = (x - half + rim, x + half - rim), (y - 0.4 + rim, y + 0.4 - rim)
        canvas.face(upright(across, up, ahead), color, SIGN)
    for line in (y - 0.15, y + 0.12):
        across = (x - half * 0.7, x + half * 0.6)
        canvas.face(upright(across, (line, line + 0.09), ahead), _WHITE, SIGN)


def _lights(canvas: Canvas, place: Point, lit: int) -> None:
    x, y, ahead = place
    canvas.face(upright((x - 0.22, x + 0.22), (y - 0.5, y + 0.6), ahead), (22, 22, 24), SIGN)
    for lamp, (red, green, blue) in enumerate(((235, 50, 40), (240, 170, 40), (60, 225, 130))):
        glow = 1.0 if lamp == lit else 0.22
        spot = (x, y + 0.38 - 0.33 * lamp, ahead)
        _disc(canvas, spot, [(0.12, (red * glow, green * glow, blue * glow))])
