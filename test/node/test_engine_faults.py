"""An engine that fails: told, built anew, and not for ever."""

import re
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
from csrnet_ros.node import faults, serving_engine
from csrnet_ros.node.faults import FAULT_S, REBUILD_WINDOW_S, REBUILDS, Faults
from csrnet_ros.node.serving_engine import ServingEngine
from life import ACTIVATE, CLEANUP, CONFIGURE, DEACTIVATE, Life

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
    """A node whose engine can fail, on the CPU unless the test says otherwise, and active."""
    parameters = ('-p', f'device:={getattr(request, "param", "cpu")}', '-p', 'autostart:=false')
    node = start_node(*parameters, command=[sys.executable, str(FAULTY_NODE), str(broken)])
    life = Life(peer)
    assert life.change(CONFIGURE)
    assert life.change(ACTIVATE)
    return SimpleNamespace(
        node=node,
        send=peer.camera(),
        labels=peer.listen('/csrnet/label'),
        diagnostics=peer.listen('/csrnet/diagnostics', DiagnosticArray),
    )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The machine's clock, which the test moves by hand."""
    clock = SimpleNamespace(now_s=100.0, monotonic=lambda: clock.now_s)
    monkeypatch.setattr(faults, 'time', clock)
    return clock


def engine_status(inbox) -> DiagnosticStatus:
    """Return the next status of the engine."""
    return inbox.get(timeout=60).status[0]


def values_of(status: DiagnosticStatus) -> dict[str, str]:
    """Return its values by key."""
    return {pair.key: pair.value for pair in status.values}


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


def test_a_camera_whose_images_the_engine_cannot_take_leaves_the_others_theirs(
    peer, start_node: Callable, broken: Path, image: np.ndarray
) -> None:
    command = [sys.executable, str(FAULTY_NODE), str(broken)]
    node = start_node('-r', '__ns:=/pair', '-p', 'cameras:=[front, rear]', command=command)
    node.wait_for('labelling /pair/rear')
    front, rear = (peer.camera(f'/pair/{name}/image_raw') for name in ('front', 'rear'))
    labels = peer.listen('/pair/csrnet/front/label')
    peer.connect(rear, peer.message(image), peer.listen('/pair/csrnet/rear/label'))
    for _ in range(2 * REBUILDS):
        rear(peer.message(np.full_like(image, 255)))
        peer.ask(front, peer.message(image), labels)
    diagnostics = peer.listen('/pair/csrnet/diagnostics', DiagnosticArray)
    status = diagnostics.get(timeout=60).status
    while status[2].level != DiagnosticStatus.ERROR:
        rear(peer.message(np.full_like(image, 255)))
        peer.ask(front, peer.message(image), labels)
        status = diagnostics.get(timeout=60).status
    node.wait_for('frame of /pair/rear/image_raw skipped: .* held back')
    engine, *cameras = (values_of(one) for one in status)
    assert int(engine[REBUILT]) <= REBUILDS
    assert cameras[0][FAILED] == '0'
    assert int(cameras[1][FAILED]) > 2 * REBUILDS
    for camera in cameras:
        numbers = [int(camera[f'frames {fate}']) for fate in ('received', 'published', 'dropped')]
        assert numbers[0] == numbers[1] + numbers[2]


def test_the_tries_are_bounded_and_other_weights_end_the_rest(
    peer, at_work: SimpleNamespace, image: np.ndarray, broken: Path
) -> None:
    peer.ask(at_work.send, peer.message(image), at_work.labels)
    broken.touch()
    for number in range(1, 2 * REBUILDS + 1):
        at_work.send(peer.message(image))
        values = peer.values_when(at_work.diagnostics, lambda now, n=number: int(now[FAILED]) == n)
    assert values[REBUILT] == str(REBUILDS)
    status = engine_status(at_work.diagnostics)
    assert status.level == DiagnosticStatus.ERROR
    assert 'CUDA error: an illegal memory access' in status.message
    assert not peer.call(Trigger, '/csrnet/reload_weights', tries=1).success
    broken.unlink()
    assert peer.call(Trigger, '/csrnet/reload_weights', tries=1).success
    peer.ask(at_work.send, peer.message(image), at_work.labels)
    life = Life(peer)
    for transition in (DEACTIVATE, CLEANUP, CONFIGURE):
        assert life.change(transition)
    peer.values_when(at_work.diagnostics, lambda now: now[REBUILT] == '0')


@pytest.mark.parametrize(
    'at_work', ['cpu', pytest.param('cuda', marks=pytest.mark.gpu)], indirect=True
)
def test_a_node_that_has_lost_its_device_goes_on_in_a_new_process(
    peer, at_work: SimpleNamespace, image: np.ndarray, broken: Path, other_weights: Path
) -> None:
    assert peer.set_string('weights', str(other_weights))
    assert peer.call(Trigger, '/csrnet/reload_weights', tries=1).success
    before = peer.ask(at_work.send, peer.message(image), at_work.labels)
    assert peer.set_string('weights', '/never/taken/up.safetensors')
    broken.write_text('lost')
    at_work.send(peer.message(image))
    at_work.node.wait_for('a new process takes over')
    broken.unlink()
    while values_of(status := engine_status(at_work.diagnostics))[REBUILT] != '1':
        pass
    assert status.level == DiagnosticStatus.ERROR
    assert 'CUDA' in status.message  # it may be Triton that meets the error first
    assert values_of(status)['weights'] == str(other_weights)
    answer = peer.ask(at_work.send, peer.message(image), at_work.labels)
    np.testing.assert_array_equal(peer.pixels(answer), peer.pixels(before))
    while engine_status(at_work.diagnostics).level != DiagnosticStatus.OK:
        pass
    at_work.node.signal(signal.SIGINT)
    assert at_work.node.end() == 0


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=['SIGINT', 'SIGTERM'])
@pytest.mark.parametrize('built', ['to reload', 'anew'])
def test_a_signal_ends_the_node_whose_next_engine_never_gets_ready(
    peer, at_work: SimpleNamespace, image: np.ndarray, broken: Path, built: str, number: int
) -> None:
    peer.ask(at_work.send, peer.message(image), at_work.labels)
    broken.write_text('stuck')
    if built == 'to reload':
        peer.client(Trigger, '/csrnet/reload_weights').call_async(Trigger.Request())
        at_work.node.wait_for('loading')
    else:
        for _ in range(2):  # at the first the engine fails
            at_work.send(peer.message(image))
            at_work.node.wait_for('frame of .* skipped|building the engine anew')
    at_work.node.wait_for('warming up')
    at_work.node.signal(number)
    assert at_work.node.end() == 0
    said = ''.join(at_work.node.said)
    assert not re.search('Traceback|Warning|rosout', said), said


@pytest.mark.parametrize('autostart', ['true', 'false'])
def test_a_signal_ends_the_node_whose_first_engine_never_gets_ready(
    peer, start_node: Callable, broken: Path, autostart: str
) -> None:
    broken.write_text('stuck')
    command = [sys.executable, str(FAULTY_NODE), str(broken)]
    node = start_node('-p', f'autostart:={autostart}', command=command)
    if autostart == 'false':
        Life(peer).begin(CONFIGURE)
    node.wait_for('warming up')
    node.signal(signal.SIGINT)
    assert node.end() == 0
    said = ''.join(node.said)
    assert not re.search('Traceback|Warning|ERROR|rosout', said), said


def test_new_processes_are_bounded_as_new_engines_are(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_engine, 'is_lost', lambda device: True)
    told = Faults()

    def process() -> ServingEngine:
        engine = SimpleNamespace(device=torch.device('cpu'), close=lambda: None)
        plan = SimpleNamespace(build=lambda log: engine)
        serving = ServingEngine(plan, faults=told, logger=get_logger('test'))
        assert not serving.gives_way()
        for what in (AttributeError, DeviceError):  # it fails; there is no other engine
            with pytest.raises(what):
                serving.segment_batch([])
        return serving

    for _ in range(REBUILDS):
        assert process().gives_way()
    last = process()
    assert not last.gives_way()
    clock.now_s += REBUILD_WINDOW_S
    assert last.gives_way()
    assert told.rebuilds == REBUILDS + 1


@pytest.mark.gpu
def test_a_gpu_that_is_full_for_a_while_is_used_again(weights: Path, image: np.ndarray) -> None:
    def build(log: Callable) -> SegmentationEngine:
        return SegmentationEngine.from_checkpoint(weights, device='cuda')

    plan = SimpleNamespace(build=build)
    serving = ServingEngine(plan, faults=Faults(), logger=get_logger('test'))
    expected = serving.segment_batch([image])[0].labels
    large = np.zeros((4096, 4096, 3), np.uint8)
    torch.cuda.set_per_process_memory_fraction(1e-3)
    try:
        with pytest.raises(DeviceError, match='out of memory'):
            serving.segment_batch([large])
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    np.testing.assert_array_equal(serving.segment_batch([image])[0].labels, expected)
    assert serving.faults.rebuilds == 1
    serving.close()
    torch._C._cuda_clearCublasWorkspaces()  # which PyTorch before 2.15 keeps for each stream
    assert torch.cuda.memory_allocated() == 0


def test_a_fault_is_told_for_a_while_after_the_engine_works_again(
    engine: SegmentationEngine, image: np.ndarray, clock: SimpleNamespace
) -> None:
    def build(log: Callable) -> SimpleNamespace:
        clock.now_s += 2 * FAULT_S  # so long it takes
        return SimpleNamespace(
            segment_batch=engine.segment_batch, device=engine.device, close=lambda: None
        )

    plan = SimpleNamespace(build=build)
    serving = ServingEngine(plan, faults=Faults(), logger=get_logger('test'))
    serving.engine.segment_batch = None
    with pytest.raises(TypeError):
        serving.segment_batch([image])
    assert serving.segment_batch([image])
    assert serving.fault.startswith('the engine failed: TypeError')
    clock.now_s += FAULT_S
    assert serving.fault == ''
