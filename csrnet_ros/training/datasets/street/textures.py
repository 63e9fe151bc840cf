"""Textures: house fronts, fences and noise, drawn once and kept."""

from functools import lru_cache

import cv2
import numpy as np

_SIZE = 256

# Red, brown and yellow brick, cream and white plaster, concrete, grey stone.
_WALLS = (
    (132, 88, 72), (112, 82, 68), (160, 138, 106), (172, 152, 122),
    (206, 198, 178), (214, 213, 208), (150, 148, 142), (122, 118, 110),
)  # fmt: skip
_PAINTS = (
    (40, 60, 110), (120, 35, 35), (35, 80, 55), (60, 60, 65), (190, 180, 150), (150, 95, 40),
    (30, 32, 38), (70, 110, 140),
)  # fmt: skip


def floors_of(variant: int) -> int:
    """Return how many floors the house front ``variant`` shows, 2 to 4."""
    return (2, 2, 3, 3, 3, 4)[variant % 6]


def shrunk(texture: np.ndarray, across_px: float, down_px: float) -> tuple[int, int]:
    """Return the power-of-two size (columns, rows) that fits how large a texture appears."""
    rows, columns = texture.shape[:2]
    while columns > 8 and columns > 1.5 * across_px:
        columns //= 2
    while rows > 8 and rows > 1.5 * down_px:
        rows //= 2
    return columns, rows


@lru_cache(maxsize=1024)
def facade(variant: int, columns: int = _SIZE, rows: int = _SIZE) -> np.ndarray:
    """Return the house front ``variant`` (rows, columns, 3), street level at the bottom."""
    if (columns, rows) != (_SIZE, _SIZE):
        return cv2.resize(facade(variant), (columns, rows), interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng((11, variant))
    wall = np.asarray(_WALLS[rng.integers(len(_WALLS))]) * rng.uniform(0.85, 1.1)
    picture = masonry(rng, wall)
    floors = floors_of(variant)
    storey = _SIZE // floors
    bays = int(rng.integers(2, 5))
    bay = _SIZE / bays
    frame = wall * 0.6 if rng.random() < 0.3 else np.full(3, rng.uniform(190, 225))
    wide = rng.uniform(0.4, 0.75)
    for floor in range(floors - 1):
        for column in range(bays):
            left = round((column + 0.5 - wide / 2) * bay)
            top = round((floor + 0.22) * storey)
            _window(picture, rng, (left, top, round(wide * bay), round(0.56 * storey)), frame)
    if rng.random() < 0.5:
        _shop(picture, rng, _SIZE - storey)
    else:
        _house_door(picture, rng, _SIZE - storey, bays, frame)
    picture[:5] = np.clip(wall * 0.6, 0, 255)
    return picture


def masonry(rng: np.random.Generator, wall: np.ndarray) -> np.ndarray:
    """Return a bare wall (256, 256, 3): courses of bricks, stains and grime near the ground."""
    bricks = cv2.resize(
        rng.normal(0, 9, (_SIZE // 4, _SIZE // 8)).astype(np.float32),
        (_SIZE, _SIZE),
        interpolation=cv2.INTER_NEAREST,
    )
    bricks[::4] -= 8
    stains = cv2.resize(rng.normal(0, 7, (6, 6)).astype(np.float32), (_SIZE, _SIZE))
    grime = np.linspace(3, -12, _SIZE, dtype=np.float32)[:, None]
    tone = bricks + stains + grime
    return np.asarray(np.clip(wall + tone[..., None], 0, 255), np.uint8)


def _window(
    picture: np.ndarray, rng: np.random.Generator, box: tuple[int, ...], frame: np.ndarray
) -> None:
    left, top, wide, high = box
    cv2.rectangle(
        picture, (left - 3, top - 4), (left + wide + 3, top + high + 3), _tone(frame), -1
    )
    glass = rng.uniform(30, 75)
    shine = np.linspace(rng.uniform(1.0, 2.0), 0.8, max(high, 1))[:, None, None]
    pane = np.clip(shine * (glass, glass * 1.05, glass * 1.12), 0, 255)
    picture[top : top + high, left : left + wide] = pane
    if rng.random() < 0.35:
        curtain = rng.uniform(120, 180)
        picture[top : top + high, left : left + max(2, wide // 5)] = curtain
        picture[top : top + high, left + wide - max(2, wide // 5) : left + wide] = curtain
    picture[top : top + high, left + wide // 2 - 1 : left + wide // 2 + 1] = frame
    picture[top + high // 2 - 1 : top + high // 2 + 1, left : left + wide] = frame
    sill = np.clip(frame * 0.8, 0, 255)
    picture[top + high + 3 : top + high + 7, max(left - 5, 0) : left + wide + 5] = sill


def _shop(picture: np.ndarray, rng: np.random.Generator, top: int) -> None:
    paint = np.asarray(_PAINTS[rng.integers(len(_PAINTS))])
    deep = _SIZE - top
    board = top + int(0.24 * deep)
    picture[top:board] = paint
    letter = rng.uniform(180, 240)
    start = int(rng.integers(20, 80))
    for place in range(start, start + int(rng.integers(60, 140)), 9):
        high = int(rng.integers(5, 9))
        picture[(top + board) // 2 - high : (top + board) // 2 + 5, place : place + 6] = letter
    picture[board:] = np.clip(paint * 0.7, 0, 255)
    panes = int(rng.integers(3, 6))
    step = _SIZE // panes
    door = int(rng.integers(panes))
    for pane in range(panes):
        left, right = pane * step + 5, (pane + 1) * step - 5
        bottom = _SIZE - (6 if pane == door else 22)
        glow = rng.uniform(35, 95)
        shape = (bottom - board) // 8 + 1, (right - left) // 8 + 1
        inside = rng.normal(glow, 16, (*shape, 1)) + rng.normal(0, 5, (*shape, 3))
        wares = cv2.resize(inside.astype(np.float32), (right - left, bottom - board - 4))
        picture[board + 4 : bottom, left:right] = np.clip(wares, 12, 255)


def _house_door(
    picture: np.ndarray, rng: np.random.Generator, top: int, bays: int, frame: np.ndarray
) -> None:
    bay = _SIZE / bays
    deep = _SIZE - top
    door = int(rng.integers(bays))
    for column in range(bays):
        left = round((column + 0.2) * bay)
        if column == door:
            paint = _PAINTS[rng.integers(len(_PAINTS))]
            right = left + round(min(0.6 * bay, 34))
            head = top + round(0.22 * deep)
            cv2.rectangle(picture, (left - 4, head - 4), (right + 4, _SIZE), _tone(frame), -1)
            cv2.rectangle(picture, (left, head + 10), (right, _SIZE - 3), paint, -1)
        else:
            box = (left, top + round(0.24 * deep), round(0.6 * bay), round(0.46 * deep))
            _window(picture, rng, box, frame)


@lru_cache(maxsize=512)
def gable(variant: int, columns: int = _SIZE, rows: int = _SIZE) -> np.ndarray:
    """Return the side wall (rows, columns, 3) of the house whose front is ``variant``."""
    if (columns, rows) != (_SIZE, _SIZE):
        return cv2.resize(gable(variant), (columns, rows), interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng((11, variant))
    wall = np.asarray(_WALLS[rng.integers(len(_WALLS))]) * rng.uniform(0.85, 1.1)
    picture = masonry(rng, wall)
    for _ in range(int(rng.integers(0, 4))):
        left, top = rng.integers(20, 200, size=2).tolist()
        _window(picture, rng, (left, top, 30, 40), np.full(3, 205.0))
    return picture


@lru_cache(maxsize=256)
def fence(variant: int, columns: int = _SIZE, rows: int = 64) -> np.ndarray:
    """Return a fence (rows, columns, 3): boards, pickets or dark railings with hedge behind."""
    if (columns, rows) != (_SIZE, 64):
        return cv2.resize(fence(variant), (columns, rows), interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng((13, variant))
    tone = np.asarray(((126, 98, 70), (98, 84, 70), (196, 194, 186), (52, 56, 54))[variant % 4])
    behind = rng.normal((58, 66, 46), 14, (64, _SIZE, 3))
    picture = np.clip(behind, 0, 255).astype(np.uint8)
    step, board = ((8, 7), (10, 9), (11, 7), (8, 3))[variant % 4]
    for left in range(0, _SIZE, step):
        picture[:, left : left + board] = np.clip(tone * rng.uniform(0.85, 1.12), 0, 255)
    for rail in (6, 48):
        picture[rail : rail + 5] = np.clip(tone * 0.8, 0, 255)
    for post in range(0, _SIZE, 64):
        picture[:, post : post + 6] = np.clip(tone * 0.65, 0, 255)
    return picture


@lru_cache(maxsize=2)
def asphalt() -> np.ndarray:
    """Return road noise (512, 512) around 128 that repeats seamlessly: grain, patches, tracks."""
    rng = np.random.default_rng(19)
    grain = rng.normal(0, 10, (512, 512)).astype(np.float32)
    patches = _wrapped_blur(rng.normal(0, 1, (512, 512)).astype(np.float32), 24)
    streaks = _wrapped_blur(rng.normal(0, 1, (512, 512)).astype(np.float32), 3)
    tone = 128 + grain + 9 * patches / patches.std() + 5 * streaks / streaks.std()
    return np.asarray(np.clip(tone, 0, 255), np.uint8)


@lru_cache(maxsize=2)
def flagstones() -> np.ndarray:
    """Return paving (512, 512) around 128 that repeats seamlessly: slabs with dark joints."""
    rng = np.random.default_rng(23)
    slabs = rng.normal(0, 7, (16, 16)).astype(np.float32)
    tone = 128 + cv2.resize(slabs, (512, 512), interpolation=cv2.INTER_NEAREST)
    tone = tone + rng.normal(0, 6, (512, 512))
    tone[::32] -= 34
    tone[1::32] -= 20
    tone[:, ::32] -= 30
    return np.clip(tone, 0, 255).astype(np.uint8)


def _wrapped_blur(field: np.ndarray, sigma_px: float) -> np.ndarray:
    tiled = np.tile(field, (3, 3))
    side = len(field)
    return cv2.GaussianBlur(tiled, (0, 0), sigma_px)[side : 2 * side, side : 2 * side]


def _tone(color: np.ndarray) -> tuple[float, ...]:
    return tuple(np.clip(color, 0, 255).tolist())
