"""The highest rate that something keeps up with."""

from collections.abc import Callable

from csrnet_ros.errors import BenchmarkError

MOST_DROPS = 0.05
"""Share of the frames from which on a rate counts as too high."""

PRECISION = 1.05
"""The rate that is found is good, and one that is higher by this factor is not."""

LEAST_HZ = 0.02
"""What keeps up with no rate above this is not at work at all."""


def find_peak_hz(dropped_share: Callable[[float], float], *, start_hz: float) -> float:
    """Return the highest rate at which fewer than ``MOST_DROPS`` of the frames are dropped.

    The rate doubles, or halves, from ``start_hz`` until a good one and a bad one are neighbours;
    then the gap between them is halved until it is narrow.

    :param dropped_share: tries a rate in Hz
    :raises BenchmarkError: if there is none above ``LEAST_HZ``
    """

    def good(rate_hz: float) -> bool:
        return dropped_share(rate_hz) < MOST_DROPS

    low_hz = high_hz = start_hz
    if good(start_hz):
        while good(high_hz := 2 * low_hz):
            low_hz = high_hz
    else:
        while not good(low_hz := high_hz / 2):
            high_hz = low_hz
            if high_hz < LEAST_HZ:
                raise BenchmarkError(f'frames are dropped even at {high_hz:.3f} Hz')
    while high_hz > PRECISION * low_hz:
        middle_hz = (low_hz * high_hz) ** 0.5
        if good(middle_hz):
            low_hz = middle_hz
        else:
            high_hz = middle_hz
    return low_hz
