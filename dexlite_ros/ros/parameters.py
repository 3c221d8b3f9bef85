"""
The node's ROS parameters: one table, read into frozen settings.

A parameter's name is the path of the settings' field, e.g. ``markers.alpha`` for
``NodeSettings.markers.alpha`` and ``optimizer.iterations`` for a field of the planner's own
settings, which the table of planner_parameters.py lists. config/planner.yaml and the table in
docs/node.md are written from the same tables (parameter_docs.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_type_hints, TypeVar

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from dexlite_ros.errors import DexliteError, InvalidRequest
from dexlite_ros.ros.markers import MarkerStyle

Settings = TypeVar('Settings')


@dataclass(frozen=True)
class Declaration:
    """One ROS parameter."""

    name: str
    default: bool | int | float | str | tuple[float, ...]
    meaning: str
    """One sentence with unit and the meaning of 0 or empty."""
    lower: float | None = None
    """Smallest allowed value, itself allowed."""
    upper: float | None = None
    """Largest allowed value, itself allowed."""
    read_only: bool = False
    """True: only the file or the command line sets it."""

    def descriptor(self) -> ParameterDescriptor:
        """Return what ``ros2 param describe`` shows."""
        descriptor = ParameterDescriptor(description=self.meaning, read_only=self.read_only)
        if self.lower is not None and isinstance(self.default, float):
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(self.lower), to_value=float(self.upper))
            ]
        elif self.lower is not None:
            descriptor.integer_range = [
                IntegerRange(from_value=int(self.lower), to_value=int(self.upper), step=1)
            ]
        return descriptor


@dataclass(frozen=True)
class MarkerSettings:
    """What RViz is sent."""

    enabled: bool
    max_hands: int
    alpha: float

    @property
    def style(self) -> MarkerStyle:
        """The part the drawing needs."""
        return MarkerStyle(self.max_hands, self.alpha)


@dataclass(frozen=True)
class TransformSettings:
    """How transforms are looked up."""

    timeout: float


@dataclass(frozen=True)
class TrajectorySettings:
    """When the hand trajectory reaches each stage [s]."""

    times: tuple[float, float, float]

    def __post_init__(self) -> None:
        if len(self.times) != 3 or not 0 < self.times[0] < self.times[1] < self.times[2]:
            raise InvalidRequest('trajectory.times', self.times, 'three increasing times above 0')


@dataclass(frozen=True)
class DiagnosticSettings:
    """How often the node reports on itself."""

    period: float


@dataclass(frozen=True)
class NodeSettings:
    """What the node itself, not the planner, is told."""

    hand: str
    device: str
    autostart: bool
    warm_up: bool
    object_id: str
    target_frame: str
    approach_tolerance: float
    seed: int
    timeout: float
    queue_size: int
    max_cloud_age: float
    publish_trajectory: bool
    tf: TransformSettings
    trajectory: TrajectorySettings
    markers: MarkerSettings
    diagnostics: DiagnosticSettings


NODE_PARAMETERS: tuple[Declaration, ...] = (
    Declaration(
        'hand', 'shadow_right', 'Hand to plan for; known: shadow_right.', read_only=True),
    Declaration(
        'device', 'auto', 'Where to compute: auto (CUDA if there is one), cpu, cuda or cuda:N.',
        read_only=True),
    Declaration(
        'autostart', True,
        'true: the node configures and activates itself. false: a lifecycle manager does.',
        read_only=True),
    Declaration(
        'warm_up', True,
        'true: plan once while configuring, so that the first call is as fast as the others.',
        read_only=True),
    Declaration('object_id', '', 'Name of the object when a request gives none.'),
    Declaration(
        'target_frame', '', "Frame of the results when a request gives none; empty: the cloud's."),
    Declaration(
        'approach_tolerance', 0.8,
        'Largest angle to the wanted approach direction when a request gives none [rad].',
        0.01, 3.15),
    Declaration(
        'seed', 0, 'Seed when a request gives none; 0: a new one for each call, reported back.',
        0, 2**62),
    Declaration(
        'timeout', 10.0,
        'Time budget of a request that gives none [s]; the best grasps so far are returned.',
        0.1, 120.0),
    Declaration(
        'queue_size', 1,
        'Requests that may wait beside the running one; another is answered BUSY at once.',
        0, 16),
    Declaration(
        'max_cloud_age', 2.0,
        'Oldest cloud taken from a topic [s], by the stamp in its header; 0: any age.',
        0.0, 3600.0),
    Declaration(
        'publish_trajectory', False,
        'true: the best hand trajectory is published on ~/hand_trajectory. A controller that '
        'listens there moves the hand.', read_only=True),
    Declaration('tf.timeout', 0.2, 'How long to wait for a transform [s].', 0.0, 10.0),
    Declaration(
        'trajectory.times', (1.0, 2.0, 2.5),
        'When the hand trajectory reaches pregrasp, grasp and squeeze [s], increasing.'),
    Declaration('markers.enabled', True, 'true: grasps are drawn on ~/markers.'),
    Declaration('markers.max_hands', 3, 'Draw this many of the best grasps.', 1, 100),
    Declaration(
        'markers.alpha', 0.7, 'Opacity of the best hand; the others have half of it.', 0.0, 1.0),
    Declaration(
        'diagnostics.period', 1.0, 'Time between two messages on /diagnostics [s].', 0.1, 60.0,
        read_only=True),
)


def declare(node: Node, table: Iterable[Declaration]) -> None:
    """Declare the parameters of ``table``; values of the wrong type or range raise."""
    for entry in table:
        default = list(entry.default) if isinstance(entry.default, tuple) else entry.default
        node.declare_parameter(entry.name, default, entry.descriptor())


def values(
    node: Node, table: Iterable[Declaration], changes: Iterable[Parameter] = ()
) -> dict[str, Any]:
    """Return the values by name, ``changes`` taking the place of the node's."""
    names = [entry.name for entry in table]
    found = {name: node.get_parameter(name).value for name in names}
    found |= {change.name: change.value for change in changes if change.name in found}
    return {
        name: tuple(value) if hasattr(value, '__len__') and not isinstance(value, str) else value
        for name, value in found.items()
    }


def build(kind: type[Settings], by_path: Mapping[str, Any], prefix: str = '') -> Settings:
    """
    Return the settings whose fields, by path, have these values; others keep their default.

    :param kind: a dataclass, nested ones included.
    :param by_path: e.g. {'markers.alpha': 0.7}.
    :param prefix: path of ``kind`` itself, ending in a dot.
    :raises DexliteError: the settings refuse a value.
    """
    hints = get_type_hints(kind)
    arguments = {}
    for field in fields(kind):
        path = prefix + field.name
        if is_dataclass(hints[field.name]):
            arguments[field.name] = build(hints[field.name], by_path, path + '.')
        elif path in by_path:
            arguments[field.name] = by_path[path]
    return kind(**arguments)


def node_settings(node: Node, changes: Iterable[Parameter] = ()) -> NodeSettings:
    """Return the node's settings as they are now, or would be with ``changes``."""
    return build(NodeSettings, values(node, NODE_PARAMETERS, changes))


def verdict(*attempts: tuple[type, dict[str, Any]]) -> SetParametersResult:
    """Tell whether all settings accept their values, with the reason where one does not."""
    try:
        for kind, by_path in attempts:
            build(kind, by_path)
    except DexliteError as error:
        return SetParametersResult(successful=False, reason=str(error))
    return SetParametersResult(successful=True)
