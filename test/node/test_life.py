"""How the node begins and ends, and its life cycle in between."""

import re
import signal
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter

from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.node.segmentation_node import main
from life import ACTIVATE, CLEANUP, CONFIGURE, DEACTIVATE, SHUTDOWN, Life


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=['SIGINT', 'SIGTERM'])
def test_a_signal_ends_the_node_at_work_cleanly(
    peer, start_node: Callable, image: np.ndarray, number: int
) -> None:
    node = start_node('-r', '__ns:=/robot')
    node.wait_for('labelling /robot/camera/image_raw')
    send = peer.camera('/robot/camera/image_raw')
    peer.ask(send, peer.message(image), peer.listen('/robot/csrnet/label'))
    for _ in range(20):
        send(peer.message(image))
    node.signal(number)
    assert node.end() == 0, ''.join(node.said)
    assert 'Traceback' not in ''.join(node.said)


def test_a_signal_during_the_warm_up_ends_the_node_cleanly(start_node: Callable) -> None:
    node = start_node('-p', 'image_width:=1280', '-p', 'image_height:=720')
    node.wait_for('warming up')
    node.signal(signal.SIGINT)
    assert node.end() == 0
    said = ''.join(node.said)
    assert not re.search('Traceback|Warning|ERROR', said), said


def test_a_signal_during_a_transition_that_is_asked_for_lets_it_end(
    peer, start_node: Callable
) -> None:
    large = ('-p', 'image_width:=640', '-p', 'image_height:=480')
    node = start_node(*large, '-p', 'autostart:=false')
    Life(peer).begin(CONFIGURE)
    node.wait_for('warming up')
    node.signal(signal.SIGINT)
    assert node.end() == 0
    said = ''.join(node.said)
    assert not re.search('Traceback|Warning|ERROR|rosout', said), said


# The node, which gets a signal just before or after ROS begins.
EARLY = """
import os, sys, rclpy
from csrnet_ros.node.segmentation_node import main
begin, number, moment = rclpy.init, int(sys.argv[1]), sys.argv[2]

def init(**options):
    if moment == 'before':
        os.kill(os.getpid(), number)
    begin(**options)
    if moment == 'after':
        os.kill(os.getpid(), number)

rclpy.init = init
sys.exit(main(['node', *sys.argv[3:]]))
"""


@pytest.mark.parametrize('moment', ['before', 'after'])
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=['SIGINT', 'SIGTERM'])
def test_a_signal_that_comes_when_ros_begins_ends_the_node_cleanly(
    start_node: Callable, number: int, moment: str
) -> None:
    node = start_node(command=[sys.executable, '-c', EARLY, str(int(number)), moment])
    assert node.end() == 0, ''.join(node.said)
    said = ''.join(node.said)
    assert not re.search('Traceback|Warning|ERROR', said), said


def test_missing_weights_end_the_node_with_one_sentence(
    start_node: Callable, tmp_path: Path
) -> None:
    missing = tmp_path / 'missing.safetensors'
    node = start_node('-p', f'weights:={missing}')
    assert node.end() == 1
    (sentence,) = [line for line in node.said if 'ERROR' in line]
    assert f'cannot configure: {missing}: no such weights file' in sentence
    assert 'Traceback' not in ''.join(node.said)


@pytest.mark.parametrize(
    ('ros_args', 'sentence'),
    [
        (['-p', 'varient:=heavy'], "no parameter 'varient'; do you mean 'variant'"),
        (['-p', 'variant:=huge'], "cannot start: variant is 'huge'; choose one of light"),
        (['-p', 'image_topic:=7'], 'cannot start: .*image_topic'),
        (['-p', 'working_width:=320'], 'cannot configure: .*working_height is 0; set both'),
        (['-p', 'device:=tpu'], "cannot configure: unknown device 'tpu'"),
        (['--params-file', '/does/not/exist.yaml'], 'ROS cannot start: .*exist.yaml'),
        (['-p', 'weights:=w\udce9/l'], r"cannot start: .*'weights:=w\\udce9/l' is not UTF-8"),
    ],
)
def test_what_cannot_start_says_why(
    weights: Path, capfd: pytest.CaptureFixture, ros_args: list[str], sentence: str
) -> None:
    size = ['-p', 'image_width:=64', '-p', 'image_height:=64']
    assert main(['csrnet-node', '--ros-args', '-p', f'weights:={weights}', *size, *ros_args]) == 1
    said = capfd.readouterr()
    assert 'Traceback' not in said.err + said.out

    assert re.search(sentence, said.err + said.out)


@pytest.mark.parametrize('left', ['x', '[]', '{}', '{"parameters": {}, "faults": {"x": 1}}'])
def test_what_no_node_has_left_is_refused(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture, left: str
) -> None:
    monkeypatch.setenv('CSRNET_LEGACY', left)
    assert main(['csrnet-node']) == 1
    said = capfd.readouterr()
    assert f"cannot start: CSRNET_LEGACY is '{left}'" in said.err + said.out
    assert 'Traceback' not in said.err + said.out


def test_a_home_that_cannot_be_written_to_is_told_as_it_is(
    start_node: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('HOME', '/proc')  # where not even root makes folders
    monkeypatch.delenv('ROS_LOG_DIR', raising=False)
    node = start_node()
    assert node.end() == 1
    assert 'csrnet: ROS cannot start: failed to initialize logging' in ''.join(node.said)


# The node, at work when a fault of its own ends it.
BROKEN = """
import sys
from csrnet_ros.node.segmentation_node import SegmentationNode, main

def fail(node):
    raise ValueError('a fault')

SegmentationNode._give_way = fail
sys.exit(main(['node', *sys.argv[1:]]))
"""


def test_a_fault_of_the_node_at_work_is_told_with_its_place(start_node: Callable) -> None:
    node = start_node(command=[sys.executable, '-c', BROKEN])
    assert node.end() == 1
    said = ''.join(node.said)
    assert 'in fail' in said
    assert 'cannot start' not in said


@pytest.mark.skipif(find_spec('openvino') is None, reason='needs OpenVINO')
def test_what_the_package_logs_stands_in_the_log_of_the_node(
    start_node: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    node = start_node('-p', 'backend:=openvino')
    node.wait_for(r'\[INFO\].*\[csrnet\]: converting the network for OpenVINO, once for these')


def test_the_life_cycle_by_hand(peer, start_node: Callable, image: np.ndarray) -> None:
    node = start_node('-p', 'autostart:=false')
    life = Life(peer)
    labels = peer.listen('/csrnet/label')
    diagnostics = peer.listen('/csrnet/diagnostics', DiagnosticArray)
    assert life.state == 'unconfigured'
    assert not life.change(ACTIVATE)

    for topic in ('/front', '/rear'):
        assert life.set('image_topic', topic)
        assert life.change(CONFIGURE)
        assert life.state == 'inactive'
        assert not life.set('image_topic', '/elsewhere')
        assert life.change(ACTIVATE)
        assert life.state == 'active'
        send = peer.camera(topic)
        peer.ask(send, peer.message(image), labels)
        assert diagnostics.get(timeout=60).status
        assert life.change(DEACTIVATE)
        peer.until(lambda topic=topic: peer.node.count_subscribers(topic) == 0)
        assert life.change(CLEANUP)
        assert life.state == 'unconfigured'
    for topic in ('/csrnet/label', '/csrnet/diagnostics'):
        peer.until(lambda topic=topic: peer.node.count_publishers(topic) == 0)
    assert life.change(SHUTDOWN)
    assert life.state == 'finalized'
    assert not life.change(CONFIGURE)
    node.signal(signal.SIGTERM)
    assert node.end() == 0


def test_a_transition_that_fails_leaves_the_node_as_it_was(
    peer, start_node: Callable, weights: Path, image: np.ndarray
) -> None:
    node = start_node('-p', 'autostart:=false')
    life = Life(peer)
    assert life.set('weights', '/does/not/exist.safetensors')
    assert not life.change(CONFIGURE)
    assert life.state == 'unconfigured'
    node.wait_for('cannot configure: /does/not/exist.safetensors')
    assert life.set('weights', str(weights))
    assert life.change(CONFIGURE)
    assert life.change(ACTIVATE)
    peer.ask(peer.camera(), peer.message(image), peer.listen('/csrnet/label'))


def test_an_activation_that_fails_stops_what_it_began(peer, start_node: Callable) -> None:
    bad = 'qos_overrides./rear/image_raw.subscription.reliability:=sometimes'
    node = start_node('-p', 'autostart:=false', '-p', 'cameras:=[front, rear]', '-p', bad)
    life = Life(peer)
    assert life.change(CONFIGURE)
    for _ in range(2):
        assert not life.change(ACTIVATE)
        node.wait_for('cannot activate: .*sometimes')
        assert life.state == 'inactive'
    status = peer.listen('/csrnet/diagnostics', DiagnosticArray).get(timeout=60).status
    assert [camera.message for camera in status[1:]] == ['inactive', 'inactive']
    node.signal(signal.SIGINT)
    assert node.end() == 0


def test_what_was_set_before_the_activation_holds_from_it_on(
    peer, start_node: Callable, image: np.ndarray, engine: SegmentationEngine
) -> None:
    given = ('enable:=false', 'overlay_opacity:=0.9', 'qos_overrides./nowhere.publisher.depth:=3')
    node = start_node('-p', 'autostart:=false', *(part for one in given for part in ('-p', one)))
    life, send = Life(peer), peer.camera()
    diagnostics = peer.listen('/csrnet/diagnostics', DiagnosticArray)
    assert life.change(CONFIGURE)
    assert life.change(ACTIVATE)
    node.wait_for("WARN.*no 'qos_overrides./nowhere.publisher.depth'")
    frame, disabled = peer.message(image), 'frames dropped: disabled'
    peer.values_when(diagnostics, lambda now: send(frame) or int(now[disabled]) > 0)
    assert life.change(DEACTIVATE)
    meanwhile = {'enable': True, 'overlay_opacity': 0.7}
    parameters = [Parameter(name, value=one).to_parameter_msg() for name, one in meanwhile.items()]
    peer.call(SetParameters, '/csrnet/set_parameters', parameters=parameters)
    assert life.change(ACTIVATE)
    answer = peer.ask(send, frame, peer.listen('/csrnet/overlay'))
    expected = engine.segment(image, overlay=True, overlay_opacity=0.7).overlay
    np.testing.assert_array_equal(peer.pixels(answer), expected)


def test_life_cycles_leave_nothing_behind(peer, start_node: Callable, image: np.ndarray) -> None:
    node = start_node('-r', '__ns:=/phoenix', '-p', 'autostart:=false')
    life, memory_mib = Life(peer, namespace='/phoenix'), []
    labels, send = peer.listen('/phoenix/csrnet/label'), peer.camera('/phoenix/camera/image_raw')
    for _ in range(5):
        assert life.change(CONFIGURE), ''.join(node.said)
        assert life.change(ACTIVATE)
        peer.ask(send, peer.message(image), labels)
        assert life.change(DEACTIVATE)
        assert life.change(CLEANUP)
        memory_mib.append(node.memory_mib())
    # The first cycles fill caches; an engine kept in each would add 150 MiB a time.
    assert memory_mib[-1] < memory_mib[2] + 100, memory_mib
