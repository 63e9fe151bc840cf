"""Cars: parked, oncoming and ahead, each a body, a cabin, wheels, lights and a shadow."""

from dataclasses import dataclass
from math import cos, sin

import numpy as np

from csrnet_ros.training.datasets.street.canvas import CAR, Canvas, Point, upright
from csrnet_ros.training.datasets.street.style import Color, chances

_GLASS = (44.0, 52.0, 60.0)
_TYRE = (24.0, 24.0, 26.0)
_RIM = (122.0, 124.0, 126.0)
_HEADLAMP = (226.0, 226.0, 214.0)
_REAR_LAMP = (158.0, 26.0, 24.0)
_WHITE_PLATE = (206.0, 206.0, 200.0)
_YELLOW_PLATE = (196.0, 168.0, 60.0)
_TURNS = tuple(np.linspace(0, 2 * np.pi, 14, endpoint=False).tolist())
_PAINTS: tuple[Color, ...] = (
    (168, 172, 176), (120, 124, 130), (34, 36, 42), (24, 34, 66), (112, 26, 30), (206, 208, 208),
    (44, 70, 58), (60, 84, 124), (126, 98, 62), (146, 150, 150), (70, 20, 34), (30, 30, 32),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Shape:
    """Side view in metres, from the rear: lengths along the car, heights above the ground."""

    length: float
    width: float
    waist: float
    roof: float
    nose: float
    cabin: tuple[float, float, float, float]
    """Foot and top of the rear window, top and foot of the windscreen."""


_SHAPES = (
    _Shape(3.9, 1.68, 0.92, 1.46, 0.78, (0.12, 0.55, 2.2, 3.0)),
    _Shape(4.5, 1.74, 0.92, 1.42, 0.76, (0.75, 1.35, 2.55, 3.35)),
    _Shape(4.5, 1.76, 0.95, 1.5, 0.8, (0.08, 0.35, 2.6, 3.4)),
    _Shape(4.4, 1.82, 1.05, 1.74, 0.95, (0.08, 0.35, 2.4, 3.1)),
    _Shape(4.9, 1.9, 1.15, 2.1, 1.0, (0.02, 0.08, 3.5, 4.1)),
)


def draw_car(
    canvas: Canvas, kind: str, slot: int, x_m: float, ahead_m: float, *, oncoming: bool
) -> None:
    """Draw a car whose middle is at ``x_m`` and whose near end is ``ahead_m`` away."""
    luck = chances(canvas.style.seed, kind, slot)
    shape = _SHAPES[(0, 0, 1, 1, 2, 2, 3, 4)[int(luck[1] * 8)]]
    paint = _PAINTS[int(luck[2] * len(_PAINTS))]
    if shape.roof > 2 and luck[3] < 0.6:
        paint = _PAINTS[5]
    _Car(canvas, shape, paint, x_m, ahead_m, oncoming).draw()


class _Car:
    def __init__(
        self,
        canvas: Canvas,
        shape: _Shape,
        paint: Color,
        x_m: float,
        ahead_m: float,
        oncoming: bool,
    ) -> None:
        self.canvas = canvas
        self.shape = shape
        self.paint = paint
        self.x_m = x_m
        self.ahead_m = ahead_m
        self.oncoming = oncoming
        self.fine = canvas.camera.size_px(shape.width, ahead_m) > 18

    def draw(self) -> None:
        self._draw_shadow()
        half = self.shape.width / 2
        if self.x_m - half > 0:
            self._draw_side(-half)
        elif self.x_m + half < 0:
            self._draw_side(half)
        self._draw_end()
        self._draw_cabin()

    def _at(self, points: list[Point]) -> list[Point]:
        """Return (sideways, height, from the rear) in the car as a place on the street."""
        if self.oncoming:
            nose_m = self.ahead_m + self.shape.length
            return [(x + self.x_m, y, nose_m - along) for x, y, along in points]
        return [(x + self.x_m, y, along + self.ahead_m) for x, y, along in points]

    def _face(self, points: list[Point], color: Color, light: float = 1.0) -> None:
        self.canvas.face(self._at(points), color, CAR, light)

    def _draw_shadow(self) -> None:
        half = self.shape.width / 2 + 0.12
        length = self.shape.length
        corners = self._at(
            [(-half, 0, -0.15), (half, 0, -0.15), (half, 0, length + 0.15), (-half, 0, length)]
        )
        self.canvas.face(corners, (38, 38, 40), None)

    def _draw_side(self, x: float) -> None:
        shape = self.shape
        end, waist = shape.length, shape.waist
        outline = [(0, 0.28), (0, waist), (shape.cabin[3], waist), (end, shape.nose), (end, 0.28)]
        self._panel(x, outline, self.paint, 0.88)
        self._panel(x, [(0, 0.28), (0, 0.45), (end, 0.45), (end, 0.28)], self.paint, 0.6)
        for hub in (0.75, end - 0.8):
            self._draw_wheel(x, hub)
        if self.fine:
            seam = 0.3 * shape.cabin[0] + 0.7 * shape.cabin[3]
            for door in (seam, seam - 1.05):
                gap = [(door, 0.4), (door, waist), (door + 0.02, waist), (door + 0.02, 0.4)]
                self._panel(x, gap, self.paint, 0.5)

    def _panel(
        self, x: float, outline: list[tuple[float, float]], color: Color, light: float
    ) -> None:
        """Fill a shape of the side view: corners are (from the rear, height)."""
        self._face([(x, y, along) for along, y in outline], color, light)

    def _draw_wheel(self, x: float, hub: float) -> None:
        rings = ((0.32, _TYRE), (0.2, _RIM), (0.08, _TYRE))
        for radius, color in rings if self.fine else rings[:1]:
            rim = [(hub + radius * cos(a), 0.32 + radius * sin(a)) for a in _TURNS]
            self._panel(x, rim, color, 1.0)

    def _draw_end(self) -> None:
        """Draw the end that faces the camera: bumper, lights, plate, the tyres under it."""
        shape = self.shape
        half = shape.width / 2
        along, top = (shape.length, shape.nose) if self.oncoming else (0.0, shape.waist)
        for side in (-1, 1):
            tyre = side * (half - 0.24), side * (half - 0.03)
            self._face(upright(tyre, (0.0, 0.4), along), _TYRE)
        self._face(upright((-half, half), (0.26, top), along), self.paint, 0.95)
        self._face(upright((-half, half), (0.26, 0.5), along), self.paint, 0.62)
        if not self.fine:
            return
        plate, lamp, low = (
            (_WHITE_PLATE, _HEADLAMP, 0.42) if self.oncoming else (_YELLOW_PLATE, _REAR_LAMP, 0.6)
        )
        self._face(upright((-0.27, 0.27), (low, low + 0.12), along), plate)
        for side in (-1, 1):
            place = side * (half - 0.34), side * (half - 0.04)
            self._face(upright(place, (top - 0.26, top - 0.08), along), lamp)
        if self.oncoming:
            grille = -half + 0.45, half - 0.45
            self._face(upright(grille, (top - 0.22, top - 0.1), along), _TYRE, 1.5)

    def _draw_cabin(self) -> None:
        shape = self.shape
        half, inner = shape.width / 2, shape.width / 2 - 0.17
        foot, top, screen_top, screen_foot = shape.cabin
        waist, roof = shape.waist, shape.roof
        if self.oncoming:
            near, near_top = screen_foot, screen_top
            lid_end = (half, shape.nose, shape.length)
        else:
            near, near_top = foot, top
            lid_end = (half, waist, 0.0)
        self._ramp(lid_end, (half, waist, near), self.paint, 1.18)
        self._draw_cabin_side(half, inner)
        self._ramp((half, waist, near), (inner, roof, near_top), self.paint, 0.9)
        pane = (half - 0.12, waist + 0.05, near), (inner - 0.06, roof - 0.07, near_top)
        self._ramp(*pane, _GLASS, 1.25 if self.oncoming else 1.0)
        if self.fine:
            middle = ((half + inner) / 2 - 0.3, (waist + roof) / 2, (near + near_top) / 2)
            self._ramp(middle, pane[1], _GLASS, 1.7)
        self._ramp((inner, roof, top), (inner, roof + 0.03, screen_top), self.paint, 1.25)

    def _ramp(self, foot: Point, head: Point, color: Color, light: float) -> None:
        """Fill what lies between two cross bars: (half their length, height, from the rear)."""
        (wide, low, start), (narrow, high, end) = foot, head
        self._face(
            [(-wide, low, start), (wide, low, start), (narrow, high, end), (-narrow, high, end)],
            color,
            light,
        )

    def _draw_cabin_side(self, half: float, inner: float) -> None:
        shape = self.shape
        if abs(self.x_m) <= half:
            return
        side = -1 if self.x_m > 0 else 1
        foot, top, screen_top, screen_foot = shape.cabin
        wall = [
            (side * half, shape.waist, foot),
            (side * inner, shape.roof, top),
            (side * inner, shape.roof, screen_top),
            (side * half, shape.waist, screen_foot),
        ]
        self._face(wall, self.paint, 0.92)
        low, high = shape.waist + 0.04, shape.roof - 0.09
        if shape.roof > 2:
            foot = top = screen_top - 0.7
        pillar = (foot + screen_foot) / 2
        for back, back_top, front, front_top in (
            (foot + 0.25, top + 0.1, pillar - 0.05, pillar - 0.05),
            (pillar + 0.05, pillar + 0.05, screen_foot - 0.15, screen_top),
        ):
            pane = [
                (side * half, low, back),
                (side * inner, high, back_top),
                (side * inner, high, front_top),
                (side * half, low, front),
            ]
            self._face(pane, _GLASS, 1.15)
