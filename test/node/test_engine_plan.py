"""What the node builds its engine from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from csrnet_ros.errors import CheckpointError, DeviceError
from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.model import Checkpoint
from csrnet_ros.node.engine_plan import EnginePlan
from csrnet_ros.node.parameters import NodeSettings


def test_an_engine_is_built_as_the_parameters_say(
    weights: Path, image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('HOME', str(weights.parent))
    settings = NodeSettings(
        weights=f'~/{weights.name}',
        device='cpu',
        backend='torch',
        image_width=96,
        image_height=72,
        working_width=80,
        working_height=64,
    )
    said: list[str] = []
    plan = EnginePlan.read(settings, log=said.append)
    engine = plan.build(log=said.append)
    found = engine.segment(image).labels
    wanted, other = (
        SegmentationEngine.from_checkpoint(weights, device='cpu', backend='torch', working_size=px)
        for px in ((64, 80), None)
    )
    np.testing.assert_array_equal(found, wanted.segment(image).labels)
    assert (found != other.segment(image).labels).any()
    assert (plan.weights, engine.backend) == (weights, 'torch')
    assert said[0] == f'loading {weights}'
    assert 'for images of 96x72 pixels' in said[1]


def test_a_home_that_there_is_not_is_where_no_weights_are() -> None:
    settings = NodeSettings(weights='~a user that there is not/w.safetensors')
    with pytest.raises(CheckpointError, match='~a user .*: no such weights file'):
        EnginePlan.read(settings, log=print)


def test_an_engine_is_asked_for_with_every_parameter_that_is_about_it(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def begin(engine: SegmentationEngine, checkpoint: Checkpoint, **given: Any) -> None:
        asked.update(given)
        raise DeviceError('there are not so many GPUs')

    monkeypatch.setattr(SegmentationEngine, '__init__', begin)
    wanted = {'device': 'cuda:7', 'half': False, 'backend': 'torch', 'threads': 3}
    size = {'working_width': 80, 'working_height': 64}
    plan = EnginePlan.read(NodeSettings(weights=str(weights), **wanted, **size), log=print)
    with pytest.raises(DeviceError):
        plan.build(log=print)
    assert asked == {**wanted, 'working_size': (64, 80)}


def test_an_engine_that_fails_in_its_warm_up_is_closed(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[SegmentationEngine] = []
    close = SegmentationEngine.close
    monkeypatch.setattr(
        SegmentationEngine, 'close', lambda engine: (closed.append(engine), close(engine))
    )

    def warm_up(engine: SegmentationEngine, *size_px: int, frames: int) -> None:
        raise DeviceError('out of memory')

    monkeypatch.setattr(SegmentationEngine, 'warm_up', warm_up)
    settings = NodeSettings(weights=str(weights), device='cpu', backend='torch')
    plan = EnginePlan.read(settings, log=print)
    with pytest.raises(DeviceError):
        plan.build(log=print)
    assert len(closed) == 1
