"""The worker between two cameras on real topics, within this process."""

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from csrnet_ros.inference import Segmentation, SegmentationEngine
from csrnet_ros.node.camera import Camera
from csrnet_ros.node.worker import Worker

TIMEOUT_S = 60.0


class WatchedEngine(SegmentationEngine):
    """The engine, which also remembers what it was asked for and can be held or made to fail."""

    asked: dict[str, Any] = {}
    held_at: 'queue.Queue[threading.Event] | None' = None
    fault: Exception | None = None

    def segment(self, image: np.ndarray, **asked: Any) -> Segmentation:
        self.asked = asked
        if self.held_at is not None:
            release = threading.Event()
            self.held_at.put(release)
            assert release.wait(TIMEOUT_S)
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        return super().segment(image, **asked)


@pytest.fixture(scope='module')
def watched_engine(weights: Path) -> WatchedEngine:
    """The engine of this module."""
    return WatchedEngine.from_checkpoint(weights, device='cpu')


@pytest.fixture
def at_work(peer, watched_engine: WatchedEngine) -> Iterator[SimpleNamespace]:
    """A running worker with the cameras front and rear, and the engine that it owns."""
    arrived = threading.Condition()
    settings = {'arrived': arrived, 'now_s': lambda: 100.0}
    cameras = [
        Camera(peer.node, name=name, topic=f'/{name}/image', **settings)
        for name in ('front', 'rear')
    ]
    logger = peer.node.get_logger()
    worker = Worker(watched_engine, cameras=cameras, logger=logger, **settings)
    peer.node.trigger_configure()
    peer.node.trigger_activate()
    worker.start()
    yield SimpleNamespace(front=cameras[0], rear=cameras[1], worker=worker, engine=watched_engine)
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


def test_a_slow_network_serves_cameras_in_turn_and_the_newest_first(peer, at_work, image) -> None:
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
    answers = [labels.get(timeout=TIMEOUT_S).header.stamp for _ in range(3)]
    assert answers == [frames[place].header.stamp for place in (0, 4, 3)]
    assert counts(front)['overwritten'] == 2


def test_a_frame_that_fails_is_counted_and_the_next_one_answered(peer, at_work, image) -> None:
    front = at_work.front
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
