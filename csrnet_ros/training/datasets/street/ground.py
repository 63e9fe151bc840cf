"""Sky, skyline, road and pavements: what lies behind and under everything else."""

from functools import lru_cache

import cv2
import numpy as np

from csrnet_ros.training.datasets.street.canvas import (
    PAVEMENT,
    ROAD,
    SHIFT,
    SKY,
    TREE,
    Canvas,
    clearness,
    fixed,
)
from csrnet_ros.training.datasets.street.houses import house_height_m, is_garden
from csrnet_ros.training.datasets.street.style import FAR_M, Color, chances, slots, street_style
from csrnet_ros.training.datasets.street.textures import asphalt, flagstones

_TEXELS_PER_M = 40.0
_WHITE = (196.0, 197.0, 194.0)
_YELLOW = (176.0, 152.0, 66.0)
_STEPS_M = tuple(np.geomspace(1.0, FAR_M * 2, 22).tolist())


def paint_sky(canvas: Canvas, travelled_m: float) -> None:
    """Paint clouds that turn with the street, and a far line of trees below them."""
    camera, style = canvas.camera, canvas.style
    rows = min(int(camera.horizon_px) + 2, camera.height_px)
    sky, labels = _panorama(style.seed, rows, camera.width_px, camera.focal_px)
    pan = round(style.heading_at(travelled_m) * camera.focal_px) % (2 * camera.width_px)
    columns = slice(pan, pan + camera.width_px)
    canvas.picture[:rows] = sky[:, columns]
    canvas.labels[:rows] = labels[:, columns]


@lru_cache(maxsize=8)
def _panorama(
    seed: int, rows: int, width_px: int, focal_px: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return picture and labels above the horizon, (rows, 3 widths), repeating after two."""
    style = street_style(seed)
    rng = np.random.default_rng((seed & 0xFFFFFFFF, 29))
    clouds = np.zeros((rows, 2 * width_px), np.float32)
    for octave in (4, 8, 16, 32):
        coarse = rng.normal(0, 1, (octave // 2 + 1, octave)).astype(np.float32)
        coarse = np.concatenate((coarse, coarse[:, :1]), 1)
        clouds += cv2.resize(coarse, (2 * width_px, rows), interpolation=cv2.INTER_CUBIC) / octave
    height = np.linspace(0, 1, rows)[:, None, None] ** 1.3
    bright = style.exposure**-0.6  # a camera that meters the street lets the sky burn out
    sky = (1 - height) * np.array(style.sky_top) + height * np.array(style.sky_low)
    sky = bright * (sky + 60 * np.clip(clouds, -0.3, 0.5)[..., None] * (1 - 0.6 * height))
    bumps = rng.uniform(0.02, 0.06, 41)
    bumps[-1] = bumps[0]
    skyline = np.interp(np.linspace(0, 40, 2 * width_px), np.arange(41), bumps)
    skyline += rng.uniform(0, 0.006, 2 * width_px)
    trees = np.arange(rows)[:, None] >= rows - 2 - skyline * focal_px
    haze = clearness(FAR_M)
    sky[trees] = haze * np.array((84, 92, 74)) + (1 - haze) * np.array(style.haze)
    picture = np.clip(sky, 0, 255).astype(np.uint8)
    labels = np.where(trees, TREE, SKY).astype(np.uint8)
    return np.hstack((picture, picture[:, :width_px])), np.hstack((labels, labels[:, :width_px]))


def paint_ground(canvas: Canvas, travelled_m: float) -> None:
    """Paint verges, pavements, kerbs and the road with its markings, then their texture."""
    camera, style = canvas.camera, canvas.style
    (kerb_left, kerb_right), (front_left, front_right) = style.kerbs_m, style.fronts_m
    first = int(np.ceil(camera.horizon_px)) + 1
    canvas.picture[first:] = (92, 98, 66)  # grass
    canvas.labels[first:] = TREE
    _strip(canvas, front_left - 0.6, front_right + 0.6, style.paving, PAVEMENT)
    kerbstone = _times(style.paving, 1.12)
    _strip(canvas, kerb_left - 0.16, kerb_right + 0.16, kerbstone, PAVEMENT)
    _strip(canvas, kerb_left, kerb_right, _times(style.asphalt, 0.72), ROAD)
    _strip(canvas, kerb_left + 0.25, kerb_right - 0.25, style.asphalt, ROAD)
    _mark_road(canvas, travelled_m)
    _roughen(canvas, first, travelled_m)


def _strip(canvas: Canvas, left_m: float, right_m: float, color: Color, label: int | None) -> None:
    """Fill the ground between two lines along the street."""
    there = [(left_m, 0.0, ahead) for ahead in _STEPS_M]
    back = [(right_m, 0.0, ahead) for ahead in reversed(_STEPS_M)]
    canvas.face(there + back, color, label)


def _mark_road(canvas: Canvas, travelled_m: float) -> None:
    """Draw centre dashes, yellow lines along the kerbs and an arrow or a crossing at times."""
    style = canvas.style
    left, right = style.kerbs_m
    middle = (left + right) / 2
    if chances(style.seed, 'yellow lines', 0)[0] < 0.6:
        for x in (left + 0.35, left + 0.55, right - 0.55, right - 0.35):
            _strip(canvas, x - 0.04, x + 0.04, _YELLOW, None)
    for _, ahead in slots(6.0, travelled_m, near_m=-4.0, far_m=70.0):
        _patch(canvas, middle - 0.07, middle + 0.07, ahead, ahead + 3.5)
    for slot, ahead in slots(70.0, travelled_m, near_m=-4.0, far_m=70.0):
        if chances(style.seed, 'crossing', slot)[0] < 0.5:
            for x in np.arange(left + 0.5, right - 0.8, 1.1):
                _patch(canvas, x, x + 0.55, ahead, ahead + 2.6)


def _patch(canvas: Canvas, left_m: float, right_m: float, near_m: float, far_m: float) -> None:
    if far_m > 1.0:
        near_m = max(near_m, 1.0)
        corners = [
            (left_m, 0, near_m),
            (right_m, 0, near_m),
            (right_m, 0, far_m),
            (left_m, 0, far_m),
        ]
        canvas.face(corners, _WHITE, None)


def _roughen(canvas: Canvas, first_row: int, travelled_m: float) -> None:
    """Lay asphalt and paving over the flat ground; both fade where a texel is below a pixel."""
    camera = canvas.camera
    rows = np.arange(first_row, camera.height_px) + 0.5
    ahead = camera.focal_px * camera.height_m / (rows - camera.horizon_px)
    columns = (np.arange(camera.width_px) + 0.5 - camera.width_px / 2) / camera.focal_px
    right = (columns - camera.bend_per_m * ahead[:, None]) * ahead[:, None]
    across = (right * _TEXELS_PER_M).astype(np.float32)
    along = np.mod((ahead + travelled_m) * _TEXELS_PER_M, 512).astype(np.float32)
    along = np.repeat(along[:, None], camera.width_px, 1)
    ground = canvas.picture[first_row:]
    paved = (canvas.labels[first_row:] == PAVEMENT).astype(np.uint8)
    tone = cv2.remap(asphalt(), across, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    slabs = cv2.remap(flagstones(), across, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    cv2.copyTo(slabs, paved, tone)
    light = 1 - 0.45 * canvas.style.sun * _cast_shadows(canvas, travelled_m)[first_row:]
    fade = np.clip(9.0 / ahead, 0.08, 1.0).astype(np.float32)[:, None]
    gain = light * (1 + (tone.astype(np.float32) - 128) * (fade / 128))
    haze = canvas.style.haze
    clear = (0.55 ** (np.minimum(ahead, 150) / 100)).astype(np.float32)[:, None]
    for channel in range(3):
        level = ground[..., channel] * (gain * clear) + haze[channel] * (1 - clear)
        ground[..., channel] = np.clip(level, 0, 255)


def _cast_shadows(canvas: Canvas, travelled_m: float) -> np.ndarray:
    """Return where the houses on the sun's side keep the light off the ground, float32 0 or 1."""
    style = canvas.style
    side, pitch = style.sun_side, style.house_pitch_m
    shadow = np.zeros(canvas.labels.shape, np.float32)
    front = style.fronts_m[side > 0]
    for slot, ahead in slots(pitch, travelled_m, near_m=-pitch):
        near, far = max(ahead, 1.0), ahead + pitch
        if style.sun and far > near and not is_garden(style.seed, side, slot):
            edge = front - side * 0.8 * house_height_m(style, side, slot)
            outline = [(front, 0, near), (front, 0, far), (edge, 0, far), (edge, 0, near)]
            cv2.fillPoly(shadow, [fixed(canvas.camera.project(outline))], 1.0, cv2.LINE_8, SHIFT)
    return shadow


def _times(color: Color, factor: float) -> Color:
    red, green, blue = color
    return red * factor, green * factor, blue * factor
