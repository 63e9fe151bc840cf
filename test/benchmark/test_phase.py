"""What became of frames, on times that can be counted by hand."""

import pytest

from csrnet_ros.benchmark.phase import Phase, stage_medians_ms

MS = 10**6

BEGUN_NS = 1_764_374_400_123_456_789
"""By the system's clock; a float can tell only every 256th nanosecond there."""


def phase(received_ms, *, rate_hz=10.0, sent_ms=(0, 100, 200, 300)):
    return Phase(
        rate_hz=rate_hz,
        stamps_ns=[BEGUN_NS + time * MS for time in sent_ms],
        received_ns={
            BEGUN_NS + stamp * MS: BEGUN_NS + time * MS for stamp, time in received_ms.items()
        },
        cores=0.5,
        memory_mib=100.0,
    )


def test_drops_latencies_and_jitter():
    frames = phase({0: 30, 100: 120, 300: 340})
    figures = frames.figures()
    assert (figures['frames'], figures['dropped']) == (4, 1)
    assert figures['rate_hz'] == pytest.approx(10, rel=1e-12)
    assert figures['latency_ms'] == {'p50': 30, 'p95': pytest.approx(39), 'max': 40}
    # Between labels lie 90 and 220 ms.
    assert figures['jitter_ms'] == pytest.approx(65)
    assert frames.failed_share == 0.25
    assert frames.most_hz == pytest.approx(1e3 / 30)


def test_a_camera_that_is_too_slow_proves_nothing_of_the_node():
    assert phase({0: 1, 100: 101, 200: 201, 300: 301}, rate_hz=20.0).failed_share == 1


def test_one_frame_alone():
    frames = phase({0: 20}, rate_hz=1.0, sent_ms=(0,))
    assert frames.sent_hz == 1
    assert frames.jitter_ms() == 0
    assert frames.failed_share == 0


def test_stages_are_read_from_diagnostics():
    values = {'network p50 (ms)': '12.50', 'network p95 (ms)': '20.00', 'variant': 'light'}
    assert stage_medians_ms(values) == {'network': 12.5}
