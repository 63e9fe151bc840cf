"""Who stands where: everything in sight of one frame, from far to near."""

from collections.abc import Callable, Iterator
from functools import partial
from math import sin

from csrnet_ros.training.datasets.street.canvas import Canvas
from csrnet_ros.training.datasets.street.furniture import draw_lamp, draw_sign, draw_tree
from csrnet_ros.training.datasets.street.houses import draw_plot, is_garden
from csrnet_ros.training.datasets.street.people import draw_cyclist, draw_pedestrian
from csrnet_ros.training.datasets.street.style import chances, slots
from csrnet_ros.training.datasets.street.vehicles import draw_car

_CARS_FAR_M = 115.0

Item = tuple[float, Callable[[], None]]
"""How far away something is, in metres, and how to draw it."""


def draw_scene(canvas: Canvas, travelled_m: float, time_s: float) -> None:
    """Draw all that stands or moves on the street, the farthest first."""
    items = [
        *_plots(canvas, travelled_m),
        *_furniture(canvas, travelled_m),
        *_parked(canvas, travelled_m),
        *_traffic(canvas, travelled_m, time_s),
        *_people(canvas, travelled_m, time_s),
    ]
    for _, draw in sorted(items, key=lambda item: -item[0]):
        draw()


def _plots(canvas: Canvas, travelled_m: float) -> Iterator[Item]:
    style = canvas.style
    pitch = style.house_pitch_m
    for side in (-1, 1):
        for slot, ahead in slots(pitch, travelled_m, near_m=-pitch):
            # A house counts as far as its far end: all in front of it is drawn later.
            yield ahead + pitch, partial(draw_plot, canvas, side, slot, ahead)
            if is_garden(style.seed, side, slot):
                for row, kind in enumerate(('garden back', 'garden front')):
                    x = style.fronts_m[side > 0] + side * (6.5 - 3.5 * row)
                    middle = ahead + pitch * (0.75 - 0.35 * row)
                    kind = f'{kind}{side}'
                    if middle > 1.0:
                        draw = partial(draw_tree, canvas, kind, slot, x, middle)
                        yield ahead + pitch + 0.2 - 0.1 * row, draw


def _furniture(canvas: Canvas, travelled_m: float) -> Iterator[Item]:
    style = canvas.style
    for side in (-1, 1):
        x = style.kerbs_m[side > 0] + side * 0.6
        for slot, ahead in slots(13.0, travelled_m + side):
            kind = f'tree{side}'
            if chances(style.seed, kind, slot)[0] < 0.45:
                yield ahead, partial(draw_tree, canvas, kind, slot, x + side * 0.3, ahead)
        for _, ahead in slots(32.0, travelled_m + 7.5 * side):
            yield ahead, partial(draw_lamp, canvas, side, x, ahead)
        for slot, ahead in slots(26.0, travelled_m + 5 + 6 * side):
            yield ahead, partial(draw_sign, canvas, f'sign{side}', slot, x, ahead)


def _parked(canvas: Canvas, travelled_m: float) -> Iterator[Item]:
    style = canvas.style
    for side in (-1, 1):
        kind = f'parked{side}'
        for slot, ahead in slots(6.3, travelled_m, near_m=-4.0, far_m=_CARS_FAR_M):
            luck = chances(style.seed, kind, slot)
            if luck[0] < style.parking[side > 0]:
                x = style.kerbs_m[side > 0] - side * (1.05 + 0.15 * luck[4])
                ahead += 0.9 * luck[5]
                facing = (side > 0) != (luck[6] < 0.2)
                yield ahead, partial(draw_car, canvas, kind, slot, x, ahead, oncoming=facing)


def _traffic(canvas: Canvas, travelled_m: float, time_s: float) -> Iterator[Item]:
    style = canvas.style
    lane = (style.kerbs_m[0] + style.kerbs_m[1]) / 2 + 1.3
    for slot, ahead in slots(24.0, travelled_m + 8.0 * time_s, near_m=-4.0, far_m=_CARS_FAR_M):
        if chances(style.seed, 'oncoming', slot)[0] < 0.8 * style.traffic:
            yield ahead, partial(draw_car, canvas, 'oncoming', slot, lane, ahead, oncoming=True)
    if chances(style.seed, 'car ahead', 0)[0] < 0.8 * style.traffic:
        ahead = 20 + 9 * sin(time_s / 6 + style.seed)
        yield ahead, partial(draw_car, canvas, 'car ahead', 0, -0.2, ahead, oncoming=False)
    ridden = 4.0 * time_s
    for slot, ahead in slots(34.0, travelled_m - ridden, near_m=-15.0, far_m=90.0):
        ahead += 16 * chances(style.seed, 'cyclist', slot)[0]
        x = min(style.kerbs_m[0] + 2.6, -1.3)
        if ahead > 1.0:
            yield ahead, partial(draw_cyclist, canvas, 'cyclist', slot, x, ahead, ridden)


def _people(canvas: Canvas, travelled_m: float, time_s: float) -> Iterator[Item]:
    style = canvas.style
    for side in (-1, 1):
        kerb, front = style.kerbs_m[side > 0], style.fronts_m[side > 0]
        for pace, gap in ((1.3, 9.0), (-1.2, 11.0)):
            kind = f'walker{side}{pace}'
            walked = pace * time_s
            for slot, ahead in slots(gap, travelled_m - walked, near_m=1.0, far_m=90.0):
                luck = chances(style.seed, kind, slot)
                if luck[0] < 0.9 * style.traffic:
                    x = kerb + (front - kerb) * (0.35 + 0.5 * luck[6])
                    ahead += 4 * luck[10]
                    yield ahead, partial(draw_pedestrian, canvas, kind, slot, x, ahead, walked)
