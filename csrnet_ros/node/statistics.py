"""What one camera's frames went through: counts, rates and times over the last seconds."""

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from csrnet_ros.node.standstill import Standstill

WINDOW_S = 10.0
"""How far back rates and times look."""

DROP_REASONS = ('overwritten', 'limited', 'disabled', 'unwatched', 'unreadable', 'failed')
"""Why a frame was not published: a newer one came before its turn; the rate limit; ``enable`` is
false or the node was deactivated; nobody subscribes to an output; its message cannot be read;
anything else went wrong, or the engine fails at its camera's images and it was held back."""


JUMP_S = 0.1
"""The clock jumped back, as it does when a bag loops, if it shows so much less than before; by
less than that, threads that read it at the same time may differ."""

STILL_S = 1.0
"""A clock that shows the same time for so long stands still. What happens then would pile up in
the windows, and is only counted."""


class Window:
    """Values of the last ``WINDOW_S`` seconds."""

    def __init__(self) -> None:
        self._entries: deque[tuple[float, float]] = deque()

    def add(self, now_s: float, value: float = 1.0) -> None:
        """Remember ``value`` at the time ``now_s``."""
        self._forget(now_s)
        self._entries.append((now_s, value))

    def values(self, now_s: float) -> list[float]:
        """Return the values that lie at most ``WINDOW_S`` before ``now_s``."""
        self._forget(now_s)
        return [value for _, value in self._entries]

    def _forget(self, now_s: float) -> None:
        while self._entries and self._entries[0][0] < now_s - WINDOW_S:
            self._entries.popleft()


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, 95th percentile and maximum of one stage's times, in milliseconds."""

    p50_ms: float
    p95_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class CameraReport:
    """What happened to one camera's frames.

    :param received: frames that arrived since the node was configured
    :param published: frames of them whose outputs were published
    :param drops: frames of them that were not, by reason, every reason named
    :param lost: frames that were sent and never arrived, as far as the middleware noticed
    :param rate_in_hz: frames that arrived per second, over the window
    :param rate_out_hz: frames that were published per second, over the window
    :param drop_rates_hz: frames that were dropped per second, by reason, over the window
    :param lost_rate_hz: frames that were lost per second, over the window
    :param silent_s: seconds since the last frame, or since the start if none came yet
    :param stages: times by stage, over the window; empty if nothing was published
    """

    received: int
    published: int
    drops: Mapping[str, int]
    lost: int
    rate_in_hz: float
    rate_out_hz: float
    drop_rates_hz: Mapping[str, float]
    lost_rate_hz: float
    silent_s: float
    stages: Mapping[str, Spread]

    @property
    def dropped(self) -> int:
        """Frames that arrived and were not published, for whichever reason."""
        return sum(self.drops.values())

    @property
    def fault_rate_hz(self) -> float:
        """Frames per second that could not be labelled."""
        return self.drop_rates_hz['unreadable'] + self.drop_rates_hz['failed']

    @property
    def served_hz(self) -> float:
        """Frames per second that were published, or that nobody wanted."""
        unwanted_hz = self.drop_rates_hz['unwatched'] + self.drop_rates_hz['disabled']
        return self.rate_out_hz + unwanted_hz

    @property
    def overwritten_share(self) -> float:
        """Share of the frames that arrived before whose turn a newer one came, 0 to 1."""
        return self.drop_rates_hz['overwritten'] / max(self.rate_in_hz, 1e-9)

    @property
    def lost_share(self) -> float:
        """Share of the frames that were sent which never arrived, 0 to 1."""
        return self.lost_rate_hz / max(self.rate_in_hz + self.lost_rate_hz, 1e-9)


class CameraStatistics:
    """Counts and times of one camera's frames, kept by any thread.

    Times are seconds of the node's clock, so that a replay at any speed gives right rates; while
    it stands still, they are those of its last moment.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = self._published = self._lost = 0
        self._drops: Counter[str] = Counter()
        self._standstill = Standstill()
        self.start(0.0)

    def start(self, now_s: float) -> None:
        """Begin the windows and the silence at ``now_s``; the totals stay."""
        with self._lock:
            self._begin(now_s)

    def receive(self, now_s: float) -> None:
        """Count a frame that arrived."""
        with self._at(now_s):
            self._received += 1
            self._heard_s = now_s
            self._note(self._arrivals, now_s)

    def lose(self, now_s: float, frames: int) -> None:
        """Count frames that were sent and never arrive."""
        with self._at(now_s):
            self._lost += frames
            self._note(self._losses, now_s, frames)

    def drop(self, now_s: float, reason: str) -> None:
        """Count a frame that will not be published, for one of ``DROP_REASONS``."""
        with self._at(now_s):
            self._drops[reason] += 1
            self._note(self._recent_drops[reason], now_s)

    def publish(self, now_s: float, times_ms: Mapping[str, float]) -> None:
        """Count a frame that was published and what each of its stages took."""
        with self._at(now_s):
            self._published += 1
            self._note(self._departures, now_s)
            for stage, time_ms in times_ms.items():
                self._note(self._stages.setdefault(stage, Window()), now_s, time_ms)

    def counts(self) -> tuple[int, int]:
        """Return how many frames were received and how many published."""
        with self._lock:
            return self._received, self._published

    def report(self, now_s: float) -> CameraReport:
        """Return the state of affairs at ``now_s``."""
        with self._at(now_s):
            span_s = min(max(now_s - self._started_s, 1.0), WINDOW_S)
            return CameraReport(
                received=self._received,
                published=self._published,
                drops={reason: self._drops[reason] for reason in DROP_REASONS},
                lost=self._lost,
                rate_in_hz=len(self._arrivals.values(now_s)) / span_s,
                rate_out_hz=len(self._departures.values(now_s)) / span_s,
                drop_rates_hz={
                    reason: len(window.values(now_s)) / span_s
                    for reason, window in self._recent_drops.items()
                },
                lost_rate_hz=sum(self._losses.values(now_s)) / span_s,
                silent_s=max(now_s - self._heard_s, 0.0),
                stages=self._spreads(now_s),
            )

    def _begin(self, now_s: float) -> None:
        self._arrivals, self._departures, self._losses = Window(), Window(), Window()
        self._recent_drops = {reason: Window() for reason in DROP_REASONS}
        self._stages: dict[str, Window] = {}
        self._started_s = self._heard_s = self._latest_s = now_s

    def _note(self, window: Window, now_s: float, value: float = 1.0) -> None:
        if self._standstill.lasts_s(now_s) < STILL_S:
            window.add(now_s, value)

    @contextmanager
    def _at(self, now_s: float) -> Iterator[None]:
        """Hold the lock; begin anew if the clock jumped back, or runs only now.

        A simulated clock stands at 0 until the first time is published.
        """
        with self._lock:
            if now_s < self._latest_s - JUMP_S or self._latest_s == 0.0:
                self._begin(now_s)
            self._latest_s = max(now_s, self._latest_s)
            yield

    def _spreads(self, now_s: float) -> dict[str, Spread]:
        times_ms = {stage: window.values(now_s) for stage, window in self._stages.items()}
        return {
            stage: Spread(*np.percentile(values, (50, 95, 100)).tolist())
            for stage, values in times_ms.items()
            if values
        }
