"""The node in a process of its own, asked on real topics from this one."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, SetParameters, SetParametersAtomically
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import Image

from csrnet_ros.inference import SegmentationEngine

CAMERA = '/camera/image_raw'
THIN = '/csrnet/overlay/compressed'
BURST = 40

# For bursts: all frames reach the node, so that what happens to each is the node's doing.
QOS_OVERRIDES = f"""
/**:
  ros__parameters:
    qos_overrides:
      {CAMERA}:
        subscription:
          reliability: reliable
          depth: {BURST}
      {THIN}:
        publisher:
          reliability: best_effort
"""


@pytest.fixture(scope='module', autouse=True)
def _node(start_module_node: Callable, tmp_path_factory: pytest.TempPathFactory) -> None:
    overrides = tmp_path_factory.mktemp('parameters') / 'qos.yaml'
    overrides.write_text(QOS_OVERRIDES)
    node = start_module_node('--params-file', str(overrides))
    node.wait_for(f'labelling {CAMERA}')


@pytest.fixture
def send(peer) -> Callable[[Image], None]:
    """Publish as the camera."""
    return peer.camera(CAMERA)


def settled(values: dict[str, str]) -> bool:
    """Whether no frame is on its way."""
    fates = int(values['frames published']) + int(values['frames dropped'])
    return int(values['frames received']) == fates


ENCODED = {
    'rgb8': lambda image: image,
    'bgr8': lambda image: image[..., ::-1],
    'rgba8': lambda image: np.dstack([image, image[..., :1]]),
    'bgra8': lambda image: np.dstack([image[..., ::-1], image[..., :1]]),
    'mono8': lambda image: image[..., 0],
}


@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize('encoding', sorted(ENCODED))
def test_labels_on_the_topic_are_the_engines(
    peer, send, engine: SegmentationEngine, image: np.ndarray, encoding: str, padding: int
) -> None:
    message = peer.message(ENCODED[encoding](image), encoding, padding=padding)
    answer = peer.ask(send, message, peer.listen('/csrnet/label'))
    seen = image[..., :1].repeat(3, axis=2) if encoding == 'mono8' else image
    labels = engine.segment(np.ascontiguousarray(seen)).labels
    assert len(np.unique(labels)) > 1
    np.testing.assert_array_equal(peer.pixels(answer), labels)
    assert answer.header == message.header
    assert (answer.encoding, answer.step) == ('mono8', answer.width)


def test_every_output_has_the_engines_pixels_and_the_cameras_header(
    peer, send, engine: SegmentationEngine, image: np.ndarray
) -> None:
    message = peer.message(image)
    expected = engine.segment(image, color=True, overlay=True, confidence=True)
    for topic, pixels, encoding in [
        ('label', expected.labels, 'mono8'),
        ('color', expected.color, 'rgb8'),
        ('overlay', expected.overlay, 'rgb8'),
        ('confidence', expected.confidence, 'mono8'),
    ]:
        answer = peer.ask(send, message, peer.listen(f'/csrnet/{topic}'))
        assert (answer.header, answer.encoding) == (message.header, encoding)
        np.testing.assert_array_equal(peer.pixels(answer), pixels)


def test_images_may_change_their_size(peer, send, image: np.ndarray) -> None:
    labels = peer.listen('/csrnet/label')
    for part in (image, image[:64, :80], image):
        answer = peer.ask(send, peer.message(part), labels)
        assert (answer.height, answer.width) == part.shape[:2]


def test_an_unreadable_message_is_counted_and_the_next_frame_answered(
    peer, send, image: np.ndarray
) -> None:
    labels = peer.listen('/csrnet/label')
    peer.ask(send, peer.message(image), labels)
    diagnostics = peer.listen('/csrnet/diagnostics', DiagnosticArray)
    before = peer.values_when(diagnostics, settled)
    unreadable = peer.message(image)
    unreadable.data = unreadable.data[:-1]
    send(unreadable)
    key = 'frames dropped: unreadable'
    peer.values_when(diagnostics, lambda now: int(now[key]) == int(before[key]) + 1)
    peer.ask(send, peer.message(image), labels)


def test_a_frame_that_nobody_wants_is_counted_and_not_labelled(
    peer, send, image: np.ndarray
) -> None:
    diagnostics = peer.listen('/csrnet/diagnostics', DiagnosticArray)
    key = 'frames dropped: unwatched'
    before = peer.values_when(diagnostics, settled)
    frame = peer.message(image)
    peer.values_when(diagnostics, lambda now: send(frame) or int(now[key]) > int(before[key]))


def test_a_burst_loses_its_older_frames_and_counts_them(peer, send, image: np.ndarray) -> None:
    labels = peer.listen('/csrnet/label')
    peer.ask(send, peer.message(image), labels)
    diagnostics = peer.listen('/diagnostics', DiagnosticArray)
    before = peer.values_when(diagnostics, settled)
    large = image.repeat(4, axis=0).repeat(4, axis=1)
    frames = [peer.message(large) for _ in range(BURST)]
    for frame in frames:
        send(frame)
    last = frames[-1].header.stamp
    while labels.get(timeout=60).header.stamp != last:
        pass
    received = int(before['frames received']) + BURST
    after = peer.values_when(
        diagnostics, lambda now: int(now['frames received']) >= received and settled(now)
    )
    grown = {key: int(after[key]) - int(before[key]) for key in before if 'frames' in key}
    assert grown['frames received'] == BURST
    assert grown['frames dropped'] == grown['frames dropped: overwritten'] > 0
    assert 1 <= grown['frames published'] < BURST


def test_both_diagnostics_topics_carry_the_same_and_all_of_it(
    peer, send, image: np.ndarray, weights
) -> None:
    peer.ask(send, peer.message(image), peer.listen('/csrnet/label'))
    arrays = {
        topic: peer.listen(topic, DiagnosticArray).get(timeout=60)
        for topic in ('/diagnostics', '/csrnet/diagnostics')
    }
    for array in arrays.values():
        assert [status.name for status in array.status] == ['csrnet: engine', 'csrnet: camera']
        assert array.header.stamp.sec > time.time() - 60
        values = {pair.key: pair.value for status in array.status for pair in status.values}
        assert (values['variant'], values['device']) == ('light', 'cpu')
        assert (values['precision'], values['weights']) == ('float32', str(weights))
        for stage in ('convert', 'network', 'publish', 'stamp to publish'):
            p50, p95, most = (float(values[f'{stage} {n} (ms)']) for n in ('p50', 'p95', 'max'))
            assert 0 <= p50 <= p95 <= most
        assert float(values['rate out (Hz)']) > 0


def set_parameter(peer, name: str, value: ParameterValue) -> tuple[bool, str]:
    """Set a parameter of the node; return whether it accepted, and its reason if not."""
    parameters = [Parameter(name=name, value=value)]
    response = peer.call(SetParameters, '/csrnet/set_parameters', parameters=parameters)
    return response.results[0].successful, response.results[0].reason


def number(value: float) -> ParameterValue:
    """Return ``value`` as ROS wants it."""
    return ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)


def boolean(value: bool) -> ParameterValue:
    """Return ``value`` as ROS wants it."""
    return ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=value)


def test_the_opacity_of_the_overlay_changes_while_the_node_runs(
    peer, send, engine: SegmentationEngine, image: np.ndarray
) -> None:
    overlays = peer.listen('/csrnet/overlay')
    for opacity in (1.0, 0.0, 0.5):
        assert set_parameter(peer, 'overlay_opacity', number(opacity)) == (True, '')
        answer = peer.ask(send, peer.message(image), overlays)
        expected = engine.segment(image, overlay=True, overlay_opacity=opacity).overlay
        np.testing.assert_array_equal(peer.pixels(answer), expected)


@pytest.mark.parametrize(
    ('name', 'strict', 'lax', 'reason', 'passing'),
    [
        ('enable', boolean(False), boolean(True), 'disabled', 0),
        ('rate_limit_hz', number(0.001), number(0.0), 'limited', 1),
    ],
)
def test_frames_are_turned_away_while_a_parameter_says_so(
    peer, send, image: np.ndarray, name: str, strict, lax, reason: str, passing: int
) -> None:
    labels = peer.listen('/csrnet/label')
    peer.ask(send, peer.message(image), labels)
    diagnostics = peer.listen('/csrnet/diagnostics', DiagnosticArray)
    before = peer.values_when(diagnostics, settled)
    assert set_parameter(peer, name, strict) == (True, '')
    frames = [peer.message(image) for _ in range(4)]
    for frame in frames:
        send(frame)
    received = int(before['frames received']) + len(frames)
    after = peer.values_when(
        diagnostics, lambda now: int(now['frames received']) == received and settled(now)
    )
    key = f'frames dropped: {reason}'
    assert int(after[key]) - int(before[key]) == len(frames) - passing
    assert set_parameter(peer, name, lax) == (True, '')
    peer.ask(send, peer.message(image), labels)


def test_other_parameters_refuse_to_change_and_say_what_to_do(peer) -> None:
    topic = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value='/rear')
    accepted, reason = set_parameter(peer, 'image_topic', topic)
    assert not accepted
    assert 'image_topic is read when the node is configured' in reason
    assert 'deactivate and clean up' in reason
    assert set_parameter(peer, 'overlay_opacity', number(1.5))[0] is False


@pytest.mark.parametrize('service', [SetParameters, SetParametersAtomically])
def test_a_value_of_a_type_that_ros_does_not_have_is_refused(
    peer, send, image: np.ndarray, service
) -> None:
    good = Parameter(name='overlay_opacity', value=number(0.5))
    bad = Parameter(name='overlay_opacity', value=ParameterValue(type=77))
    name = {SetParameters: 'set_parameters', SetParametersAtomically: 'set_parameters_atomically'}
    found = peer.call(service, f'/csrnet/{name[service]}', parameters=[good, bad, good], tries=1)
    results = [found.result] if service is SetParametersAtomically else found.results
    expected = [False] if service is SetParametersAtomically else [True, False, False]
    assert [one.successful for one in results] == expected
    assert '77' in results[-1].reason
    peer.ask(send, peer.message(image), peer.listen('/csrnet/label'))


def test_policies_of_outputs_are_parameters(peer) -> None:
    peer.until(lambda: peer.node.count_publishers(THIN) == 1)
    (publisher,) = peer.node.get_publishers_info_by_topic(THIN)
    assert publisher.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT


def test_parameters_are_described_with_their_ranges(peer) -> None:
    names = ['overlay_opacity', 'image_width', 'variant']
    response = peer.call(DescribeParameters, '/csrnet/describe_parameters', names=names)
    opacity, width, variant = response.descriptors
    assert opacity.floating_point_range[0].to_value == 1.0
    assert width.integer_range[0].from_value == 64
    assert 'medium' in variant.additional_constraints
    assert all(descriptor.description for descriptor in response.descriptors)
