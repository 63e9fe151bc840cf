"""Several cameras of one node in a process of its own."""

from collections.abc import Callable

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from std_msgs.msg import Header

from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.node.messages import TRANSPORTS, compressed_message
from soak.images import message as plain_message


def test_each_camera_has_its_topics_parameters_and_diagnostics(
    peer, start_node: Callable, engine: SegmentationEngine, image: np.ndarray
) -> None:
    node = start_node('-p', 'cameras:=[front, rear]', '-p', 'rear.image_topic:=/back')
    node.wait_for('labelling /back')
    for name, topic, part in (
        ('front', '/front/image_raw', image),
        ('rear', '/back', np.ascontiguousarray(image[::-1])),
    ):
        labels = peer.listen(f'/csrnet/{name}/label')
        answer = peer.ask(peer.camera(topic), peer.message(part), labels)
        np.testing.assert_array_equal(peer.pixels(answer), engine.segment(part).labels)
    array = peer.listen('/csrnet/diagnostics', DiagnosticArray).get(timeout=60)
    names = [status.name for status in array.status]
    assert names == ['csrnet: engine', 'csrnet: camera front', 'csrnet: camera rear']

    limit = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=5.0)
    for name, accepted in (('rear.rate_limit_hz', True), ('rear.image_topic', False)):
        parameters = [Parameter(name=name, value=limit)]
        response = peer.call(SetParameters, '/csrnet/set_parameters', parameters=parameters)
        assert response.results[0].successful is accepted


@pytest.mark.parametrize(
    ('transport', 'remapped'),
    [('raw', ''), ('compressed', ''), ('compressed', '/compressed')],
    ids=['raw', 'compressed', 'compressed by its whole name'],
)
def test_two_cameras_are_swapped_by_remapping(
    peer, start_node: Callable, image: np.ndarray, transport: str, remapped: str
) -> None:
    front, rear = f'/swap/front/image_raw{remapped}', f'/swap/rear/image_raw{remapped}'
    cameras = ['-p', 'cameras:=[front, rear]', '-r', '__ns:=/swap']
    transports = [f'{name}.transport:={transport}' for name in ('front', 'rear')]
    rules = ['-r', f'{front}:={rear}', '-r', f'{rear}:={front}']
    node = start_node(*cameras, '-p', transports[0], '-p', transports[1], *rules)
    suffix = TRANSPORTS[transport].suffix
    topics = {'rear': f'/swap/front/image_raw{suffix}', 'front': f'/swap/rear/image_raw{suffix}'}
    for name in ('front', 'rear'):
        node.wait_for(rf'labelling {topics[name]}$')
    frame = peer.message(image) if transport == 'raw' else compressed_message(image, Header())
    for name, topic in topics.items():
        frame.header.stamp = peer.stamp()
        send = peer.camera(topic, type(frame))
        peer.connect(send, frame, peer.listen(f'/swap/csrnet/{name}/label'))
    array = peer.listen('/swap/csrnet/diagnostics', DiagnosticArray).get(timeout=60)
    assert [one.hardware_id for one in array.status[1:]] == [topics['front'], topics['rear']]


def test_the_log_names_the_fault_of_each_camera(peer, start_node: Callable) -> None:
    node = start_node('-r', '__ns:=/faulty', '-p', 'cameras:=[front, rear]')
    node.wait_for('labelling /faulty/rear')
    for name in ('front', 'rear'):
        topic = f'/faulty/{name}/image_raw'
        send, labels = peer.camera(topic), peer.listen(f'/faulty/csrnet/{name}/label')
        peer.connect(send, plain_message(72, 96), labels)
        short = plain_message(72, 96)
        short.step = 1
        send(short)
        node.wait_for(f'frame of {topic} skipped: step is 1 bytes')
