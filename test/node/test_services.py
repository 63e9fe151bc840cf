"""The node's services, between processes: labelling on and off, other weights without a gap."""

import queue
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import GetParameters
from std_srvs.srv import SetBool, Trigger

from csrnet_ros.inference import SegmentationEngine

RELOAD = '/csrnet/reload_weights'


def test_labelling_is_switched_off_and_on(peer, start_node: Callable, image: np.ndarray) -> None:
    start_node().wait_for('labelling')
    labels, send = peer.listen('/csrnet/label'), peer.camera()
    peer.ask(send, peer.message(image), labels)
    diagnostics = peer.listen('/csrnet/diagnostics', DiagnosticArray)
    for enabled in (False, True):
        response = peer.call(SetBool, '/csrnet/enable', data=enabled)
        assert response.success
        answer = peer.call(GetParameters, '/csrnet/get_parameters', names=['enable'])
        assert answer.values[0].bool_value is enabled
        if not enabled:
            key = 'frames dropped: disabled'
            send(peer.message(image))
            peer.values_when(diagnostics, lambda now, key=key: int(now[key]) == 1)
    peer.ask(send, peer.message(image), labels)


def test_other_weights_are_taken_up_while_the_old_ones_serve(
    peer, start_node: Callable, image: np.ndarray, engine, other_weights: Path
) -> None:
    start_node('-p', 'image_width:=640', '-p', 'image_height:=480').wait_for('labelling')
    labels, send = peer.listen('/csrnet/label'), peer.camera()
    peer.ask(send, peer.message(image), labels)
    assert peer.set_string('weights', str(other_weights))
    outcome: queue.Queue = queue.Queue()
    client = peer.client(Trigger, RELOAD)
    client.call_async(Trigger.Request()).add_done_callback(lambda done: outcome.put(done.result()))
    meanwhile = []
    while outcome.empty():
        meanwhile.append(peer.pixels(peer.ask(send, peer.message(image), labels)))
    np.testing.assert_array_equal(meanwhile[0], engine.segment(image).labels)
    response = outcome.get()
    assert response.success
    assert str(other_weights) in response.message
    answer = peer.pixels(peer.ask(send, peer.message(image), labels))
    expected = SegmentationEngine.from_checkpoint(other_weights, device='cpu').segment(image)
    np.testing.assert_array_equal(answer, expected.labels)
    diagnostics = peer.listen('/csrnet/diagnostics', DiagnosticArray)
    values = peer.values_when(diagnostics, lambda now: now['variant'] == 'medium')
    assert (values['weights'], values['classes']) == (str(other_weights), 'two')


def test_a_file_replaced_on_the_disk_is_taken_up_only_when_it_is_whole(
    peer, start_node: Callable, image: np.ndarray, engine, weights: Path, other_weights, tmp_path
) -> None:
    mine = tmp_path / 'mine.safetensors'
    shutil.copy(weights, mine)
    start_node('-p', f'weights:={mine}').wait_for('labelling')
    labels, send = peer.listen('/csrnet/label'), peer.camera()
    old = engine.segment(image).labels
    other = SegmentationEngine.from_checkpoint(other_weights, device='cpu').segment(image).labels
    assert (old != other).any()

    def answer() -> np.ndarray:
        return peer.pixels(peer.ask(send, peer.message(image), labels))

    np.testing.assert_array_equal(answer(), old)
    whole = other_weights.read_bytes()
    mine.write_bytes(whole[: len(whole) // 2])  # in place, under the running node
    np.testing.assert_array_equal(answer(), old)
    response = peer.call(Trigger, RELOAD, tries=1)
    assert not response.success
    assert f'no other weights are in use: {mine}: not a whole safetensors file' in response.message
    np.testing.assert_array_equal(answer(), old)
    mine.write_bytes(whole)
    np.testing.assert_array_equal(answer(), old)
    assert peer.call(Trigger, RELOAD, tries=1).success
    np.testing.assert_array_equal(answer(), other)


def test_a_node_that_is_not_configured_has_nothing_to_reload(peer, start_node: Callable) -> None:
    start_node('-p', 'autostart:=false')
    response = peer.call(Trigger, RELOAD)
    assert not response.success
    assert 'the node is not configured' in response.message


def test_a_node_that_is_cleaned_up_meanwhile_takes_up_nothing(
    peer, start_node: Callable, image: np.ndarray
) -> None:
    node = start_node('-p', 'image_width:=640', '-p', 'image_height:=480')
    node.wait_for('labelling')
    peer.ask(peer.camera(), peer.message(image), peer.listen('/csrnet/label'))
    client = peer.client(ChangeState, '/csrnet/change_state')
    outcome: queue.Queue = queue.Queue()
    reload = peer.client(Trigger, RELOAD).call_async(Trigger.Request())
    reload.add_done_callback(lambda done: outcome.put(done.result()))
    node.wait_for('loading')
    for change in (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP):
        request = {'transition': Transition(id=change)}
        assert peer.call(ChangeState, client.srv_name, tries=1, **request).success
    response = outcome.get(timeout=60)
    assert not response.success
    assert response.message.startswith('no other weights are in use: the node was cleaned up')
