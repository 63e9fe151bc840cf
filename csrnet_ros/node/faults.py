"""The failures of the engine: what is told of them, and how often it may be built anew."""

import time
from dataclasses import dataclass, field

from csrnet_ros.errors import DeviceError

REBUILDS = 3
REBUILD_WINDOW_S = 60.0
"""So often within such a time a failed engine is built anew: one that fails at once every time
must not keep the machine busy, and one that lacked memory for a while shall come back."""

FAULT_S = 10.0
"""So long a fault is told after the engine that failed has a successor."""


class NoEngineError(DeviceError):
    """There is no engine at the moment, whatever the images are."""


@dataclass(slots=True)
class Faults:
    """What is known of the failures of an engine, in this process and in those before it.

    Times are of the monotonic clock, which the processes of a machine share.

    :param rebuilds: engines built after one failed
    :param tries_s: when the last ``REBUILDS`` of them were begun, the oldest first
    :param last: what failed last; empty if nothing did
    :param last_s: when that was, or when there was an engine again
    """

    rebuilds: int = 0
    tries_s: list[float] = field(default_factory=list)
    last: str = ''
    last_s: float = 0.0

    @property
    def rests(self) -> bool:
        """Whether it is too early for another engine."""
        oldest_s = self.tries_s[0] if len(self.tries_s) == REBUILDS else -REBUILD_WINDOW_S
        return time.monotonic() - oldest_s < REBUILD_WINDOW_S

    @property
    def fresh(self) -> bool:
        """Whether the last failure was mended but a moment ago."""
        return bool(self.last) and time.monotonic() - self.last_s < FAULT_S

    def add(self, error: Exception) -> None:
        """Take note that the engine failed."""
        why = str(error) if isinstance(error, DeviceError) else f'{type(error).__name__}: {error}'
        self.last, self.last_s = f'the engine failed: {why}', time.monotonic()

    def begin_rebuild(self) -> None:
        """Take note that another engine is on its way.

        :raises NoEngineError: if it is too early for that
        """
        if self.rests:
            raise NoEngineError(
                f'the engine failed and was built anew {REBUILDS} times within '
                f'{REBUILD_WINDOW_S:.0f} s; it rests until the next try'
            )
        self.tries_s = [*self.tries_s, time.monotonic()][-REBUILDS:]
        self.rebuilds += 1

    def mend(self) -> None:
        """Take note that there is an engine again."""
        self.last_s = time.monotonic()

    def forget(self) -> None:
        """Begin anew, with an engine that someone chose."""
        self.tries_s, self.last = [], ''
