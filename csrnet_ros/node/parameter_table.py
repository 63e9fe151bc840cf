"""What a table of parameters is: rows, how ROS gets to know them, and how they change."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

ReadAt = Literal['start', 'configure', 'load', 'live']

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
    :param read_at: a ``live`` parameter changes at any time, and so does a ``load`` one, which
        counts when weights are loaded; a ``configure`` one changes while the node is
        unconfigured, a ``start`` one never
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


def parameter(default: Any, description: str, **row: Any) -> Any:
    """Return a field of a table of settings, with its row."""
    return field(default=default, metadata={'row': ParameterRow(description, **row)})


@dataclass(frozen=True, slots=True)
class Settings:
    """Parameters of one table; every field of a subclass is made by ``parameter``.

    :raises ValueError: if a value is not one that its row allows
    """

    def __post_init__(self) -> None:
        for name, row in parameter_rows(type(self)).items():
            row.check(name, getattr(self, name))


Table = TypeVar('Table', bound=Settings)


def parameter_rows(table: type[Settings]) -> dict[str, ParameterRow]:
    """Return the rows of a table by parameter name."""
    return {field.name: field.metadata['row'] for field in fields(table)}


def declare_parameters(node: Node, defaults: Table, *, prefix: str = '') -> Table:
    """Declare every parameter of a table on ``node`` and return what they were set to.

    :param prefix: what stands before each name, for instance ``front.``
    :raises rclpy.exceptions.ParameterException: if a value has the wrong type or range
    :raises ValueError: if a value is not one of the choices, or does not fit another one
    """
    values = {}
    for name, row in parameter_rows(type(defaults)).items():
        default = getattr(defaults, name)
        value = node.declare_parameter(prefix + name, default, row.descriptor(default)).value
        # ROS has no type for an empty list, and no value for it.
        values[name] = tuple(value or ()) if isinstance(default, tuple) else value
    try:
        return type(defaults)(**values)
    except ValueError as error:
        raise ValueError(f'{prefix}{error}') from error


QOS = 'qos_overrides.'


def check_overrides(node: Node, *, nameless: Collection[str] = ()) -> None:
    """Look for values that were given for parameters which ``node`` does not have.

    ROS takes no notice of them. One whose name is a parameter's with a slip is an error; others
    are logged, since a file may hold parameters of several nodes, some much like ours.

    :param nameless: parameters of a camera without a name, which there need not be
    :raises ValueError: if a name is a slip of the pen
    """
    known = list(node.get_parameters_by_prefix(''))
    unused = [name for name in _given(node) if name not in known and not name.startswith(QOS)]
    for name in unused:
        if name in nameless:
            continue
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        meant = f'; do you mean {nearest[0]!r}?' if nearest else ''
        # A slip swaps or replaces letters, or adds or drops one; more is a word that is meant.
        if nearest and abs(len(name) - len(nearest[0])) <= 1:
            raise ValueError(f'there is no parameter {name!r}{meant}')
        node.get_logger().warning(f'there is no parameter {name!r}, its value is not used{meant}')
    if idle := [name for name in unused if name in nameless]:
        node.get_logger().warning(
            f'there is no camera without a name: values not used: {", ".join(idle)}'
        )


def check_qos_overrides(node: Node) -> None:
    """Log which policies were given for topics that ``node`` does not have, or cannot take."""
    for name in _given(node):
        if name.startswith(QOS) and not node.has_parameter(name):
            node.get_logger().warning(
                f'there is no {name!r}; its value is not used: history, depth and reliability '
                'of topics by their full names, as ros2 node info shows them, can be overridden'
            )


def _given(node: Node) -> list[str]:
    return list(node._parameter_overrides)  # rclpy has no other way to ask for them


def change_settings(
    settings: Table, changes: dict[str, Any], *, configured: bool, prefix: str = ''
) -> Table:
    """Return ``settings`` with ``changes``; names that are not in the table are left alone.

    :param configured: whether the node is past configuring
    :param prefix: what stands before the names of the table in ``changes``
    :raises ValueError: if a value is impossible, or its parameter may not change now
    """
    rows = parameter_rows(type(settings))
    given = {name: changes[prefix + name] for name in rows if prefix + name in changes}
    given = {
        name: tuple(value) if isinstance(getattr(settings, name), tuple) else value
        for name, value in given.items()
    }
    try:
        changed = replace(settings, **given)
    except ValueError as error:
        raise ValueError(f'{prefix}{error}') from error
    for name in given:
        read_at = rows[name].read_at
        settled = read_at == 'start' or (read_at == 'configure' and configured)
        if settled and getattr(changed, name) != getattr(settings, name):
            raise ValueError(f'{prefix}{name} {REFUSALS[read_at]}')
    return changed
