"""The launch file: its arguments, what they do to the parameters, and a real start."""

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csrnet_ros.cli.domain import own_domain
from csrnet_ros.model import VARIANTS
from launch_process import LAUNCH_FILE, REPOSITORY, RUN, Launch

pytest.importorskip('launch_ros', reason='launch_ros comes with a ROS 2 installation only')

from launch import LaunchContext, LaunchDescription  # noqa: E402
from launch.actions import DeclareLaunchArgument  # noqa: E402

LIFECYCLE = """
import sys
import lifecycle_msgs.msg
from launch import LaunchDescription, LaunchService
from launch.actions import EmitEvent, RegisterEventHandler
from launch.events import matches_action
from launch_ros.actions import LifecycleNode
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState

Transition = lifecycle_msgs.msg.Transition
given = {'weights': sys.argv[1], 'device': 'cpu', 'autostart': False}
given |= {'image_width': 64, 'image_height': 64}
node = LifecycleNode(
    package='csrnet_ros', executable='segment_node', name='csrnet', namespace='',
    parameters=[given], output='screen',
)
def change(transition):
    event = ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition)
    return EmitEvent(event=event)
then_activate = OnStateTransition(
    target_lifecycle_node=node, start_state='configuring', goal_state='inactive',
    entities=[change(Transition.TRANSITION_ACTIVATE)],
)
service = LaunchService()
service.include_launch_description(LaunchDescription([
    RegisterEventHandler(then_activate), node, change(Transition.TRANSITION_CONFIGURE),
]))
sys.exit(service.run())
"""


@pytest.fixture(autouse=True)
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package as an installation has it, and a ROS domain of our own."""
    prefix = tmp_path / 'install'
    executable = prefix / 'lib' / 'csrnet_ros' / 'segment_node'
    share = prefix / 'share' / 'csrnet_ros'
    marker = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages' / 'csrnet_ros'
    for folder in (executable.parent, share, marker.parent):
        folder.mkdir(parents=True)
    marker.touch()
    (share / 'config').symlink_to(REPOSITORY / 'config')
    executable.write_text(
        f'#!/bin/sh\nexec {sys.executable} -m csrnet_ros.node.segmentation_node "$@"\n'
    )
    executable.chmod(0o755)
    prefixes = [str(prefix), os.environ.get('AMENT_PREFIX_PATH', '')]
    monkeypatch.setenv('AMENT_PREFIX_PATH', os.pathsep.join(filter(None, prefixes)))
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'log'))
    for name, value in own_domain().items():
        monkeypatch.setenv(name, value)
    return prefix


def load_launch_file():
    """Return the launch file as a module."""
    spec = importlib.util.spec_from_file_location('segment_launch', LAUNCH_FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def declared_arguments(description: LaunchDescription) -> dict[str, DeclareLaunchArgument]:
    """Return the arguments by name."""
    arguments = description.get_launch_arguments()
    return {argument.name: argument for argument in arguments}


def test_every_argument_has_a_description_and_the_variants_are_the_choices() -> None:
    arguments = declared_arguments(load_launch_file().generate_launch_description())
    assert list(arguments) == [
        'variant',
        'weights',
        'image_topic',
        'transport',
        'namespace',
        'device',
        'backend',
        'half',
        'params_file',
        'use_sim_time',
        'bag',
        'rate',
        'log_level',
    ]
    assert all(len(argument.description) > 10 for argument in arguments.values())
    assert arguments['variant'].choices == ['', *VARIANTS]
    booleans = ['', 'true', 'false', 'True', 'False']
    assert arguments['half'].choices == arguments['use_sim_time'].choices == booleans


def test_only_the_arguments_given_become_parameters() -> None:
    module, context = load_launch_file(), LaunchContext()
    for argument in declared_arguments(module.generate_launch_description()).values():
        argument.visit(context)
    assert module.given_parameters(context) == {}
    strings = ('variant', 'weights', 'image_topic', 'transport', 'device', 'backend')
    given = dict.fromkeys(strings, 'as given')
    context.launch_configurations.update(given | {'half': 'false', 'use_sim_time': 'true'})
    expected = given | {'half': False, 'use_sim_time': True}
    assert module.given_parameters(context) == expected


def test_a_boolean_may_be_spelled_as_python_does() -> None:
    module, context = load_launch_file(), LaunchContext()
    context.launch_configurations.update({'half': 'False', 'use_sim_time': 'True'})
    for argument in declared_arguments(module.generate_launch_description()).values():
        argument.visit(context)
    assert module.given_parameters(context) == {'half': False, 'use_sim_time': True}


def test_a_bag_is_played_on_its_own_clock(tmp_path: Path) -> None:
    module, context = load_launch_file(), LaunchContext()
    for argument in declared_arguments(module.generate_launch_description()).values():
        argument.visit(context)
    assert module.bag_player(context) is None
    context.launch_configurations.update({'bag': str(tmp_path), 'rate': '0.5'})
    player = module.bag_player(context)
    words = [part[0].perform(context) for part in player.cmd]
    expected = ['ros2', 'bag', 'play', str(tmp_path), '--clock', '--rate', '0.5', '--delay', '1']
    assert words == expected
    assert module.given_parameters(context) == {'use_sim_time': True}
    context.launch_configurations['use_sim_time'] = 'false'
    assert module.given_parameters(context) == {'use_sim_time': False}


@pytest.fixture
def start() -> Iterator:
    """Start launches, which end with the test."""
    started: list[Launch] = []

    def start(*arguments: str, program: str = RUN) -> Launch:
        started.append(Launch(*arguments, program=program))
        return started[-1]

    yield start
    for launch in started:
        launch.kill()


def test_a_real_start_with_arguments_over_a_parameter_file(
    start, tmp_path: Path, weights: Path
) -> None:
    params_file = tmp_path / 'mine.yaml'
    params_file.write_text(
        '/**:\n  ros__parameters:\n    image_topic: from_file\n    device: tpu\n'
        f'    weights: {weights}\n    image_width: 64\n    image_height: 64\n'
    )
    launch = start(f'params_file:={params_file}', 'device:=cpu', 'namespace:=robot')
    launch.wait_for('labelling /robot/from_file')
    launch.interrupt()
    assert launch.end() == 0
    said = ''.join(launch.said)
    assert 'process has finished cleanly' in said
    assert 'Traceback' not in said


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What stands in for ``ros2``, which is in another package: a script of one line."""

    def player(line: str) -> None:
        script = tmp_path / 'bin' / 'ros2'
        script.parent.mkdir()
        script.write_text(f'#!/bin/sh\n{line}\n')
        script.chmod(0o755)
        monkeypatch.setenv('PATH', f'{script.parent}{os.pathsep}{os.environ["PATH"]}')

    return player


def test_a_bag_is_played_once_the_node_is_active(
    start, player, tmp_path: Path, weights: Path
) -> None:
    played = tmp_path / 'played'  # launch may lose what so short a process says
    player(f'echo "$*" > {played}')
    launch = start(f'weights:={weights}', f'bag:={tmp_path}', 'namespace:=robot')
    launch.wait_for('labelling /robot/camera/image_raw')
    launch.wait_for('process has finished cleanly')
    assert played.read_text().startswith(f'bag play {tmp_path} --clock')


@pytest.mark.parametrize(
    ('given', 'transports'),
    [
        ({}, 'DEFAULT?sockets_size=16MB'),
        ({'FASTDDS_BUILTIN_TRANSPORTS': 'UDPv4'}, 'UDPv4'),
        ({'FASTDDS_DEFAULT_PROFILES_FILE': '/robot/dds.xml'}, ''),
    ],
)
def test_large_images_have_room_unless_the_user_says_how_they_travel(
    start, player, monkeypatch, tmp_path: Path, weights: Path, given: dict, transports: str
) -> None:
    monkeypatch.delenv('FASTDDS_BUILTIN_TRANSPORTS', raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    has = tmp_path / 'has'
    player(f'echo "$FASTDDS_BUILTIN_TRANSPORTS" > {has}')
    launch = start(f'weights:={weights}', f'bag:={tmp_path}')
    launch.wait_for('labelling')
    node = Path(f'/proc/{launch.process_of("segmentation_node")}/environ').read_bytes()
    launch.wait_for('process has finished cleanly')
    assert has.read_text().strip() == transports
    assert (f'FASTDDS_BUILTIN_TRANSPORTS={transports}\0'.encode() in node) is bool(transports)


def test_a_bag_that_cannot_be_played_ends_the_launch(start, player, tmp_path, weights) -> None:
    player('exit 2')
    launch = start(f'weights:={weights}', f'bag:={tmp_path}')
    launch.wait_for('exit code 2')
    assert launch.end() == 1


@pytest.mark.parametrize('name', ['bag', 'params_file'])
def test_a_file_that_is_not_there_is_named_at_once(
    start, tmp_path: Path, weights: Path, name: str
) -> None:
    launch = start(f'weights:={weights}', f'{name}:={tmp_path / "drive"}')
    assert launch.end() == 1
    said = ''.join(launch.said)
    assert f'{name}:={tmp_path / "drive"}: no such file or folder' in said
    assert 'labelling' not in said


def test_a_boolean_that_is_none_ends_the_launch_with_those_there_are(start) -> None:
    launch = start('use_sim_time:=maybe')
    assert launch.end() == 1
    said = ''.join(launch.said)
    assert '"use_sim_time" provided value "maybe" is not valid. Valid options are' in said
    assert 'process started' not in said


def test_a_home_that_there_is_not_is_no_file_either() -> None:
    context = LaunchContext()
    context.launch_configurations['bag'] = '~a user that there is not/drive'
    with pytest.raises(FileNotFoundError, match='bag:=~a user .*: no such file or folder'):
        load_launch_file().existing(context, 'bag')


def test_the_defaults_come_from_the_file_of_the_package(start, weights: Path) -> None:
    launch = start(f'weights:={weights}', 'image_topic:=/front', 'log_level:=info')
    launch.wait_for('for images of 640x480 pixels')
    launch.wait_for('labelling /front')
    launch.interrupt()
    assert launch.end() == 0


def test_a_node_that_fails_ends_the_launch_with_its_sentence(start, tmp_path: Path) -> None:
    launch = start(f'weights:={tmp_path / "missing.safetensors"}')
    assert launch.end() == 1
    said = ''.join(launch.said)
    assert 'missing.safetensors: no such weights file' in said
    assert 'exit code 1' in said
    assert 'Traceback' not in said


def test_events_of_launch_configure_and_activate_the_node(start, weights: Path) -> None:
    launch = start(str(weights), program=LIFECYCLE)
    launch.wait_for('labelling /camera/image_raw')
    launch.interrupt()
    assert launch.end() == 0
