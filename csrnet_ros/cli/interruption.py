"""SIGTERM and Ctrl-C as a wish that a run can follow at its next good moment."""

import signal
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """While its block runs, a signal is only noted; Ctrl-C after it acts as it would without.

    SIGTERM may come twice for one wish: a batch system sends it to all processes of a job, and
    torchrun passes on its own. Who sends it has SIGKILL for what takes too long.

    ``signal`` is the one that came, or None.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> 'Interruption':
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __bool__(self) -> bool:
        return self.signal is not None

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal = self.signal or signal.Signals(number)
        signal.signal(signal.SIGINT, self._before[signal.SIGINT])
