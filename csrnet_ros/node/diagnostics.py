"""What the node says of its own health once per second; each status is a plain function."""

import math
from collections.abc import Callable, Mapping, Sequence

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos_overriding_options import QoSOverridingOptions

from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.node.camera import Camera
from csrnet_ros.node.parameters import CameraSettings
from csrnet_ros.node.serving_engine import ServingEngine
from csrnet_ros.node.standstill import Standstill
from csrnet_ros.node.statistics import CameraReport, Spread

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR

PERIOD_S = 1.0

TOPICS = ('/diagnostics', '~/diagnostics')


def judge_camera(
    report: CameraReport,
    *,
    topic: str,
    bounds: CameraSettings,
    enabled: bool,
    still_s: float,
) -> tuple[bytes, str]:
    """Return level and message for a camera that is subscribed to: the first thing that holds.

    :param bounds: its parameters, which say what is too much and too little
    :param still_s: seconds of real time for which the node's clock has not moved
    """
    labelled = f'{report.rate_out_hz:.1f} frames/s labelled'
    lost = f'{100 * report.lost_share:.0f} % of the frames lost on the way'
    overwritten = f'{100 * report.overwritten_share:.0f} % of the frames overwritten'
    silence = f'no image on {topic} for {report.silent_s:.1f} s'
    still = f'/clock has stood still for {still_s:.0f} s: no replay, or a paused one'
    unwatched = report.drop_rates_hz['unwatched'] > 0
    age = report.stages.get('stamp to publish', Spread(0.0, 0.0, 0.0))
    late = abs(age.p50_ms) > (bounds.latency_error_ms or math.inf)
    tardy = abs(age.p95_ms) > (bounds.latency_warn_ms or math.inf)
    checks = (
        (still_s > bounds.silence_error_s, WARN, still),
        (
            report.silent_s > bounds.silence_error_s,
            ERROR,
            f'{silence}: {lost}' if report.lost_share else silence,
        ),
        (
            report.fault_rate_hz and not report.rate_out_hz,
            ERROR,
            'no frame could be labelled; the log says why',
        ),
        (late, ERROR, describe_age(age.p50_ms)),
        (report.fault_rate_hz, WARN, 'some frames could not be labelled; the log says why'),
        (not enabled, OK, 'disabled by the parameter enable'),
        (report.lost_share > bounds.lost_warn, WARN, lost),
        (
            report.overwritten_share > bounds.overwritten_warn,
            WARN,
            f'too slow for the camera: {overwritten}',
        ),
        (unwatched and not report.rate_out_hz, OK, 'idle: nobody subscribes to an output'),
        (tardy, WARN, describe_age(age.p95_ms)),
        (report.served_hz < bounds.rate_warn_hz, WARN, f'only {labelled}'),
        (True, OK, labelled),
    )
    return next((level, message) for holds, level, message in checks if holds)


def describe_age(age_ms: float) -> str:
    """Return in words how old images are when their labels are published."""
    if age_ms < 0:  # the camera's clock is ahead
        return f'stamps {-age_ms:.0f} ms in the future at publication'
    return f'{age_ms:.0f} ms from stamp to publication'


def camera_values(report: CameraReport) -> dict[str, str]:
    """Return what is known of a camera's frames, by key, in the order to be shown."""
    values = {
        'frames received': str(report.received),
        'frames published': str(report.published),
        'frames dropped': str(report.dropped),
    }
    values |= {f'frames dropped: {reason}': str(n) for reason, n in report.drops.items()}
    values['frames lost on the way'] = str(report.lost)
    values['rate in (Hz)'] = f'{report.rate_in_hz:.2f}'
    values['rate out (Hz)'] = f'{report.rate_out_hz:.2f}'
    for stage, spread in report.stages.items():
        values[f'{stage} p50 (ms)'] = f'{spread.p50_ms:.2f}'
        values[f'{stage} p95 (ms)'] = f'{spread.p95_ms:.2f}'
        values[f'{stage} max (ms)'] = f'{spread.max_ms:.2f}'
    return values


def engine_values(engine: SegmentationEngine) -> dict[str, str]:
    """Return what is known of an engine, by key, in the order to be shown."""
    memory_mb = engine.memory_mb()
    return {
        'variant': engine.variant,
        'classes': engine.labels.name,
        'device': str(engine.device),
        'backend': engine.backend,
        'precision': engine.precision,
        'gpu memory (MiB)': 'none' if memory_mb is None else f'{memory_mb:.0f}',
    }


def make_status(
    name: str, level: bytes, message: str, values: Mapping[str, str], *, hardware_id: str
) -> DiagnosticStatus:
    """Return a status as ROS wants it."""
    return DiagnosticStatus(
        name=name,
        level=level,
        message=message,
        hardware_id=hardware_id,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )


class Diagnostics:
    """Publishes the status of the engine and of every camera, once per second.

    The period is one of real time, so that a clock that stands still is reported as well; what is
    reported is measured on the node's clock.

    :param now_s: the node's clock, in seconds
    :param told: called whenever it was published
    """

    def __init__(
        self,
        node: Node,
        engine: ServingEngine,
        cameras: Sequence[Camera],
        *,
        now_s: Callable[[], float],
        told: Callable[[], None],
    ) -> None:
        self._node = node
        # /diagnostics is everyone's: the names of two robots must differ.
        self._name = node.get_fully_qualified_name().lstrip('/')
        self._engine = engine
        self._cameras = cameras
        self._now_s = now_s
        self._told = told
        self._standstill = Standstill()
        overriding = QoSOverridingOptions.with_default_policies()
        self._publishers = [
            node.create_publisher(DiagnosticArray, topic, 1, qos_overriding_options=overriding)
            for topic in TOPICS
        ]
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(PERIOD_S, self._publish, clock=steady)

    def statuses(self) -> list[DiagnosticStatus]:
        """Return the engine's status, then one per camera."""
        now_s = self._now_s()
        still_s = self._standstill.lasts_s(now_s)
        cameras = [self._camera_status(camera, now_s, still_s) for camera in self._cameras]
        return [self._engine_status(), *cameras]

    def close(self) -> None:
        """Publish no more."""
        self._node.destroy_timer(self._timer)
        for publisher in self._publishers:
            self._node.destroy_publisher(publisher)

    def _publish(self) -> None:
        array = DiagnosticArray(status=self.statuses())
        array.header.stamp = self._node.get_clock().now().to_msg()
        for publisher in self._publishers:
            publisher.publish(array)
        self._told()

    def _engine_status(self) -> DiagnosticStatus:
        engine, fault = self._engine.engine, self._engine.fault
        values = {} if engine is None else engine_values(engine)
        values['weights'] = str(self._engine.plan.weights)
        values['rebuilds after a failure'] = str(self._engine.faults.rebuilds)
        return make_status(
            f'{self._name}: engine',
            ERROR if fault else OK,
            fault or 'loaded',
            values,
            hardware_id=values.get('device', ''),
        )

    def _camera_status(self, camera: Camera, now_s: float, still_s: float) -> DiagnosticStatus:
        report = camera.statistics.report(now_s)
        level, message = OK, 'inactive'
        if camera.subscribed:
            level, message = judge_camera(
                report,
                topic=camera.topic,
                bounds=camera.settings,
                enabled=camera.enabled,
                still_s=still_s,
            )
        name = f'{self._name}: camera {camera.name}'.rstrip()
        values = camera_values(report)
        return make_status(name, level, message, values, hardware_id=camera.topic)
