"""Tree crowns with leaves or bare branches, drawn once and kept."""

from functools import lru_cache

import cv2
import numpy as np

_SIZE = 256


@lru_cache(maxsize=256)
def crown(variant: int, leafy: bool, side: int = _SIZE) -> tuple[np.ndarray, ...]:
    """Return a tree's crown as (picture, mask, label mask), each ``side`` pixels high and wide."""
    if side != _SIZE:
        parts = crown(variant, leafy)
        return tuple(
            cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA) for part in parts
        )
    rng = np.random.default_rng((17, variant, leafy))
    return _leaves(rng) if leafy else _branches(rng)


def _leaves(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    picture = np.zeros((_SIZE, _SIZE, 3), np.uint8)
    mask = np.zeros((_SIZE, _SIZE), np.uint8)
    base = np.asarray(((66, 84, 44), (78, 88, 40), (52, 70, 46), (92, 88, 52))[rng.integers(4)])
    picture[:] = np.clip(base * 0.5, 0, 255)
    boughs = rng.uniform((60, 60), (196, 190), (9, 2))
    for dab in range(1000):
        bough = boughs[rng.integers(len(boughs))]
        spread = 44 if dab < 160 else 48
        x, y = np.clip(rng.normal(bough, spread * 0.5), 12, _SIZE - 12).tolist()
        lit = 0.5 + 0.75 * (dab / 1000) * (1.15 - y / _SIZE) + rng.normal(0, 0.08)
        radius = int(rng.uniform(8, 20) if dab < 160 else rng.uniform(2, 6))
        cv2.circle(
            picture, (int(x), int(y)), radius, tuple(np.clip(base * lit, 0, 255).tolist()), -1
        )
        cv2.circle(mask, (int(x), int(y)), radius, 255, -1)
    return picture, mask, mask


def _branches(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    bark = np.asarray((74, 66, 58)) * rng.uniform(0.8, 1.2)
    picture = np.full((_SIZE, _SIZE, 3), np.clip(bark, 0, 255), np.uint8)
    mask = np.zeros((_SIZE, _SIZE), np.uint8)
    tips = [(_SIZE / 2, _SIZE - 1.0, -np.pi / 2, 52.0, 9.0)]
    while tips:
        x, y, turn, length, thick = tips.pop()
        end_x, end_y = x + length * np.cos(turn), y + length * np.sin(turn)
        start, end = (int(x), int(y)), (int(end_x), int(end_y))
        cv2.line(mask, start, end, 255, max(1, round(thick)), cv2.LINE_AA)
        if length > 11:
            for _ in range(3):
                bend = rng.normal(0, 0.5)
                shrink = rng.uniform(0.66, 0.84)
                tips.append((end_x, end_y, turn + bend, length * shrink, thick * 0.62))
    area = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    return picture, mask, area
