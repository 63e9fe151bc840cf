"""The worker between two cameras on real topics, within this process."""

import queue
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rclpy
from builtin_interfaces.msg import Time

from csrnet_ros.inference import Segmentation, SegmentationEngine
from csrnet_ros.node.camera import Camera
from csrnet_ros.node.faults import Faults
from csrnet_ros.node.parameters import CameraSettings
from csrnet_ros.node.serving_engine import ServingEngine
from csrnet_ros.node.told_faults import LOG_PERIOD_S
from csrnet_ros.node.worker import Worker

TIMEOUT_S = 60.0


class WatchedEngine(SegmentationEngine):
    """The engine, which also remembers what it was asked for and can be held or made to fail."""

    asked: dict[str, Any] = {}
    batch = 0
    closed = 0
    held_at: 'queue.Queue[threading.Event] | None' = None
    fault: Exception | None = None

    def segment_batch(self, images: Sequence[np.ndarray], **asked: Any) -> list[Segmentation]:
        self.asked, self.batch = asked, len(images)
        if self.held_at is not None:
            release = threading.Event()
            self.held_at.put(release)
            assert release.wait(TIMEOUT_S)
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        return super().segment_batch(images, **asked)

    def close(self) -> None:
        """Count only: one engine serves all tests of this module."""
        self.closed += 1


@pytest.fixture(scope='module')
def watched_engine(weights: Path) -> WatchedEngine:
    """The engine of this module."""
    return WatchedEngine.from_checkpoint(weights, device='cpu')


@pytest.fixture
def at_work(peer, watched_engine: WatchedEngine) -> Iterator[SimpleNamespace]:
    """A running worker with the cameras front and rear, and the engine that it owns."""
    arrived = threading.Condition()
    clock = SimpleNamespace(now_s=100.0, simulated=False)
    settings = {'arrived': arrived, 'now_s': lambda: clock.now_s}
    cameras = [
        Camera(
            peer.node, name=name, settings=CameraSettings(image_topic=f'/{name}/image'), **settings
        )
        for name in ('front', 'rear')
    ]
    plan = SimpleNamespace(build=lambda log: watched_engine)
    serving = ServingEngine(plan, faults=Faults(), logger=peer.node.get_logger())
    worker = Worker(serving, cameras=cameras, simulated=lambda: clock.simulated, **settings)
    peer.node.trigger_configure()
    peer.node.trigger_activate()
    worker.start()
    yield SimpleNamespace(
        front=cameras[0],
        rear=cameras[1],
        worker=worker,
        engine=watched_engine,
        serving=serving,
        clock=clock,
    )
    worker.stop()
    peer.node.trigger_deactivate()
    peer.node.trigger_cleanup()
    for camera in cameras:
        camera.close()


def counts(camera: Camera) -> dict[str, int]:
    """Return how many frames of a camera were dropped, by reason."""
    return dict(camera.statistics.report(100.0).drops)


def test_an_output_is_asked_for_only_while_someone_listens(peer, at_work, image) -> None:
    front = at_work.front
    assert front.outputs.wanted() == frozenset()
    peer.ask(front.receive, peer.message(image), peer.listen('/peer/front/label'))
    assert front.outputs.wanted() == {'label'}
    wanted = {name: at_work.engine.asked[name] for name in ('color', 'overlay', 'confidence')}
    assert wanted == {'color': False, 'overlay': False, 'confidence': False}

    confidences = peer.listen('/peer/front/confidence')
    peer.ask(front.receive, peer.message(image), confidences)
    assert front.outputs.wanted() == {'label', 'confidence'}
    assert at_work.engine.asked['confidence'] is True
    assert at_work.engine.asked['overlay'] is False
    assert at_work.rear.outputs.wanted() == frozenset()


def test_the_opacity_of_the_moment_reaches_the_engine(peer, at_work, image) -> None:
    overlays = peer.listen('/peer/rear/overlay')
    for opacity in (0.25, 1.0):
        at_work.worker.overlay_opacity = opacity
        peer.ask(at_work.rear.receive, peer.message(image), overlays)
        assert at_work.engine.asked['overlay_opacity'] == opacity


def test_a_slow_network_serves_the_newest_of_all_cameras_at_once(peer, at_work, image) -> None:
    front, rear, engine = at_work.front, at_work.rear, at_work.engine
    labels: queue.Queue = queue.Queue()
    for camera in (front, rear):
        peer.listen(f'/peer/{camera.name}/label', into=labels)
        peer.ask(camera.receive, peer.message(image), labels)
    engine.held_at = queue.Queue()
    frames = [peer.message(image) for _ in range(5)]
    front.receive(frames[0])
    release = engine.held_at.get(timeout=TIMEOUT_S)
    engine.held_at = None
    for frame in frames[1:4]:
        front.receive(frame)
    rear.receive(frames[4])
    release.set()
    answers = [labels.get(timeout=TIMEOUT_S) for _ in range(3)]
    stamps = [answer.header.stamp for answer in answers]
    assert stamps[0] == frames[0].header.stamp
    assert {stamp.sec for stamp in stamps[1:]} == {
        frames[place].header.stamp.sec for place in (3, 4)
    }
    assert engine.batch == 2
    for answer in answers:  # alone or together, a frame gets the same labels
        np.testing.assert_array_equal(peer.pixels(answer), peer.pixels(answers[0]))
    assert counts(front)['overwritten'] == 2


def test_a_frame_that_fails_is_counted_and_the_next_one_answered(peer, at_work, image) -> None:
    front, closed = at_work.front, at_work.engine.closed
    labels = peer.listen('/peer/front/label')
    peer.ask(front.receive, peer.message(image), labels)
    frames = [peer.message(image) for _ in range(2)]
    at_work.engine.held_at = queue.Queue()
    front.receive(frames[0])
    release = at_work.engine.held_at.get(timeout=TIMEOUT_S)
    at_work.engine.held_at = None
    at_work.engine.fault = RuntimeError('the device is on fire')
    front.receive(frames[1])
    release.set()
    assert labels.get(timeout=TIMEOUT_S).header.stamp == frames[1].header.stamp
    assert counts(front)['failed'] == 1
    assert at_work.serving.faults.rebuilds == 1
    assert 'RuntimeError: the device is on fire' in at_work.serving.fault
    assert at_work.engine.closed == closed + 1


def stages(at_work, peer, image, *, jump_to_s: float | None = None) -> set[str]:
    """Label a frame, during which the clock may jump; return the stages that have times."""
    front, engine, labels = at_work.front, at_work.engine, peer.listen('/peer/front/label')
    peer.ask(front.receive, peer.message(image), labels)
    front.statistics.start(at_work.clock.now_s)
    engine.held_at = queue.Queue()
    before = front.statistics.counts()[1]
    front.receive(peer.message(image))
    release = engine.held_at.get(timeout=TIMEOUT_S)
    engine.held_at = None
    at_work.clock.now_s = jump_to_s or at_work.clock.now_s
    release.set()
    labels.get(timeout=TIMEOUT_S)
    at_work.worker.stop()  # not before all of it is counted
    assert front.statistics.counts()[1] == before + 1
    return set(front.statistics.report(at_work.clock.now_s).stages)


def test_a_frame_has_no_age_on_a_clock_that_jumped_back_meanwhile(peer, at_work, image) -> None:
    found = stages(at_work, peer, image, jump_to_s=10.0)
    assert 'network' in found
    assert not found & {'stamp to publish', 'beside the engine'}


def test_a_frame_without_a_stamp_has_no_age(peer, at_work, image) -> None:
    front, labels = at_work.front, peer.listen('/peer/front/label')
    peer.connect(front.receive, peer.message(image), labels)
    unstamped = peer.message(image)
    unstamped.header.stamp = Time()
    front.receive(unstamped)
    while labels.get(timeout=TIMEOUT_S).header != unstamped.header:
        pass
    at_work.worker.stop()
    age = front.statistics.report(at_work.clock.now_s).stages['stamp to publish']
    assert age.max_ms < 1e3 * at_work.clock.now_s, 'not counted from 1970 on'


def test_time_beside_the_engine_is_known_on_a_real_clock_only(peer, at_work, image) -> None:
    at_work.clock.simulated = True
    found = stages(at_work, peer, image)
    assert 'stamp to publish' in found
    assert 'beside the engine' not in found


def test_a_fast_camera_takes_no_frame_from_a_slow_one(peer, at_work, image) -> None:
    front, rear, engine = at_work.front, at_work.rear, at_work.engine
    labels = peer.listen('/peer/rear/label')
    peer.listen('/peer/front/label')
    for camera in (front, rear):
        peer.ask(camera.receive, peer.message(image), peer.listen(f'/peer/{camera.name}/label'))
    frames = [peer.message(image) for _ in range(5)]
    engine.held_at = queue.Queue()
    front.receive(peer.message(image))
    before = counts(rear)
    for frame in frames:  # the fast camera sends three in the time that the network takes for one
        release = engine.held_at.get(timeout=TIMEOUT_S)
        for _ in range(3):
            front.receive(peer.message(image))
        rear.receive(frame)
        release.set()
    release = engine.held_at.get(timeout=TIMEOUT_S)
    engine.held_at = None
    release.set()
    expected = {frame.header.stamp.sec for frame in frames}
    while expected:
        expected.discard(labels.get(timeout=TIMEOUT_S).header.stamp.sec)
    assert counts(rear) == before
    assert counts(front)['overwritten'] >= 2 * len(frames)


def test_a_frame_that_waits_when_its_camera_is_left_is_counted(peer, at_work, image) -> None:
    front, engine = at_work.front, at_work.engine
    peer.connect(front.receive, peer.message(image), peer.listen('/peer/front/label'))
    engine.held_at = queue.Queue()
    front.receive(peer.message(image))
    release = engine.held_at.get(timeout=TIMEOUT_S)
    engine.held_at = None
    front.receive(peer.message(image))
    front.unsubscribe()
    release.set()
    at_work.worker.stop()
    assert counts(front)['disabled'] == 1
    assert counts(front)['overwritten'] == 0


def test_an_unreadable_frame_leaves_the_other_camera_its_own(peer, at_work, image) -> None:
    front, rear, engine = at_work.front, at_work.rear, at_work.engine
    for camera in (front, rear):
        peer.ask(camera.receive, peer.message(image), peer.listen(f'/peer/{camera.name}/label'))
    labels = peer.listen('/peer/rear/label')
    peer.ask(rear.receive, peer.message(image), labels)
    engine.held_at = queue.Queue()
    front.receive(peer.message(image))
    release = engine.held_at.get(timeout=TIMEOUT_S)
    engine.held_at = None
    front.receive(peer.message(image[:32]))
    whole = peer.message(image)
    rear.receive(whole)
    release.set()
    assert labels.get(timeout=TIMEOUT_S).header.stamp == whole.header.stamp
    assert counts(front)['unreadable'] == 1


def test_each_fault_of_a_camera_is_named_but_not_at_every_frame(
    peer, at_work, image, monkeypatch, capfd, request
) -> None:
    rclpy.init()  # without it nothing is logged
    request.addfinalizer(rclpy.try_shutdown)
    clock = SimpleNamespace(now_s=0.0, monotonic=lambda: clock.now_s)
    monkeypatch.setattr('csrnet_ros.node.told_faults.time', clock)
    front, rear, whole = at_work.front, at_work.rear, peer.message(image)
    labels = peer.listen('/peer/front/label')
    peer.connect(rear.receive, whole, peer.listen('/peer/rear/label'))
    peer.connect(front.receive, whole, labels)

    def fail(camera: Camera, **wrong: Any) -> None:
        frame, dropped = peer.message(image), sum(counts(camera).values())
        for name, value in wrong.items():
            setattr(frame, name, value)
        camera.receive(frame)
        peer.until(lambda: sum(counts(camera).values()) == dropped + 1)

    for length in (1, 2):
        fail(front, data=whole.data[:length])
    fail(front, step=3)
    fail(rear, data=whole.data[:3])
    at_work.engine.fault = RuntimeError('the device is on fire')
    fail(front)
    peer.ask(front.receive, peer.message(image), labels)  # the log is behind the counts
    clock.now_s += LOG_PERIOD_S
    fail(front, data=whole.data[:4])
    at_work.worker.stop()
    said = re.findall(r'of (/\w+)/image skipped: (\S+ \w+ \w+)', capfd.readouterr().err)
    assert said == [
        ('/front', 'data holds 1'),
        ('/front', 'step is 3'),
        ('/rear', 'data holds 3'),
        ('/front', 'RuntimeError: the device'),
        ('/front', 'data holds 4'),
    ]


def test_a_frame_is_counted_once_though_its_times_cannot_be_told(
    peer, at_work, image, monkeypatch
) -> None:
    front, tried = at_work.front, queue.Queue()
    labels = peer.listen('/peer/front/label')
    peer.connect(front.receive, peer.message(image), labels)

    def fail(*args: Any, **counts: int) -> None:
        tried.put(counts)
        raise RuntimeError('no times')

    monkeypatch.setattr(front.timings, 'publish', fail)
    for _ in range(2):  # the second is taken up when the first is done with
        front.receive(peer.message(image))
        tried.get(timeout=TIMEOUT_S)
    at_work.worker.stop()
    report = front.statistics.report(100.0)
    assert report.received == report.published + sum(report.drops.values())
