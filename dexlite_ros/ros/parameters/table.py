# SPDX-License-Identifier: Apache-2.0
"""
ROS parameters from frozen settings.

A parameter's name is the path of a field, e.g. ``markers.alpha`` for ``settings.markers.alpha``,
and its default is that of the field. A table adds what ROS needs besides: meaning and range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TYPE_CHECKING, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from dexlite_ros.settings_paths import override

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Settings = TypeVar('Settings', bound='DataclassInstance')
Value = bool | int | float | str | tuple[float, ...]


@dataclass(frozen=True)
class Entry:
    """Description of a parameter, in addition to its settings field."""

    name: str
    """Path of the field."""
    meaning: str
    """One sentence, with the unit and the meaning of 0 or an empty string."""
    lower: float | None = None
    """Smallest allowed value."""
    upper: float | None = None
    """Largest allowed value."""
    read_only: bool = False
    """True: can be set only in a file or on the command line."""
    default: Value | None = None
    """Default value; None: that of the settings field."""

    def descriptor(self, default: Value) -> ParameterDescriptor:
        """Return the descriptor that ``ros2 param describe`` shows."""
        descriptor = ParameterDescriptor(description=self.meaning, read_only=self.read_only)
        if self.lower is None or self.upper is None:
            return descriptor
        if isinstance(default, float):
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(self.lower), to_value=float(self.upper))
            ]
        else:
            descriptor.integer_range = [
                IntegerRange(from_value=int(self.lower), to_value=int(self.upper), step=1)
            ]
        return descriptor


@dataclass(frozen=True)
class ParameterTable(Generic[Settings]):
    """The parameters for one settings class."""

    defaults: Settings
    entries: tuple[Entry, ...]
    build: Callable[[dict[str, Value]], Settings] | None = None
    """Builds the settings from all parameters by name; None: override the defaults with them."""

    def default(self, entry: Entry) -> Value:
        """Return the default of a parameter."""
        if entry.default is not None:
            return entry.default
        value: Value = attrgetter(entry.name)(self.defaults)
        return value

    def declare(self, node: Node) -> None:
        """Declare all parameters; a given value of the wrong type or out of range raises."""
        for entry in self.entries:
            default = self.default(entry)
            value = list(default) if isinstance(default, tuple) else default
            node.declare_parameter(entry.name, value, entry.descriptor(default))

    def read(self, node: Node, changes: Iterable[Parameter] = ()) -> Settings:
        """
        Return the settings for the current parameter values.

        :param node: node that declared the parameters.
        :param changes: values that replace those of the node.
        :raises DexliteError: the settings reject a value.
        """
        values = {entry.name: node.get_parameter(entry.name).value for entry in self.entries}
        values |= {change.name: change.value for change in changes if change.name in values}
        values = {name: _frozen(value) for name, value in values.items()}
        return override(self.defaults, values) if self.build is None else self.build(values)


def _frozen(value: Any) -> Value:
    """Return a parameter value, with arrays (array.array in rclpy) as tuples."""
    return value if isinstance(value, bool | int | float | str) else tuple(value)
