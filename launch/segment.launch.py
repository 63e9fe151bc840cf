"""Start the segmentation node: ``ros2 launch csrnet_ros segment.launch.py variant:=medium``.

An argument that is given wins over the parameter file; one that is left empty leaves the
parameter as the file has it. ``bag:=PATH`` plays a bag, on the bag's clock, as soon as the node is
ready for it.
"""

import asyncio
import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import Action, Event, EventHandler, LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    OpaqueCoroutine,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.ros_adapters import get_ros_node
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState

# As YAML has them and as Python does: what a parent set, a launch file that it includes inherits.
BOOLEANS = {'true': True, 'false': False, 'True': True, 'False': False}
AS_IN_FILE = '; empty: as in params_file'

# Fast DDS hands messages over in shared memory that its sender owns, half a MiB of it. From larger
# images a best-effort subscriber gets pieces; see docs/operations.md. Others do not read this.
LARGE_MESSAGES = {'FASTDDS_BUILTIN_TRANSPORTS': 'DEFAULT?sockets_size=16MB'}

STRING_PARAMETERS = ('variant', 'weights', 'image_topic', 'transport', 'device', 'backend')
BOOLEAN_PARAMETERS = ('half', 'use_sim_time')


class NodeActive(Event):
    """The node is active."""


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the node that they start."""
    share = Path(get_package_share_directory('csrnet_ros'))
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'variant',
                default_value='',
                choices=['', 'light', 'medium', 'heavy'],
                description='network whose shipped weights are used' + AS_IN_FILE,
            ),
            DeclareLaunchArgument(
                'weights', default_value='', description='weights file to load' + AS_IN_FILE
            ),
            DeclareLaunchArgument(
                'image_topic',
                default_value='',
                description='image topic to label' + AS_IN_FILE,
            ),
            DeclareLaunchArgument(
                'transport',
                default_value='',
                choices=['', 'raw', 'compressed'],
                description='how the images come' + AS_IN_FILE,
            ),
            DeclareLaunchArgument(
                'namespace', default_value='', description='namespace of the node and its topics'
            ),
            DeclareLaunchArgument(
                'device',
                default_value='',
                description='where the network runs: auto, cpu, cuda, cuda:0, ...' + AS_IN_FILE,
            ),
            DeclareLaunchArgument(
                'backend',
                default_value='',
                description='what runs the network: auto, openvino, onnxruntime, torch, ...'
                + AS_IN_FILE,
            ),
            DeclareLaunchArgument(
                'half',
                default_value='',
                choices=['', *BOOLEANS],
                description='compute in half precision on a GPU' + AS_IN_FILE,
            ),
            DeclareLaunchArgument(
                'params_file',
                default_value=str(share / 'config' / 'csrnet.yaml'),
                description='ROS parameter file of the node',
            ),
            DeclareLaunchArgument(
                'use_sim_time',
                default_value='',
                choices=['', *BOOLEANS],
                description='take the time from /clock, as for a bag' + AS_IN_FILE,
            ),
            DeclareLaunchArgument(
                'bag',
                default_value='',
                description='recorded bag to play beside the node; sets use_sim_time',
            ),
            DeclareLaunchArgument(
                'rate', default_value='1.0', description='how many times as fast the bag plays'
            ),
            DeclareLaunchArgument(
                'log_level',
                default_value='info',
                choices=['debug', 'info', 'warn', 'error', 'fatal'],
                description='least severe messages to log',
            ),
            OpaqueFunction(function=start),
        ]
    )


def start(context: LaunchContext) -> list[Action]:
    """Return the node and, if a bag is given, what plays it once the node is active.

    The node has the parameters of the file, and over them the arguments given.
    """
    node = LifecycleNode(
        package='csrnet_ros',
        executable='segment_node',
        name='csrnet',
        namespace=LaunchConfiguration('namespace'),
        parameters=[existing(context, 'params_file'), given_parameters(context)],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        additional_env=room_for_large_messages(),
        output='screen',
        on_exit=shut_down,
    )
    player = bag_player(context)
    if player is None:
        return [node]
    when_active = EventHandler(
        matcher=lambda event: isinstance(event, NodeActive), entities=[player], handle_once=True
    )
    asking = OpaqueCoroutine(coroutine=tell_when_active, args=[node])
    return [RegisterEventHandler(when_active), node, asking]


async def tell_when_active(context: LaunchContext, node: LifecycleNode) -> None:
    """Emit ``NodeActive`` once the node answers that it is.

    It is asked again and again: a message that it is gets lost on whoever finds the node later.
    """
    client = get_ros_node(context).create_client(GetState, f'{node.node_name}/get_state')
    state = State.PRIMARY_STATE_UNKNOWN
    while state != State.PRIMARY_STATE_ACTIVE:
        answer = client.call_async(GetState.Request())
        for _ in range(10):
            await asyncio.sleep(0.1)
            if answer.done():
                state = answer.result().current_state.id
                break
    await context.emit_event(NodeActive())


def bag_player(context: LaunchContext) -> ExecuteProcess | None:
    """Return the player of the bag, if one is given.

    :raises FileNotFoundError: if there is no such bag
    """
    given, rate = (LaunchConfiguration(name).perform(context) for name in ('bag', 'rate'))
    if not given:
        return None
    bag = existing(context, 'bag')
    # The delay is for player and node to find each other; what is played before is lost.
    command = ['ros2', 'bag', 'play', bag, '--clock', '--rate', rate, '--delay', '1']
    return ExecuteProcess(
        cmd=command,
        additional_env=room_for_large_messages(),
        output='screen',
        on_exit=shut_down_if_failed,
    )


def existing(context: LaunchContext, name: str) -> str:
    """Return the path that an argument gives.

    :raises FileNotFoundError: if nothing is there
    """
    given = LaunchConfiguration(name).perform(context)
    path = Path(os.path.expanduser(given))  # which, unlike Path's, leaves an unknown ~ as it is
    if not path.exists():
        raise FileNotFoundError(f'{name}:={given}: no such file or folder')
    return str(path)


def room_for_large_messages() -> dict[str, str]:
    """Return the environment in which large images arrive; the user's own, if there is one."""
    profiles = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
    return {} if os.environ.keys() & {*LARGE_MESSAGES, *profiles} else LARGE_MESSAGES


def shut_down(event: ProcessExited, context: LaunchContext) -> Shutdown | None:
    """Return what ends the launch with a process, unless it ends already.

    :raises RuntimeError: if the process failed; then launch ends with status 1
    """
    if context.is_shutdown:
        return None
    if event.returncode:
        raise RuntimeError(f'{event.process_name} ended with exit code {event.returncode}')
    return Shutdown(reason=f'{event.process_name} ended')


def shut_down_if_failed(event: ProcessExited, context: LaunchContext) -> Shutdown | None:
    """Return what ends the launch if a process failed; the player may end, with its bag."""
    return shut_down(event, context) if event.returncode else None


def given_parameters(context: LaunchContext) -> dict[str, str | bool]:
    """Return the values of those arguments that are parameters of the node and not empty."""
    given = {
        name: LaunchConfiguration(name).perform(context)
        for name in STRING_PARAMETERS + BOOLEAN_PARAMETERS
    }
    if LaunchConfiguration('bag').perform(context):
        given['use_sim_time'] = given['use_sim_time'] or 'true'
    return {
        name: BOOLEANS[value] if name in BOOLEAN_PARAMETERS else value
        for name, value in given.items()
        if value
    }
