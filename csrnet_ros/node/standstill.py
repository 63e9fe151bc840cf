"""Whether the node's clock moves: a simulated one stands while no replay runs, or it pauses."""

import time


class Standstill:
    """Measures for how long a clock has shown the same time."""

    def __init__(self) -> None:
        self._seen_s: float | None = None
        self._since_s = 0.0

    def lasts_s(self, now_s: float) -> float:
        """Return the seconds of real time since the clock was first seen at ``now_s``."""
        real_s = time.monotonic()
        if now_s != self._seen_s:
            self._seen_s, self._since_s = now_s, real_s
        return real_s - self._since_s
