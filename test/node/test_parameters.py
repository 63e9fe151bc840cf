"""The parameter table: what it declares, reads, refuses, and the file of its defaults."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import rclpy
import yaml
from rcl_interfaces.msg import Log
from rclpy.node import Node
from rclpy.qos_overriding_options import QoSOverridingOptions

from csrnet_ros.model import VARIANTS
from csrnet_ros.node.parameter_table import (
    change_settings,
    check_overrides,
    check_qos_overrides,
    declare_parameters,
    parameter_rows,
)
from csrnet_ros.node.parameters import CameraSettings, NodeSettings

DEFAULTS_FILE = Path(__file__).resolve().parents[2] / 'config' / 'csrnet.yaml'
DEFAULTS = asdict(NodeSettings()) | asdict(CameraSettings())
ROWS = parameter_rows(NodeSettings) | parameter_rows(CameraSettings)


def declared(node: Node) -> dict[str, Any]:
    """Declare the tables of the node and of its unnamed camera; return their values."""
    tables = [declare_parameters(node, table) for table in (NodeSettings(), CameraSettings())]
    return asdict(tables[0]) | asdict(tables[1])


@pytest.fixture
def make_node() -> Iterator[Callable[..., Node]]:
    """Make nodes with ROS arguments, in a context of their own."""
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes: list[Node] = []

    def make(*ros_args: str) -> Node:
        cli_args = ['--ros-args', *ros_args] if ros_args else []
        nodes.append(Node('settled', context=context, cli_args=cli_args))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    context.shutdown()


def test_a_node_without_overrides_has_the_defaults(make_node: Callable[..., Node]) -> None:
    node = make_node()
    assert declared(node) == DEFAULTS
    for name, row in ROWS.items():
        assert node.describe_parameter(name).description == row.description


def test_the_file_of_defaults_has_every_parameter_with_its_default(
    make_node: Callable[..., Node],
) -> None:
    defaults = DEFAULTS | {'cameras': list(DEFAULTS['cameras'])}
    assert yaml.safe_load(DEFAULTS_FILE.read_text()) == {'/**': {'ros__parameters': defaults}}
    node = make_node('--params-file', str(DEFAULTS_FILE))
    assert declared(node) == DEFAULTS


def test_every_default_in_the_file_stands_under_a_comment() -> None:
    lines = DEFAULTS_FILE.read_text().splitlines()
    first = lines.index('  ros__parameters:') + 1
    names = {line.split(':')[0].strip() for line in lines[first:] if '#' not in line}
    assert names == set(DEFAULTS)
    assert lines[first].strip().startswith('#')


def test_a_whole_number_is_a_fine_frequency(make_node: Callable[..., Node]) -> None:
    assert declared(make_node('-p', 'rate_limit_hz:=10'))['rate_limit_hz'] == 10


@pytest.mark.parametrize(
    ('given', 'complaint'),
    [
        ('variant:=huge', f"variant is 'huge'; choose one of {', '.join(VARIANTS)}"),
        ('overlay_opacity:=1.5', 'overlay_opacity'),
        ('overlay_opacity:=2', 'overlay_opacity is 2; it must lie in 0.0 to 1.0'),
        ('overlay_opacity:=much', "overlay_opacity is 'much'; it must be a number"),
        ('image_topic:=7', 'image_topic'),
        ('transport:=theora', "transport is 'theora'; choose one of raw, compressed"),
        ('image_topic:=/front/compressed', 'leave out /compressed and set transport to'),
        ('cameras:=[front, front]', 'cameras is .*; name each camera once'),
        ('cameras:=[]', r'cameras is \[\]; name each camera once, or leave it out for one'),
        ('cameras:=[front-left]', "cameras has 'front-left'; a name needs letters"),
        ('image_width:=0', 'image_width'),
    ],
)
def test_an_impossible_value_is_refused_by_name(
    make_node: Callable[..., Node], given: str, complaint: str
) -> None:
    with pytest.raises(Exception, match=complaint) as caught:
        declared(make_node('-p', given))
    assert isinstance(caught.value, (ValueError, rclpy.exceptions.ParameterException))


def test_the_working_size_is_height_and_width_or_nothing() -> None:
    settings = NodeSettings()
    assert settings.working_size is None
    # ROS sets several parameters one after the other.
    settings = change_settings(settings, {'working_width': 320}, configured=False)
    with pytest.raises(ValueError, match='working_height is 0; set both'):
        _ = settings.working_size
    settings = change_settings(settings, {'working_height': 240}, configured=False)
    assert settings.working_size == (240, 320)


def changed(changes: dict[str, Any], *, configured: bool) -> dict[str, Any]:
    """Return what differs after ``changes``."""
    tables = [
        change_settings(table, changes, configured=configured)
        for table in (NodeSettings(), CameraSettings())
    ]
    settings = asdict(tables[0]) | asdict(tables[1])
    return {name: value for name, value in settings.items() if value != DEFAULTS[name]}


@pytest.mark.parametrize('configured', [False, True])
def test_live_parameters_change_at_any_time(configured: bool) -> None:
    changes = {'overlay_opacity': 0.25, 'rate_limit_hz': 5.0, 'enable': False}
    changes |= {'silence_error_s': 5.0, 'lost_warn': 0.3, 'overwritten_warn': 0.9}
    changes |= {'rate_warn_hz': 8.0, 'latency_warn_ms': 60.0, 'latency_error_ms': 500.0}
    assert changed(changes, configured=configured) == changes
    assert {name for name, row in ROWS.items() if row.read_at == 'live'} == set(changes)


def test_what_weights_to_load_next_may_be_said_at_any_time() -> None:
    changes = {'variant': 'heavy', 'weights': '/other.safetensors'}
    assert changed(changes, configured=True) == changes


def test_others_change_until_the_node_is_configured() -> None:
    assert changed({'image_topic': '/rear'}, configured=False) == {'image_topic': '/rear'}
    with pytest.raises(ValueError, match='image_topic is read when .* deactivate and clean up'):
        changed({'image_topic': '/rear'}, configured=True)
    with pytest.raises(ValueError, match='autostart is read once'):
        changed({'autostart': False}, configured=False)


def test_a_value_that_stays_and_a_name_of_others_pass() -> None:
    same = {'image_topic': DEFAULTS['image_topic'], 'qos_overrides./x.depth': 3}
    assert changed(same, configured=True) == {}


def test_a_change_to_an_impossible_value_is_refused() -> None:
    with pytest.raises(ValueError, match='rate_limit_hz is -1; it must lie in 0.0 to 1000.0'):
        changed({'rate_limit_hz': -1}, configured=True)


def test_a_named_camera_has_parameters_of_its_own(make_node: Callable[..., Node]) -> None:
    node = make_node('-p', 'front.rate_limit_hz:=5', '-p', 'rear.image_topic:=/back')
    cameras = {
        name: declare_parameters(node, CameraSettings.defaults(name), prefix=f'{name}.')
        for name in ('front', 'rear')
    }
    assert cameras['front'] == CameraSettings(image_topic='front/image_raw', rate_limit_hz=5)
    assert cameras['rear'] == CameraSettings(image_topic='/back')
    changes = {'front.rate_limit_hz': 2.0, 'rear.rate_limit_hz': 3.0}
    change = change_settings(cameras['front'], changes, configured=True, prefix='front.')
    assert change.rate_limit_hz == 2.0
    with pytest.raises(ValueError, match='front.rate_limit_hz is -1'):
        change_settings(change, {'front.rate_limit_hz': -1}, configured=True, prefix='front.')


@pytest.mark.parametrize(
    ('typo', 'nearest'),
    [
        ('wieghts', 'weights'),
        ('overlay_opacitiy', 'overlay_opacity'),
        ('Variant', 'variant'),
        ('enabled', 'enable'),
        ('thread', 'threads'),
    ],
)
def test_a_slip_of_the_pen_names_the_nearest_parameter(
    make_node: Callable[..., Node], tmp_path: Path, typo: str, nearest: str
) -> None:
    file = tmp_path / 'mine.yaml'
    file.write_text(f'/**:\n  ros__parameters:\n    {typo}: 1\n')
    node = make_node('--params-file', str(file))
    declared(node)
    with pytest.raises(ValueError, match=f"no parameter '{typo}'; do you mean '{nearest}'"):
        check_overrides(node)


def test_parameters_of_other_nodes_in_the_file_are_no_error(
    make_node: Callable[..., Node], tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    file = tmp_path / 'all.yaml'
    file.write_text('/**:\n  ros__parameters:\n    controller_gain: 1\n    use_sim_time: true\n')
    node = make_node('--params-file', str(file), '-p', 'qos_overrides./x.publisher.depth:=3')
    declared(node)
    check_overrides(node)
    said = capfd.readouterr().err
    assert said.count('there is no parameter') == 1
    assert "'controller_gain'" in said


@pytest.mark.parametrize(
    ('name', 'nearest'),
    [
        ('device_id', 'device'),
        ('rate_limit', 'rate_limit_hz'),
        ('image_raw_topic', 'image_topic'),
        ('n_threads', 'threads'),
        ('latency_ms', 'latency_warn_ms'),
    ],
)
def test_a_name_that_only_resembles_ours_may_be_another_nodes(
    make_node: Callable[..., Node], capfd: pytest.CaptureFixture, name: str, nearest: str
) -> None:
    node = make_node('-p', f'{name}:=1')
    declared(node)
    check_overrides(node)
    said = capfd.readouterr().err
    assert f"no parameter '{name}', its value is not used; do you mean '{nearest}'" in said


def test_the_file_of_defaults_serves_cameras_with_names_too(
    make_node: Callable[..., Node], capfd: pytest.CaptureFixture
) -> None:
    node = make_node('--params-file', str(DEFAULTS_FILE), '-p', 'cameras:=[front, rear]')
    for prefix, table in (('', NodeSettings()), ('front.', CameraSettings())):
        declare_parameters(node, table, prefix=prefix)
    check_overrides(node, nameless=parameter_rows(CameraSettings))
    said = capfd.readouterr().err
    assert said.count('values not used: image_topic, transport') == 1
    assert said.count('WARN') == 1


def test_policies_that_reach_no_topic_are_told(
    make_node: Callable[..., Node], capfd: pytest.CaptureFixture
) -> None:
    topics = ('/label.publisher.depth', '/lable.publisher.depth', '/label.publisher.durability')
    given = [part for topic in topics for part in ('-p', f'qos_overrides.{topic}:=3')]
    node = make_node(*given)
    overriding = QoSOverridingOptions.with_default_policies()
    node.create_publisher(Log, '/label', 1, qos_overriding_options=overriding)
    check_qos_overrides(node)
    said = capfd.readouterr().err
    assert said.count('WARN') == 2
    for topic in topics[1:]:
        assert f"no 'qos_overrides.{topic}'" in said
