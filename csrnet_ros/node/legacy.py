"""What a process that has lost its device leaves to the one that takes its place.

After most errors of CUDA every further call fails for as long as the process lives: only a new one
gets the device back.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from rclpy.node import Node

from csrnet_ros.errors import DeviceError
from csrnet_ros.node.faults import Faults
from csrnet_ros.node.parameters import NodeSettings

VARIABLE = 'CSRNET_LEGACY'


@dataclass(frozen=True, slots=True)
class Legacy:
    """How an active node stood when its process had to end.

    :param parameters: its parameters' values by name, some of which were changed while it ran
    """

    parameters: dict[str, Any]
    faults: Faults

    @classmethod
    def of(cls, node: Node, faults: Faults, *, served: NodeSettings) -> 'Legacy':
        """Return what ``node`` leaves.

        :param served: the settings by which the weights in use were found; others, set since, have
            not proven themselves
        """
        known = node.get_parameters_by_prefix('')
        # ROS has no type for an empty list.
        values = {name: one.value for name, one in known.items() if one.value not in (None, [])}
        values |= {'variant': served.variant, 'weights': served.weights}
        return cls(values, faults)

    @classmethod
    def take(cls) -> 'Legacy | None':
        """Return what the process before this one left; None if there was none.

        :raises ValueError: if it is something else
        """
        left = os.environ.pop(VARIABLE, '')
        if not left:
            return None
        try:
            fields = json.loads(left)
            return cls(fields['parameters'], Faults(**fields['faults']))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f'{VARIABLE} is {left!r}, which no node has left; only nodes set it: unset it'
            ) from error

    def leave(self) -> NoReturn:
        """Become a new process: the same command, number, parent and terminal."""
        sys.stdout.flush()
        sys.stderr.flush()
        left = json.dumps(asdict(self), default=list)
        command = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, command, os.environ | {VARIABLE: left})


class DeviceLostError(DeviceError):
    """This process can use its device no more.

    :param legacy: for the process that takes over
    """

    def __init__(self, legacy: Legacy) -> None:
        super().__init__(legacy.faults.last)
        self.legacy = legacy
