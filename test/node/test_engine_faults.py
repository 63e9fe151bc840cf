"""An engine that fails: told, built anew, and not for ever."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.logging import get_logger
from std_srvs.srv import Trigger

from csrnet_ros.errors import DeviceError
from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.node import serving_engine
from csrnet_ros.node.serving_engine import FAULT_S, REBUILDS, ServingEngine

FAULTY_NODE = Path(__file__).with_name('faulty_node.py')
REBUILT = 'rebuilds after a failure'
FAILED = 'frames dropped: failed'


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A file: while it exists, the engine fails at every image."""
    return tmp_path / 'broken'


@pytest.fixture
def at_work(
    peer, start_node: Callable, broken: Path, request: pytest.FixtureRequest
) -> SimpleNamespace:
    """A node whose engine can fail, on the CPU unless the test says otherwise."""
    device = getattr(request, 'param', 'cpu')
    node = start_node(
        '-p', f'device:={device}', command=[sys.executable, str(FAULTY_NODE), str(broken)]
    )
    node.wait_for('labelling')
    return SimpleNamespace(
        node=node,
        send=peer.camera(),
        labels=peer.listen('/csrnet/label'),
        diagnostics=peer.listen('/csrnet/diagnostics', DiagnosticArray),
    )


def engine_status(inbox) -> DiagnosticStatus:
    """Return the next status of the engine."""
    return inbox.get(timeout=60).status[0]


def test_an_engine_out_of_memory_is_told_and_built_anew(
    peer, at_work: SimpleNamespace, image: np.ndarray
) -> None:
    peer.ask(at_work.send, peer.message(image), at_work.labels)
    at_work.send(peer.message(np.full_like(image, 255)))
    while (status := engine_status(at_work.diagnostics)).level != DiagnosticStatus.ERROR:
        assert status.message == 'loaded'
    assert status.message == 'the engine failed: cuda:0 is out of memory'
    peer.ask(at_work.send, peer.message(image), at_work.labels)
    values = peer.values_when(at_work.diagnostics, lambda now: now[REBUILT] == '1')
    assert values[FAILED] == '1'
    while engine_status(at_work.diagnostics).level != DiagnosticStatus.OK:
        pass


def rest_of(peer, at_work: SimpleNamespace, image: np.ndarray, broken: Path) -> DiagnosticStatus:
    """Let the engine fail until it is built anew no more; return its status then."""
    peer.ask(at_work.send, peer.message(image), at_work.labels)
    broken.touch()
    for number in range(1, 2 * REBUILDS + 1):
        at_work.send(peer.message(image))
        values = peer.values_when(at_work.diagnostics, lambda now, n=number: int(now[FAILED]) == n)
    assert values[REBUILT] == str(REBUILDS)
    status = engine_status(at_work.diagnostics)
    assert status.level == DiagnosticStatus.ERROR
    assert not peer.call(Trigger, '/csrnet/reload_weights', tries=1).success
    return status


def test_the_tries_are_bounded_and_other_weights_end_the_rest(
    peer, at_work: SimpleNamespace, image: np.ndarray, broken: Path
) -> None:
    status = rest_of(peer, at_work, image, broken)
    assert 'CUDA error: an illegal memory access' in status.message
    broken.unlink()
    assert peer.call(Trigger, '/csrnet/reload_weights', tries=1).success
    peer.ask(at_work.send, peer.message(image), at_work.labels)


@pytest.mark.gpu
@pytest.mark.parametrize('at_work', ['cuda'], indirect=True)
def test_a_node_that_has_lost_its_gpu_tells_it_and_ends_well(
    peer, at_work: SimpleNamespace, image: np.ndarray, broken: Path
) -> None:
    assert 'CUDA error' in rest_of(peer, at_work, image, broken).message
    at_work.node.signal(signal.SIGINT)
    assert at_work.node.end() == 0


@pytest.mark.gpu
def test_a_gpu_that_is_full_for_a_while_is_used_again(weights: Path, image: np.ndarray) -> None:
    def build(log: Callable) -> SegmentationEngine:
        return SegmentationEngine.from_checkpoint(weights, device='cuda')

    serving = ServingEngine(SimpleNamespace(build=build), logger=get_logger('test'))
    expected = serving.segment_batch([image])[0].labels
    large = np.zeros((4096, 4096, 3), np.uint8)
    torch.cuda.set_per_process_memory_fraction(1e-3)
    try:
        with pytest.raises(DeviceError, match='out of memory'):
            serving.segment_batch([large])
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    np.testing.assert_array_equal(serving.segment_batch([image])[0].labels, expected)
    assert serving.rebuilds == 1
    serving.close()
    assert torch.cuda.memory_allocated() == 0


def test_a_fault_is_told_for_a_while_after_the_engine_works_again(
    engine: SegmentationEngine, image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [100.0]
    clock = SimpleNamespace(monotonic=lambda: now_s[0])
    monkeypatch.setattr(serving_engine, 'time', clock)

    def build(log: Callable) -> SimpleNamespace:
        now_s[0] += 2 * FAULT_S  # so long it takes
        return SimpleNamespace(segment_batch=engine.segment_batch, close=lambda: None)

    serving = ServingEngine(SimpleNamespace(build=build), logger=get_logger('test'))
    serving.engine.segment_batch = None
    with pytest.raises(TypeError):
        serving.segment_batch([image])
    assert serving.segment_batch([image])
    assert serving.fault.startswith('the engine failed: TypeError')
    now_s[0] += FAULT_S
    assert serving.fault == ''
