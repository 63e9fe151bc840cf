"""Times of the stages of one frame, on the device that runs them."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import torch


class Clock(Protocol):
    """Measures the stages of one frame."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Measure what runs inside this context."""

    def times_ms(self) -> dict[str, float]:
        """Return the milliseconds of each stage, in the order they ran, and start afresh."""


class CpuClock:
    """Measures stages by the monotonic clock of the host."""

    def __init__(self) -> None:
        self._times_ms: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what runs inside this context."""
        start = time.perf_counter()
        yield
        self._times_ms[name] = 1e3 * (time.perf_counter() - start)

    def times_ms(self) -> dict[str, float]:
        """Return the milliseconds of each stage, in the order they ran, and start afresh."""
        times, self._times_ms = self._times_ms, {}
        return times


class CudaClock:
    """Measures stages by events on the stream that is current inside them.

    A stage begins when its stream comes to it: what that waits for before, another stream or the
    frame before, does not count. What else the device does meanwhile does, as far as it hinders.
    """

    def __init__(self) -> None:
        self._events: dict[str, tuple[torch.cuda.Event, torch.cuda.Event]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what the current stream does inside this context."""
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        yield
        end.record()
        self._events[name] = (start, end)

    def times_ms(self) -> dict[str, float]:
        """Wait for the last stage, return the milliseconds of each, and start afresh."""
        events, self._events = self._events, {}
        for _, end in events.values():
            end.synchronize()
        return {name: start.elapsed_time(end) for name, (start, end) in events.items()}
