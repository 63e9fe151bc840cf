"""Several cameras of one node in a process of its own."""

from collections.abc import Callable

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters

from csrnet_ros.inference import SegmentationEngine
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
