"""The node's parameters: one table of types, defaults, ranges, and when each may change."""

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from csrnet_ros.inference.backends import BACKENDS
from csrnet_ros.model import MIN_SIDE_PX, VARIANTS

ReadAt = Literal['start', 'configure', 'live']

MAX_SIDE_PX = 16384

REFUSALS: dict[ReadAt, str] = {
    'start': 'is read once, when the node starts: give it on the command line, in the parameter '
    'file or in the launch file',
    'configure': 'is read when the node is configured: set it at start, or deactivate and clean '
    'up the node first',
}


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """What the parameter table says of one parameter.

    :param description: shown by ``ros2 param describe``
    :param read_at: a ``live`` parameter changes at any time, a ``configure`` one while the node
        is unconfigured, a ``start`` one never
    :param bounds: smallest and largest value of a number
    :param choices: the valid values of a string; empty if any will do
    """

    description: str
    read_at: ReadAt = 'configure'
    bounds: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()

    def check(self, name: str, value: object) -> None:
        """Raise ValueError if ``value`` is not one that the row allows."""
        if self.choices and value not in self.choices:
            raise ValueError(f'{name} is {value!r}; choose one of {", ".join(self.choices)}')
        if self.bounds is None:
            return
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise ValueError(f'{name} is {value!r}; it must be a number')
        low, high = self.bounds
        if not low <= value <= high:
            raise ValueError(f'{name} is {value}; it must lie in {low} to {high}')

    def descriptor(self, default: object) -> ParameterDescriptor:
        """Return the row in ROS's form, for a parameter of the type of ``default``."""
        descriptor = ParameterDescriptor(description=self.description)
        if self.choices:
            descriptor.additional_constraints = f'one of {", ".join(self.choices)}'
        if isinstance(default, float):
            # A whole number is a fine frequency: statically typed, ROS would refuse "10".
            descriptor.dynamic_typing = True
        if self.bounds is not None and isinstance(default, float):
            low, high = self.bounds
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
        elif self.bounds is not None:
            low, high = (int(bound) for bound in self.bounds)
            descriptor.integer_range = [IntegerRange(from_value=low, to_value=high)]
        return descriptor


def _parameter(default: Any, description: str, **row: Any) -> Any:
    return field(default=default, metadata={'row': ParameterRow(description, **row)})


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """Every parameter of the node, read and checked; each field is its row of the table.

    :raises ValueError: if a value is not one that its row allows
    """

    variant: str = _parameter(
        next(iter(VARIANTS)),
        'network whose shipped weights are used while weights is empty',
        choices=tuple(VARIANTS),
    )
    weights: str = _parameter(
        '', 'weights file to load, which also says what its variant is; empty: the shipped ones'
    )
    image_topic: str = _parameter(
        'camera/image_raw', 'sensor_msgs/Image topic to label; relative names get the namespace'
    )
    device: str = _parameter(
        'auto', 'where the network runs: auto, cpu, cuda, cuda:0, cuda:1, ...'
    )
    half: bool = _parameter(True, 'compute in half precision on a GPU; a CPU always uses float32')
    backend: str = _parameter(
        'auto',
        'what runs the network; auto: the fastest that is installed for the device',
        choices=BACKENDS,
    )
    threads: int = _parameter(
        0, 'CPU threads to compute with; 0: one for each core', bounds=(0, 1024)
    )
    image_width: int = _parameter(
        640,
        'width of the images expected, in pixels, to warm the network up',
        bounds=(MIN_SIDE_PX, MAX_SIDE_PX),
    )
    image_height: int = _parameter(
        480,
        'height of the images expected, in pixels, to warm the network up',
        bounds=(MIN_SIDE_PX, MAX_SIDE_PX),
    )
    working_width: int = _parameter(
        0,
        'width at which the network works, in pixels: smaller is faster and less accurate; '
        "0: the image's own",
        bounds=(0, MAX_SIDE_PX),
    )
    working_height: int = _parameter(
        0,
        "height at which the network works, in pixels; 0: the image's own",
        bounds=(0, MAX_SIDE_PX),
    )
    overlay_opacity: float = _parameter(
        0.5,
        'weight of the class colours in the overlay, 0 (image only) to 1 (colours only)',
        read_at='live',
        bounds=(0.0, 1.0),
    )
    rate_limit_hz: float = _parameter(
        0.0, 'most frames labelled per second; 0: no limit', read_at='live', bounds=(0.0, 1000.0)
    )
    enable: bool = _parameter(
        True, 'false: frames are counted as dropped and not labelled', read_at='live'
    )
    autostart: bool = _parameter(
        True, 'configure and activate by itself at start', read_at='start'
    )

    def __post_init__(self) -> None:
        for name, row in parameter_rows().items():
            row.check(name, getattr(self, name))
        if (self.working_width == 0) != (self.working_height == 0):
            raise ValueError(
                f'working_width is {self.working_width} and working_height is '
                f'{self.working_height}; set both, or leave both at 0'
            )

    @property
    def working_size(self) -> tuple[int, int] | None:
        """Height and width at which the network works, in pixels; None: the image's own."""
        return (self.working_height, self.working_width) if self.working_width else None


def parameter_rows() -> dict[str, ParameterRow]:
    """Return the parameter table: rows by parameter name."""
    return {parameter.name: parameter.metadata['row'] for parameter in fields(NodeSettings)}


def declare_parameters(node: Node) -> NodeSettings:
    """Declare every parameter of the table on ``node`` and return what they were set to.

    :raises rclpy.exceptions.ParameterException: if a value has the wrong type or range
    :raises ValueError: if a value is not one of the choices, or does not fit another one
    """
    for parameter in fields(NodeSettings):
        row, default = parameter.metadata['row'], parameter.default
        node.declare_parameter(parameter.name, default, row.descriptor(default))
    names = [parameter.name for parameter in fields(NodeSettings)]
    return NodeSettings(**{name: node.get_parameter(name).value for name in names})


def change_settings(
    settings: NodeSettings, changes: dict[str, Any], *, configured: bool
) -> NodeSettings:
    """Return ``settings`` with ``changes``; names that are not in the table are left alone.

    :param configured: whether the node is past configuring
    :raises ValueError: if a value is impossible, or its parameter may not change now
    """
    rows = parameter_rows()
    changes = {name: value for name, value in changes.items() if name in rows}
    changed = replace(settings, **changes)
    for name in changes:
        read_at = rows[name].read_at
        settled = read_at == 'start' or (read_at == 'configure' and configured)
        if settled and getattr(changed, name) != getattr(settings, name):
            raise ValueError(f'{name} {REFUSALS[read_at]}')
    return changed
