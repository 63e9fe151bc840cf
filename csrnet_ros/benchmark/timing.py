"""Times of things that compete: run in turn, so that what slows the machine slows all alike."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

MOST_TURNS = 50
LEAST_TURNS = 5

REST_S = 0.01
"""Threads of the one before spin for some milliseconds, waiting for more to do."""

T = TypeVar('T')
Watch = Callable[[Iterable[int]], Iterable[int]]


@dataclass(frozen=True, slots=True)
class Summary:
    """Median, first and third quartile, and the least of some times, in milliseconds."""

    median_ms: float
    q1_ms: float
    q3_ms: float
    min_ms: float


def summarise(times_ms: Sequence[float]) -> Summary:
    """Return what is told of ``times_ms``, of which there is at least one."""
    q1_ms, median_ms, q3_ms = np.percentile(times_ms, (25, 50, 75)).tolist()
    return Summary(median_ms, q1_ms, q3_ms, float(min(times_ms)))


def take_turns(
    runners: Sequence[Callable[[], T]], *, seconds: float, watch: Watch = iter
) -> list[list[T]]:
    """Call all runners in turn, over and over; return what each of them gave, turn by turn.

    It ends after ``MOST_TURNS``, or once ``seconds`` for each runner are over, but never before
    ``LEAST_TURNS``.

    :param watch: shows the progress over the turns
    """
    results: list[list[T]] = [[] for _ in runners]
    deadline_s = time.monotonic() + seconds * len(runners)
    for turn in watch(range(MOST_TURNS)):
        if turn >= LEAST_TURNS and time.monotonic() > deadline_s:
            break
        for runner, result in zip(runners, results, strict=True):
            time.sleep(REST_S)
            result.append(runner())
    return results
