"""What the log has told of frames that cannot be labelled."""

import time
import traceback

LOG_PERIOD_S = 5.0
"""At most so often the log repeats a fault by which a camera's frames cannot be labelled."""


class ToldFaults:
    """Remembers which faults of which camera the log has told of.

    Faults are told apart by the line of code that found them: the words of one have other numbers
    in every frame.
    """

    def __init__(self) -> None:
        self._told_s: dict[tuple[str, str, int], float] = {}

    def is_news(self, camera: str, error: Exception) -> bool:
        """Take note of a fault; return whether the last ``LOG_PERIOD_S`` had nothing of it."""
        *_, (frame, line) = traceback.walk_tb(error.__traceback__)
        fault, now_s = (camera, frame.f_code.co_filename, line), time.monotonic()
        self._told_s = {
            one: told_s for one, told_s in self._told_s.items() if now_s - told_s < LOG_PERIOD_S
        }
        if fault in self._told_s:
            return False
        self._told_s[fault] = now_s
        return True
