"""The thread that uses the engine: takes the newest frames, labels them, publishes."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import rclpy

from csrnet_ros.errors import DeviceError, ImageError
from csrnet_ros.inference import Segmentation
from csrnet_ros.inference.images import Image, check_image
from csrnet_ros.inference.timing import CpuClock
from csrnet_ros.node.camera import Arrival, Camera
from csrnet_ros.node.faults import NoEngineError
from csrnet_ros.node.outputs import output_of
from csrnet_ros.node.serving_engine import ServingEngine
from csrnet_ros.node.statistics import JUMP_S
from csrnet_ros.node.suspects import Suspects
from csrnet_ros.node.told_faults import ToldFaults


@dataclass(frozen=True, slots=True)
class Turn:
    """One frame on its way through the worker.

    :param image: what the engine takes
    :param wanted: the topics that someone subscribed to when the turn began
    """

    camera: Camera
    arrival: Arrival
    image: Image
    wanted: frozenset[str]
    clock: CpuClock


class Worker:
    """Serves cameras in rounds on one thread, each round with the newest frame of all of them.

    :param cameras: served one frame each before any of them gets a second, as one batch where
        their sizes are the same
    :param arrived: the condition that the cameras' slots notify
    :param now_s: the node's clock, in seconds
    :param simulated: whether that clock runs at a speed of its own, as in a replay
    """

    def __init__(
        self,
        engine: ServingEngine,
        *,
        cameras: Sequence[Camera],
        arrived: threading.Condition,
        now_s: Callable[[], float],
        simulated: Callable[[], bool],
    ) -> None:
        self.overlay_opacity = 0.5
        self._engine = engine
        self._cameras = cameras
        self._arrived = arrived
        self._now_s = now_s
        self._simulated = simulated
        self._suspects = Suspects()
        self._told_faults = ToldFaults()
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
        while waiting := self._next():
            turns: list[Turn] = []
            for camera, arrival in waiting:
                with self._survived(camera):
                    turns.extend(self._begin(camera, arrival))
            parted = [self._suspects.part(turn.camera.name) for turn in turns]
            if together := [turn for turn, part in zip(turns, parted, strict=True) if not part]:
                self._serve(together)
            for turn, part in zip(turns, parted, strict=True):
                if part:
                    self._serve([turn])

    def _next(self) -> list[tuple[Camera, Arrival]]:
        """Wait for frames; return the newest of each camera, none when it is time to stop."""
        with self._arrived:
            while not self._stopping:
                newest = [(camera, camera.slot.take()) for camera in self._cameras]
                if waiting := [(camera, one) for camera, one in newest if one is not None]:
                    return waiting
                self._arrived.wait()
        return []

    def _begin(self, camera: Camera, arrival: Arrival) -> list[Turn]:
        """Return the turn of a frame, if someone wants it."""
        wanted = camera.outputs.wanted()
        if not wanted:
            camera.statistics.drop(self._now_s(), 'unwatched')
            return []
        if len(self._cameras) > 1 and self._suspects.hold(camera.name):
            raise DeviceError('the engine fails at its images; held back for the others')
        clock, transport = CpuClock(), camera.transport
        read = transport.read_raw if self._engine.takes_raw else transport.read
        with clock.stage('convert'):
            image = read(arrival.frame)
        check_image(image)
        return [Turn(camera, arrival, image, wanted, clock)]

    def _serve(self, turns: Sequence[Turn]) -> None:
        """Label frames and publish; one by one if the engine fails at them together."""
        names = [turn.camera.name for turn in turns]
        try:
            segmentations = self._label(turns)
        except Exception as error:
            if not isinstance(error, (ImageError, NoEngineError)):
                self._suspects.accuse(names)
                if len(turns) > 1:
                    for turn in turns:
                        self._serve([turn])
                    return
            self._skip([turn.camera for turn in turns], error)
            return
        self._suspects.acquit(names)
        for turn, segmentation in zip(turns, segmentations, strict=True):
            with self._survived(turn.camera):
                self._publish(turn, segmentation)

    def _label(self, turns: Sequence[Turn]) -> list[Segmentation]:
        """Label the images of all turns, one size at once, with what any of them wants."""
        wanted = {output_of(topic) for turn in turns for topic in turn.wanted}
        return self._engine.segment_batch(
            [turn.image for turn in turns],
            color='color' in wanted,
            overlay='overlay' in wanted,
            confidence='confidence' in wanted,
            overlay_opacity=self.overlay_opacity,
        )

    def _publish(self, turn: Turn, segmentation: Segmentation) -> None:
        header = turn.arrival.frame.header
        times_ms = turn.clock.times_ms() | segmentation.stage_times_ms
        with turn.clock.stage('publish'):
            turn.camera.outputs.publish(segmentation, header, wanted=turn.wanted)
        engine_ms = sum(segmentation.stage_times_ms.values())
        times_ms |= turn.clock.times_ms() | self._ages_ms(turn.arrival, engine_ms=engine_ms)
        camera = turn.camera
        received, published = camera.statistics.counts()
        camera.timings.publish(header, times_ms, received=received, published=published + 1)
        # Last, so that a frame that fails on the way is counted as that alone.
        camera.statistics.publish(self._now_s(), times_ms)

    def _ages_ms(self, arrival: Arrival, *, engine_ms: float) -> dict[str, float]:
        """Return the time since the frame was taken, and what the engine did not need of it.

        Nothing is known if the frame's stamp was never set, or if the clock has jumped back since
        the frame arrived. The engine's time is real, and cannot be taken from a simulated one.
        """
        stamp, now_s = arrival.frame.header.stamp, self._now_s()
        stamp_s = stamp.sec + 1e-9 * stamp.nanosec
        if not stamp_s or now_s < arrival.at_s - JUMP_S:
            return {}
        age_ms = 1e3 * (now_s - stamp_s)
        if self._simulated():
            return {'stamp to publish': age_ms}
        return {'stamp to publish': age_ms, 'beside the engine': age_ms - engine_ms}

    @contextmanager
    def _survived(self, camera: Camera) -> Iterator[None]:
        """Count and log what fails in this context: no frame may end the thread."""
        try:
            yield
        except Exception as error:
            self._skip([camera], error)

    def _skip(self, cameras: Sequence[Camera], error: Exception) -> None:
        reason, why = 'failed', f'{type(error).__name__}: {error}'
        if isinstance(error, ImageError):
            reason, why = 'unreadable', str(error)
        for camera in cameras:
            camera.statistics.drop(self._now_s(), reason)
            # Without ROS it is the end of the process that got in the way.
            if rclpy.ok() and self._told_faults.is_news(camera.name, error):
                camera.logger.error(f'frame of {camera.topic} skipped: {why}')
