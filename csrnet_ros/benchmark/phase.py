"""What became of the frames that a camera sent to a node at one rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

KEPT_UP = 0.95
"""A camera that reaches less than this share of the rate asked for could not keep it up."""

Figures = dict[str, object]


@dataclass(frozen=True, slots=True)
class Phase:
    """Frames sent at a steady rate, and their labels.

    :param rate_hz: that was asked for
    :param stamps_ns: when each frame was sent, in order
    :param received_ns: when its label arrived at the listener, by its stamp; dropped frames have
        none
    :param cores: processors that the node kept busy meanwhile, on average
    :param memory_mib: that it held at the end
    """

    rate_hz: float
    stamps_ns: Sequence[int]
    received_ns: Mapping[int, int]
    cores: float
    memory_mib: float

    @property
    def dropped(self) -> int:
        """Frames that got no label."""
        return len(self.stamps_ns) - len(self.received_ns)

    @property
    def sent_hz(self) -> float:
        """The rate that the camera reached; the one asked for if there was only one frame."""
        seconds = 1e-9 * (self.stamps_ns[-1] - self.stamps_ns[0])
        return (len(self.stamps_ns) - 1) / seconds if seconds else self.rate_hz

    @property
    def failed_share(self) -> float:
        """Share of the frames that were dropped; all, if the camera could not keep the rate."""
        if self.sent_hz < KEPT_UP * self.rate_hz:
            return 1.0
        return self.dropped / len(self.stamps_ns)

    def latencies_ms(self) -> list[float]:
        """Return the time of each labelled frame from its stamp to the arrival of its label."""
        return [1e-6 * (received - stamp) for stamp, received in self.received_ns.items()]

    @property
    def most_hz(self) -> float:
        """The rate at which the median latency leaves no time between one frame and the next."""
        return 1e3 / float(np.median(self.latencies_ms()))

    def jitter_ms(self) -> float:
        """Return the standard deviation of the times between one label and the next."""
        if len(self.received_ns) < 3:
            return 0.0
        return float(1e-6 * np.diff(sorted(self.received_ns.values())).std())

    def figures(self) -> Figures:
        """Return what is told of the phase, as JSON values."""
        p50_ms, p95_ms, max_ms = np.percentile(self.latencies_ms(), (50, 95, 100)).tolist()
        return {
            'rate_hz': self.sent_hz,
            'frames': len(self.stamps_ns),
            'dropped': self.dropped,
            'latency_ms': {'p50': p50_ms, 'p95': p95_ms, 'max': max_ms},
            'jitter_ms': self.jitter_ms(),
            'cores': self.cores,
            'memory_mib': self.memory_mib,
        }


def stage_medians_ms(diagnostics: Mapping[str, str]) -> dict[str, float]:
    """Return the median time of every stage that a node tells of in its diagnostics."""
    suffix = ' p50 (ms)'
    return {
        key.removesuffix(suffix): float(value)
        for key, value in diagnostics.items()
        if key.endswith(suffix)
    }
