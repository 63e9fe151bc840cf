"""What makes one street differ from another: every choice that follows from the seed."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, cos, floor, sin

import numpy as np

FRAMES_PER_S = 15.0
FAR_M = 150.0
"""Nothing that stands on the street is drawn beyond this distance."""

Color = tuple[float, float, float]

# Top of the sky, sky above the horizon, exposure, sun (strength 0 to 1).
_WEATHERS: tuple[tuple[Color, Color, float, float], ...] = (
    ((206, 211, 218), (236, 238, 240), 0.95, 0.0),
    ((222, 230, 240), (252, 253, 254), 1.05, 0.7),
    ((148, 182, 222), (236, 244, 250), 1.1, 1.0),
    ((218, 222, 226), (246, 242, 226), 0.62, 0.0),
    ((196, 208, 220), (244, 246, 244), 0.85, 0.35),
)


@dataclass(frozen=True, slots=True)
class StreetStyle:
    """One street. Places are metres to the right of the camera, heights metres above ground.

    :param focal: focal length in picture heights
    :param horizon: place of the horizon in picture heights from the top
    :param start_m: where on the endless street frame 0 stands
    :param kerbs_m: places of the left and the right kerb; the road lies between them
    :param fronts_m: places of the house fronts; the pavements end there
    :param parking: share of the parking places that are taken, left and right, 0 to 1
    :param bend_per_m: strongest bend of the street, sideways metres per squared metre ahead
    :param sun: strength of direct light, 0 (overcast) to 1
    :param sun_side: -1 if the light comes from the left, 1 if from the right
    :param gamma: exponent of the camera's tone curve; above 1 the shadows go dark
    :param facades: the textures of the houses, as ``textures.facade`` numbers them
    :param leafy: share of the trees that carry leaves, 0 to 1
    :param traffic: how busy road and pavement are, 0 to 1
    """

    seed: int
    start_m: float
    focal: float
    horizon: float
    camera_height_m: float
    speed_m_s: float
    kerbs_m: tuple[float, float]
    fronts_m: tuple[float, float]
    parking: tuple[float, float]
    bend_per_m: float
    bend_length_m: float
    sky_top: Color
    sky_low: Color
    sun: float
    sun_side: int
    exposure: float
    gamma: float
    house_pitch_m: float
    facades: tuple[int, ...]
    leafy: float
    traffic: float
    asphalt: Color
    paving: Color

    @property
    def haze(self) -> Color:
        """Colour of the air: what is far away fades into it."""
        red, green, blue = self.sky_low
        return red * 0.85, green * 0.85, blue * 0.85

    def travelled_m(self, frame: int) -> float:
        """Return how far the camera has come at ``frame``."""
        return self.start_m + frame * self.speed_m_s / FRAMES_PER_S

    def bend_at(self, travelled_m: float) -> float:
        """Return the bend of the street ahead, in sideways metres per squared metre."""
        return self.bend_per_m * sin(travelled_m / self.bend_length_m + self.seed)

    def heading_at(self, travelled_m: float) -> float:
        """Return the direction in which the camera looks, in radians: the sum of the bends."""
        swing = 2 * self.bend_per_m * self.bend_length_m
        return -swing * cos(travelled_m / self.bend_length_m + self.seed)


@lru_cache(maxsize=8192)
def chances(seed: int, kind: str, slot: int) -> tuple[float, ...]:
    """Return 12 numbers in [0, 1) that belong to place ``slot`` of the objects ``kind``."""
    words = (seed & 0xFFFFFFFF, zlib.crc32(kind.encode()), slot & 0xFFFFFFFF)
    return tuple(np.random.default_rng(words).random(12).tolist())


def slots(
    spacing_m: float, travelled_m: float, *, near_m: float = 0.5, far_m: float = FAR_M
) -> Iterator[tuple[int, float]]:
    """Yield (slot, metres ahead) of every place of an endless row that is in sight."""
    first = ceil((travelled_m + near_m) / spacing_m)
    last = floor((travelled_m + far_m) / spacing_m)
    for slot in range(first, last + 1):
        yield slot, slot * spacing_m - travelled_m


@lru_cache(maxsize=64)
def street_style(seed: int) -> StreetStyle:
    """Return the street that belongs to ``seed``."""
    rng = np.random.default_rng((seed & 0xFFFFFFFF, zlib.crc32(b'style')))
    sky_top, sky_low, exposure, sun = _WEATHERS[rng.integers(len(_WEATHERS))]
    kerb_left, kerb_right = -rng.uniform(3.4, 5.0), rng.uniform(5.2, 8.2)
    gray = rng.uniform(82, 118)
    paving = rng.uniform(118, 158)
    return StreetStyle(
        seed=seed,
        start_m=rng.uniform(0, 2000),
        focal=rng.uniform(1.1, 1.4),
        horizon=rng.uniform(0.41, 0.52),
        camera_height_m=rng.uniform(1.3, 1.75),
        speed_m_s=rng.uniform(5.5, 8.5),
        kerbs_m=(kerb_left, kerb_right),
        fronts_m=(kerb_left - rng.uniform(2.2, 5.0), kerb_right + rng.uniform(2.2, 5.0)),
        parking=(rng.uniform(0.05, 0.6), rng.uniform(0.05, 0.6)),
        bend_per_m=rng.uniform(0.0, 0.0011),
        bend_length_m=rng.uniform(60.0, 140.0),
        sky_top=sky_top,
        sky_low=sky_low,
        sun=sun,
        sun_side=int(rng.choice((-1, 1))),
        exposure=exposure * rng.uniform(0.85, 1.15),
        gamma=rng.uniform(0.9, 1.35),
        house_pitch_m=rng.uniform(7.5, 11.0),
        facades=tuple(rng.integers(0, 64, size=7).tolist()),
        leafy=float(rng.choice((0.15, 0.6, 1.0))),
        traffic=rng.uniform(0.4, 1.0),
        asphalt=(gray, gray * rng.uniform(0.98, 1.02), gray * rng.uniform(0.98, 1.06)),
        paving=(paving, paving * rng.uniform(0.94, 0.99), paving * rng.uniform(0.86, 0.98)),
    )
