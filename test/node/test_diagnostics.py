"""What the node says of its health, without a topic."""

from dataclasses import replace

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.node.diagnostics import camera_values, engine_values, judge_camera, make_status
from csrnet_ros.node.parameters import CameraSettings
from csrnet_ros.node.statistics import DROP_REASONS, CameraReport, Spread

NO_DROPS = dict.fromkeys(DROP_REASONS, 0)
HEALTHY = CameraReport(
    received=100,
    published=90,
    drops=NO_DROPS | {'overwritten': 7, 'limited': 3},
    rate_in_hz=30.0,
    rate_out_hz=27.0,
    drop_rates_hz=NO_DROPS,
    lost=4,
    lost_rate_hz=0.0,
    silent_s=0.03,
    stages={
        'network': Spread(4.0, 5.5, 9.25),
        'stamp to publish': Spread(20.0, 30.0, 200.0),
    },
)
OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


MOVING = {'enabled': True, 'still_s': 0.0}


@pytest.mark.parametrize(
    ('change', 'drop_rates_hz', 'level', 'message'),
    [
        ({}, {}, OK, '27.0 frames/s labelled'),
        ({}, {'overwritten': 10.0}, OK, '27.0 frames/s labelled'),
        ({}, {'overwritten': 24.0}, WARN, '80 % of the frames overwritten'),
        ({}, {'limited': 24.0}, OK, '27.0 frames/s labelled'),
        ({}, {'unreadable': 0.1}, WARN, 'some frames could not be labelled'),
        ({}, {'failed': 0.1, 'overwritten': 24.0}, WARN, 'some frames could not be labelled'),
        ({'rate_out_hz': 0.0}, {'unreadable': 30.0}, ERROR, 'no frame could be labelled'),
        ({'rate_out_hz': 0.0}, {'unwatched': 30.0}, OK, 'nobody subscribes'),
        ({'silent_s': 2.5}, {}, ERROR, 'no image on /front for 2.5 s'),
        ({'lost_rate_hz': 3.0}, {}, OK, '27.0 frames/s labelled'),
        ({'lost_rate_hz': 7.5}, {'overwritten': 24.0}, WARN, '20 % of the frames lost on the way'),
        (
            {'rate_in_hz': 0.0, 'rate_out_hz': 0.0, 'silent_s': 2.5, 'lost_rate_hz': 30.0},
            {},
            ERROR,
            'no image on /front for 2.5 s: 100 % of the frames lost on the way',
        ),
        ({'silent_s': 2.5}, {'failed': 1.0}, ERROR, 'no image on /front for 2.5 s'),
    ],
)
def test_the_worst_thing_gives_level_and_message(
    change: dict, drop_rates_hz: dict, level: bytes, message: str
) -> None:
    report = replace(HEALTHY, **change, drop_rates_hz=NO_DROPS | drop_rates_hz)
    verdict = judge_camera(report, topic='/front', bounds=CameraSettings(), **MOVING)
    assert verdict[0] == level
    assert message in verdict[1]


def test_a_clock_that_stands_still_is_said_before_what_it_hides() -> None:
    case = {'topic': '/front', 'bounds': CameraSettings(silence_error_s=3.0), 'enabled': True}
    for report in (HEALTHY, replace(HEALTHY, rate_out_hz=0.0)):
        level, message = judge_camera(report, still_s=3.5, **case)
        assert level == WARN
        assert message == '/clock has stood still for 4 s: no replay, or a paused one'
    assert judge_camera(HEALTHY, still_s=2.5, **case)[0] == OK


def test_a_disabled_camera_is_no_fault_but_a_silent_one_is() -> None:
    report = replace(HEALTHY, rate_out_hz=0.0, drop_rates_hz=NO_DROPS | {'disabled': 30.0})
    case = {'topic': '/front', 'bounds': CameraSettings(), 'enabled': False, 'still_s': 0.0}
    assert judge_camera(report, **case)[0] == OK
    assert judge_camera(replace(report, silent_s=5.0), **case)[0] == ERROR


@pytest.mark.parametrize(
    ('bounds', 'level', 'message'),
    [
        ({'silence_error_s': 0.1}, OK, '27.0 frames/s labelled'),
        ({'rate_warn_hz': 27.5}, WARN, 'only 27.0 frames/s labelled'),
        ({'rate_warn_hz': 26.5}, OK, '27.0 frames/s labelled'),
        ({'latency_warn_ms': 29.0}, WARN, '30 ms from stamp to publication'),
        ({'latency_warn_ms': 31.0}, OK, '27.0 frames/s labelled'),
        ({'latency_error_ms': 19.0}, ERROR, '20 ms from stamp to publication'),
        ({'latency_error_ms': 21.0}, OK, '27.0 frames/s labelled'),
        ({'lost_warn': 0.02}, WARN, '3 % of the frames lost on the way'),
        ({'overwritten_warn': 0.2}, WARN, '22 % of the frames overwritten'),
        ({'overwritten_warn': 1.0, 'latency_warn_ms': 29.0}, WARN, '30 ms from stamp'),
    ],
)
def test_the_bounds_are_parameters(bounds: dict, level: bytes, message: str) -> None:
    drop_rates_hz = NO_DROPS | {'overwritten': 6.6}
    report = replace(HEALTHY, drop_rates_hz=drop_rates_hz, lost_rate_hz=0.9)
    verdict = judge_camera(report, topic='/front', bounds=CameraSettings(**bounds), **MOVING)
    assert verdict[0] == level
    assert message in verdict[1]


@pytest.mark.parametrize(
    ('bounds', 'level', 'message'),
    [
        ({}, OK, '27.0 frames/s labelled'),
        ({'latency_warn_ms': 900.0}, WARN, 'stamps 1000 ms in the future at publication'),
        ({'latency_warn_ms': 1100.0}, OK, '27.0 frames/s labelled'),
        ({'latency_error_ms': 1100.0}, ERROR, 'stamps 1200 ms in the future at publication'),
        ({'latency_error_ms': 1300.0}, OK, '27.0 frames/s labelled'),
    ],
)
def test_the_bounds_hold_for_a_camera_whose_clock_is_ahead_too(
    bounds: dict, level: bytes, message: str
) -> None:
    report = replace(HEALTHY, stages={'stamp to publish': Spread(-1200.0, -1000.0, -900.0)})
    verdict = judge_camera(report, topic='/front', bounds=CameraSettings(**bounds), **MOVING)
    assert verdict == (level, message)


@pytest.mark.parametrize('reason', ['unwatched', 'disabled'])
@pytest.mark.parametrize('rate_out_hz', [0.0, 9.0])
def test_a_camera_whose_labels_were_not_wanted_is_not_too_slow(
    reason: str, rate_out_hz: float
) -> None:
    drops_hz = {reason: 30.0 - rate_out_hz}
    report = replace(HEALTHY, rate_out_hz=rate_out_hz, drop_rates_hz=NO_DROPS | drops_hz)
    bounds = CameraSettings(rate_warn_hz=10.0)
    assert judge_camera(report, topic='/front', bounds=bounds, **MOVING)[0] == OK


def test_a_camera_tells_its_frames_rates_and_times() -> None:
    values = camera_values(HEALTHY)
    assert values['frames received'] == '100'
    assert values['frames published'] == '90'
    assert values['frames dropped'] == '10'
    assert values['frames dropped: limited'] == '3'
    assert values['frames lost on the way'] == '4'
    assert (values['rate in (Hz)'], values['rate out (Hz)']) == ('30.00', '27.00')
    network = [values[f'network {what} (ms)'] for what in ('p50', 'p95', 'max')]
    assert network == ['4.00', '5.50', '9.25']


def test_the_engine_tells_what_it_runs_and_where(engine: SegmentationEngine) -> None:
    assert engine_values(engine) == {
        'variant': 'light',
        'classes': 'camvid',
        'device': 'cpu',
        'backend': engine.backend,
        'precision': 'float32',
        'gpu memory (MiB)': 'none',
    }


def test_a_status_carries_the_values_in_order() -> None:
    status = make_status('csrnet: camera', WARN, 'slow', {'b': '1', 'a': '2'}, hardware_id='/x')
    assert (status.name, status.level, status.message) == ('csrnet: camera', WARN, 'slow')
    assert [(pair.key, pair.value) for pair in status.values] == [('b', '1'), ('a', '2')]


def test_labels_that_come_late_are_worse_than_some_that_do_not_come() -> None:
    report = replace(HEALTHY, drop_rates_hz=NO_DROPS | {'failed': 1.0})
    bounds = CameraSettings(latency_error_ms=19.0)
    assert judge_camera(report, topic='/front', bounds=bounds, **MOVING)[0] == ERROR
