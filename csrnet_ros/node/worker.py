"""The thread that owns the engine: takes the newest frames, labels them, publishes."""

import threading
from collections import deque
from collections.abc import Callable, Sequence

import rclpy
from rclpy.impl.rcutils_logger import RcutilsLogger
from sensor_msgs.msg import Image

from csrnet_ros.errors import ImageError
from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.inference.timing import CpuClock
from csrnet_ros.node.camera import Camera
from csrnet_ros.node.messages import image_from_message

LOG_PERIOD_S = 5.0
"""At most so often the log repeats that a frame could not be labelled."""


class Worker:
    """Serves cameras in turn on one thread, always with the newest frame of each.

    :param engine: used by this thread alone between ``start`` and ``stop``
    :param cameras: served one frame each before any of them gets a second
    :param arrived: the condition that the cameras' slots notify
    :param now_s: the node's clock, in seconds
    """

    def __init__(
        self,
        engine: SegmentationEngine,
        *,
        cameras: Sequence[Camera],
        arrived: threading.Condition,
        now_s: Callable[[], float],
        logger: RcutilsLogger,
    ) -> None:
        self.overlay_opacity = 0.5
        self._engine = engine
        self._turns = deque(cameras)
        self._arrived = arrived
        self._now_s = now_s
        self._logger = logger
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name='csrnet-worker')

    def start(self) -> None:
        """Begin to serve the cameras."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the frame at work, if there is one, and end the thread."""
        with self._arrived:
            self._stopping = True
            self._arrived.notify()
        self._thread.join()

    def _run(self) -> None:
        while (turn := self._next()) is not None:
            camera, frame = turn
            try:
                self._serve(camera, frame)
            except ImageError as error:
                self._skip(camera, 'unreadable', str(error))
            except Exception as error:  # one frame must never end the thread
                self._skip(camera, 'failed', f'{type(error).__name__}: {error}')

    def _next(self) -> tuple[Camera, Image] | None:
        """Wait for a frame; return it and its camera, or None when it is time to stop."""
        with self._arrived:
            while not self._stopping:
                for _ in range(len(self._turns)):
                    camera = self._turns[0]
                    self._turns.rotate(-1)
                    if (frame := camera.slot.take()) is not None:
                        return camera, frame
                self._arrived.wait()
        return None

    def _serve(self, camera: Camera, frame: Image) -> None:
        wanted = camera.outputs.wanted()
        if not wanted:
            camera.statistics.drop(self._now_s(), 'unwatched')
            return
        clock = CpuClock()
        with clock.stage('convert'):
            image = image_from_message(frame)
        segmentation = self._engine.segment(
            image,
            color='color' in wanted,
            overlay='overlay' in wanted,
            confidence='confidence' in wanted,
            overlay_opacity=self.overlay_opacity,
        )
        times_ms = clock.times_ms() | segmentation.stage_times_ms
        with clock.stage('publish'):
            camera.outputs.publish(segmentation, frame.header, wanted=wanted)
        engine_ms = sum(segmentation.stage_times_ms.values())
        times_ms |= clock.times_ms() | self._ages_ms(frame, engine_ms=engine_ms)
        camera.statistics.publish(self._now_s(), times_ms)
        received, published = camera.statistics.counts()
        camera.timings.publish(frame.header, times_ms, received=received, published=published)

    def _ages_ms(self, frame: Image, *, engine_ms: float) -> dict[str, float]:
        """Return the time since the frame was taken, and what the engine did not need of it.

        Nothing is known if the frame's stamp was never set.
        """
        stamp_s = frame.header.stamp.sec + 1e-9 * frame.header.stamp.nanosec
        if not stamp_s:
            return {}
        age_ms = 1e3 * (self._now_s() - stamp_s)
        return {'stamp to publish': age_ms, 'beside the engine': age_ms - engine_ms}

    def _skip(self, camera: Camera, reason: str, why: str) -> None:
        camera.statistics.drop(self._now_s(), reason)
        if rclpy.ok():  # else it is the end of the process that got in the way
            self._logger.error(
                f'frame of {camera.topic} skipped: {why}', throttle_duration_sec=LOG_PERIOD_S
            )
