"""Print, as JSON, what the package says of itself: parameters, topics, services and commands.

The documentation is made of it, and README.md is checked against it. Topics and services are read
off a node that really runs, so that nothing has to be listed a second time.
"""

import contextlib
import importlib
import io
import json
import os
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points
from typing import Any

import rclpy
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile

from csrnet_ros.cli.bench_options import COMMANDS as BENCHMARKS
from csrnet_ros.cli.domain import own_domain
from csrnet_ros.node import parameters as node_parameters
from csrnet_ros.node.messages import TRANSPORTS
from csrnet_ros.node.parameter_table import Settings, parameter_rows
from csrnet_ros.node.segmentation_node import SegmentationNode

SMALL = {'device': 'cpu', 'backend': 'torch', 'image_width': 64, 'image_height': 64}
HELP_COLUMNS = 92

Row = dict[str, Any]


def main() -> None:
    """Print the description."""
    # Nothing leaves this machine, and no node of others is met on it.
    os.environ |= own_domain()
    os.environ['FASTDDS_BUILTIN_TRANSPORTS'] = 'UDPv4'  # no word of other processes' memory
    os.environ['COLUMNS'] = str(HELP_COLUMNS)
    out, sys.stdout = sys.stdout, sys.stderr  # whatever else is printed is not the answer
    description = {'parameters': parameters(), **interface(), 'commands': commands()}
    json.dump(description, out, indent=1)


def parameters() -> list[Row]:
    """Return a row for each parameter of every table, with the default that ROS shows."""
    return [
        {
            'name': name,
            'table': table.__name__,
            'type': type(getattr(table(), name)).__name__,
            'default': getattr(table(), name),
            'bounds': row.bounds,
            'choices': row.choices,
            'read_at': row.read_at,
            'description': row.description,
        }
        for table in vars(node_parameters).values()
        if isinstance(table, type) and issubclass(table, Settings) and table is not Settings
        for name, row in parameter_rows(table).items()
    ]


def interface() -> dict[str, list[Row]]:
    """Return the topics and services that an active node has, however its images come."""
    found: dict[str, dict[str, Row]] = {'topics': {}, 'services': {}}
    for transport in TRANSPORTS:
        given = {**SMALL, 'transport': transport, 'autostart': 'false'}
        words = [word for name, value in given.items() for word in ('-p', f'{name}:={value}')]
        rclpy.init(args=['--ros-args', '--log-level', 'error', *words])
        try:
            node = SegmentationNode()
            if not node.start():
                sys.exit('the node cannot be started, for the reason above')
            rows = topic_rows('out', node.publishers) + topic_rows('in', node.subscriptions)
            found['topics'] |= {row['name']: row for row in rows}
            found['services'] |= {row['name']: row for row in service_rows(node)}
            node.release()
        finally:
            rclpy.try_shutdown()
    return {kind: list(rows.values()) for kind, rows in found.items()}


def service_rows(node: LifecycleNode) -> list[Row]:
    """Return a row for each service that other lifecycle nodes have not."""
    usual = {service.srv_name.rsplit('/')[-1] for service in LifecycleNode('other').services}
    return [
        {
            'name': node.resolve_service_name(service.srv_name),
            'type': type_name(service.srv_type),
        }
        for service in node.services
        if service.srv_name.rsplit('/')[-1] not in usual
    ]


def topic_rows(direction: str, ends: Iterable[Any]) -> list[Row]:
    """Return a row for each publisher or subscription, but for what every ROS node has."""
    return [
        {
            'name': end.topic_name,
            'direction': direction,
            'type': type_name(end.msg_type),
            'qos': qos_words(end.qos_profile),
        }
        for end in ends
        if end.topic_name not in ('/parameter_events', '/rosout')
    ]


def type_name(kind: type) -> str:
    """Return the name of a message or service type as ROS 2 writes it, without its folder."""
    return f'{kind.__module__.split(".")[0]}/{kind.__name__}'


def qos_words(qos: QoSProfile) -> str:
    """Return reliability and depth in words, and durability where it is not the usual one."""
    words = [qos.reliability.name.lower().replace('_', ' '), f'depth {qos.depth}']
    if qos.durability.name == 'TRANSIENT_LOCAL':
        words.append('transient local')
    return ', '.join(words)


def commands() -> dict[str, str]:
    """Return the help text of every command line, subcommands included."""
    found = {}
    for point in sorted(entry_points(group='console_scripts'), key=lambda point: point.name):
        if point.value.startswith('csrnet_ros.cli.'):
            module = importlib.import_module(point.module)
            kinds = BENCHMARKS if point.name == 'csrnet-bench' else ()
            for words in ([point.name], *([point.name, kind] for kind in kinds)):
                found[' '.join(words)] = help_text(module.main, words)
    return found


def help_text(main_function: Any, words: list[str]) -> str:
    """Return what a command prints when asked for help."""
    sys.argv = [*words, '--help']
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
        main_function()
    return text.getvalue()


if __name__ == '__main__':
    main()
