"""One engine takes the place of another, or does not."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rclpy.logging import get_logger

from csrnet_ros.errors import DeviceError
from csrnet_ros.inference import Segmentation, SegmentationEngine
from csrnet_ros.inference.images import Image
from csrnet_ros.node.faults import REBUILDS, Faults
from csrnet_ros.node.serving_engine import ServingEngine


class WatchedEngine(SegmentationEngine):
    """The engine, which can be made to fail, and tells whether it was closed."""

    fault: Exception | None = None
    closed = False

    def segment_batch(self, images: Sequence[Image], **wanted: Any) -> list[Segmentation]:
        if self.fault is not None:
            raise self.fault
        return super().segment_batch(images, **wanted)

    def close(self) -> None:
        """Take note of it."""
        self.closed = True
        super().close()


@pytest.fixture
def old(weights: Path) -> WatchedEngine:
    """The engine that serves first."""
    return WatchedEngine.from_checkpoint(weights, device='cpu', backend='torch')


@pytest.fixture
def new(other_weights: Path) -> WatchedEngine:
    """The engine that shall take its place."""
    return WatchedEngine.from_checkpoint(other_weights, device='cpu', backend='torch')


def plan_of(engine: SegmentationEngine) -> SimpleNamespace:
    """Return a plan of which this engine comes."""
    return SimpleNamespace(build=lambda log: engine)


def serve(engine: SegmentationEngine) -> ServingEngine:
    """Let an engine serve."""
    return ServingEngine(plan_of(engine), faults=Faults(), logger=get_logger('test'))


def test_an_engine_that_fails_at_the_last_image_does_not_take_over(
    old: WatchedEngine, new: WatchedEngine, image: np.ndarray
) -> None:
    serving = serve(old)
    before, labels = serving.plan, serving.segment_batch([image])[0].labels
    new.fault = DeviceError('out of memory')
    with pytest.raises(DeviceError, match='out of memory'):
        serving.replace(plan_of(new))
    assert (old.closed, new.closed) == (False, True)
    assert serving.plan is before
    np.testing.assert_array_equal(serving.segment_batch([image])[0].labels, labels)


def test_an_engine_that_takes_over_is_the_only_one(
    old: WatchedEngine, new: WatchedEngine, image: np.ndarray
) -> None:
    serving, plan = serve(old), plan_of(new)
    serving.replace(plan)
    assert (serving.engine, serving.plan) == (new, plan)
    assert (old.closed, new.closed) == (True, False)
    assert serving.segment_batch([image])


def test_the_faults_of_an_engine_end_with_it(old: WatchedEngine, new: WatchedEngine) -> None:
    serving = serve(old)
    for _ in range(REBUILDS):
        serving.faults.begin_rebuild()
    old.fault = DeviceError('out of memory')
    with pytest.raises(DeviceError):
        serving.segment_batch([])
    assert serving.faults.rests
    assert 'out of memory' in serving.fault
    serving.replace(plan_of(new))
    assert not serving.faults.rests
    assert serving.fault == ''
