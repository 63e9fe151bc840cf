"""Cameras at whose images the engine fails: one of them must not silence the others."""

import math
import time
from collections import Counter

from csrnet_ros.node.faults import REBUILD_WINDOW_S

TRIALS = 2
"""So often in a row the engine may fail at a camera's images alone before they are held back."""


class Suspects:
    """Remembers at whose images the engine failed.

    What is held back or kept apart is tried again after ``REBUILD_WINDOW_S``, since each try may
    cost an engine.
    """

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()
        self._failed_s: dict[str, float] = {}
        self._parted_s = -math.inf

    def accuse(self, cameras: list[str]) -> None:
        """Take note that the engine failed at images of ``cameras`` together, or of one alone."""
        now_s = time.monotonic()
        if len(cameras) > 1:
            self._parted_s = now_s
        else:
            self._failures.update(cameras)
            self._failed_s.update(dict.fromkeys(cameras, now_s))

    def acquit(self, cameras: list[str]) -> None:
        """Take note that the engine labelled images of ``cameras``."""
        for camera in cameras:
            self._failures.pop(camera, None)

    def part(self, camera: str) -> bool:
        """Return whether a camera's images are to be labelled by themselves."""
        parted = time.monotonic() - self._parted_s < REBUILD_WINDOW_S
        return parted or self._failures[camera] > 0

    def hold(self, camera: str) -> bool:
        """Return whether a camera's images are to be held back."""
        failed_s = self._failed_s.get(camera, -math.inf)
        recent = time.monotonic() - failed_s < REBUILD_WINDOW_S
        return recent and self._failures[camera] >= TRIALS
