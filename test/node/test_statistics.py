"""Counts, rates and times of a camera's frames."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csrnet_ros.node import standstill
from csrnet_ros.node.statistics import DROP_REASONS, WINDOW_S, CameraStatistics, Window


def test_a_window_forgets_what_is_older_than_it_reaches() -> None:
    window = Window()
    for second in range(20):
        window.add(float(second), second)
    assert window.values(19.0) == list(range(19 - int(WINDOW_S), 20))
    assert window.values(19.0 + WINDOW_S) == [19]
    assert window.values(20.0 + WINDOW_S) == []


@given(st.lists(st.sampled_from([*DROP_REASONS, 'published'])))
def test_every_frame_is_published_or_dropped_for_one_reason(fates: list[str]) -> None:
    statistics = CameraStatistics()
    for fate in fates:
        statistics.receive(1.0)
        if fate == 'published':
            statistics.publish(1.0, {})
        else:
            statistics.drop(1.0, fate)
    report = statistics.report(1.0)
    assert report.received == len(fates) == report.published + report.dropped
    assert report.published == fates.count('published')
    assert report.drops == {reason: fates.count(reason) for reason in DROP_REASONS}


def test_rates_are_frames_per_second_of_the_window() -> None:
    statistics = CameraStatistics()
    statistics.start(1000.0)
    for frame in range(90):  # 30 Hz for three seconds; every third is published
        now_s = 1000.0 + frame / 30
        statistics.receive(now_s)
        if frame % 30 == 0:
            statistics.lose(now_s, 2)
        if frame % 3 == 0:
            statistics.publish(now_s, {})
        else:
            statistics.drop(now_s, 'overwritten')
    report = statistics.report(1003.0)
    assert report.rate_in_hz == pytest.approx(30)
    assert (report.lost, report.lost_rate_hz) == (6, pytest.approx(2))
    assert report.rate_out_hz == pytest.approx(10)
    assert report.drop_rates_hz['overwritten'] == pytest.approx(20)
    assert statistics.report(1050.0).rate_in_hz == 0


def receive_at(statistics: CameraStatistics, start_s: float, *, frames: int, rate_hz: float):
    """Let frames arrive evenly, and return what is reported with the last of them."""
    times_s = [start_s + frame / rate_hz for frame in range(frames)]
    for now_s in times_s:
        statistics.receive(now_s)
    return statistics.report(times_s[-1])


def test_a_clock_that_jumps_back_starts_rates_and_silence_anew() -> None:
    statistics = CameraStatistics()
    statistics.start(1000.0)
    receive_at(statistics, 1000.0, frames=300, rate_hz=10.0)
    assert statistics.report(900.0).silent_s == 0.0
    report = receive_at(statistics, 901.0, frames=51, rate_hz=10.0)
    assert report.rate_in_hz == pytest.approx(10.0, rel=0.2)
    assert report.received == 351


def test_a_bag_of_half_a_second_that_loops_does_not_pile_up() -> None:
    statistics = CameraStatistics()
    statistics.start(1000.0)
    for _ in range(50):
        report = receive_at(statistics, 1000.0, frames=6, rate_hz=10.0)
    assert report.rate_in_hz <= 10.0
    assert report.received == 300


def test_a_clock_that_stood_at_zero_starts_rates_and_silence_when_it_runs() -> None:
    statistics = CameraStatistics()
    statistics.start(0.0)
    assert statistics.report(0.0).silent_s == 0.0
    assert statistics.report(1.7e9).silent_s == 0.0
    report = receive_at(statistics, 1.7e9, frames=31, rate_hz=10.0)
    assert report.rate_in_hz == pytest.approx(10.0, rel=0.1)


def test_a_clock_that_stands_still_leaves_what_it_last_showed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = SimpleNamespace(now_s=0.0, monotonic=lambda: real.now_s)
    monkeypatch.setattr(standstill, 'time', real)
    statistics = CameraStatistics()
    statistics.start(1000.0)
    for frame in range(3000):  # 30 Hz for 100 s, and the clock stops after 10 of them
        real.now_s = frame / 30
        now_s = 1000.0 + min(real.now_s, 10.0)
        statistics.receive(now_s)
        statistics.publish(now_s, {'network': 4.0 if real.now_s < 11 else 40.0})
    report = statistics.report(now_s)
    assert (report.received, report.published) == (3000, 3000)
    assert report.rate_in_hz == pytest.approx(30, rel=0.11)
    assert report.rate_out_hz == pytest.approx(30, rel=0.11)
    assert report.stages['network'].max_ms == 4.0
    statistics.receive(now_s + WINDOW_S)
    assert statistics.report(now_s + WINDOW_S).rate_in_hz > 0.1


def test_threads_that_read_the_clock_at_once_lose_no_frames() -> None:
    statistics = CameraStatistics()
    statistics.start(1000.0)
    receive_at(statistics, 1000.0, frames=31, rate_hz=10.0)
    statistics.drop(1002.99, 'overwritten')
    assert statistics.report(1003.0).rate_in_hz == pytest.approx(31 / 3)


def test_stages_have_their_median_percentile_and_maximum() -> None:
    statistics = CameraStatistics()
    for time_ms in range(1, 102):
        statistics.publish(5.0, {'network': time_ms, 'publish': 2.0})
    stages = statistics.report(5.0).stages
    network = stages['network']
    assert (network.p50_ms, network.p95_ms, network.max_ms) == (51, 96, 101)
    assert stages['publish'].max_ms == 2.0
    assert statistics.report(30.0).stages == {}


def test_silence_lasts_since_the_last_frame_and_ends_with_a_new_start() -> None:
    statistics = CameraStatistics()
    statistics.start(10.0)
    assert statistics.report(13.0).silent_s == 3.0
    statistics.receive(14.0)
    assert statistics.report(14.5).silent_s == 0.5
    statistics.start(100.0)
    report = statistics.report(100.0)
    assert (report.silent_s, report.rate_in_hz, report.received) == (0.0, 0.0, 1)
