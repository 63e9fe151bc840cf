"""The search for the highest rate, on nodes whose limit is known."""

import pytest

from csrnet_ros.benchmark.peak import LEAST_HZ, PRECISION, find_peak_hz
from csrnet_ros.errors import BenchmarkError


@pytest.mark.parametrize('limit_hz', [0.3, 7.0, 30.0, 31.0, 1200.0])
def test_the_limit_is_found(limit_hz):
    tried = []

    def dropped_share(rate_hz):
        tried.append(rate_hz)
        return max(0.0, 1 - limit_hz / rate_hz)

    found_hz = find_peak_hz(dropped_share, start_hz=30.0)
    # 5 % of drops are allowed, which is a rate of 1 / 0.95 of the limit.
    assert limit_hz / 0.95 / PRECISION <= found_hz <= limit_hz / 0.95
    assert found_hz in tried
    assert len(tried) < 20


def test_what_never_keeps_up_is_an_error():
    with pytest.raises(BenchmarkError, match=r'dropped even at 0\.0'):
        find_peak_hz(lambda _: 1.0, start_hz=30 * LEAST_HZ)
