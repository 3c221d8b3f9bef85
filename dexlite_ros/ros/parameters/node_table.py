# SPDX-License-Identifier: Apache-2.0
"""The parameters of the node itself, as opposed to the planner's."""

from __future__ import annotations

from dataclasses import dataclass, field

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.known_hands import DEFAULT_HAND, OWN_HANDS
from dexlite_ros.ros.markers import MarkerStyle
from dexlite_ros.ros.parameters.table import Entry, ParameterTable


@dataclass(frozen=True)
class MarkerSettings:
    """Markers for RViz."""

    enabled: bool = True
    max_hands: int = 3
    alpha: float = 0.7

    @property
    def style(self) -> MarkerStyle:
        """Return the settings that drawing needs."""
        return MarkerStyle(self.max_hands, self.alpha)


@dataclass(frozen=True)
class TransformSettings:
    """Lookup of transforms."""

    timeout: float = 0.2


@dataclass(frozen=True)
class TrajectorySettings:
    """Times at which the hand trajectory reaches each stage [s]."""

    times: tuple[float, float, float] = (1.0, 2.0, 2.5)

    def __post_init__(self) -> None:
        # An array parameter may have any length.
        times: tuple[float, ...] = self.times
        if len(times) != 3 or not 0 < times[0] < times[1] < times[2]:
            raise InvalidRequest('trajectory.times', self.times, 'three increasing times above 0')


@dataclass(frozen=True)
class DiagnosticSettings:
    """Rate of the diagnostics."""

    period: float = 1.0


@dataclass(frozen=True)
class NodeSettings:
    """The node's parameters; NODE_TABLE describes them."""

    hand: str = DEFAULT_HAND
    device: str = 'auto'
    autostart: bool = True
    warm_up: bool = True
    object_id: str = ''
    target_frame: str = ''
    approach_tolerance: float = 0.8
    seed: int = 0
    timeout: float = 20.0
    queue_size: int = 1
    max_cloud_age: float = 2.0
    max_cloud_lead: float = 0.1
    publish_trajectory: bool = False
    tf: TransformSettings = field(default_factory=TransformSettings)
    trajectory: TrajectorySettings = field(default_factory=TrajectorySettings)
    markers: MarkerSettings = field(default_factory=MarkerSettings)
    diagnostics: DiagnosticSettings = field(default_factory=DiagnosticSettings)


NODE_TABLE = ParameterTable(NodeSettings(), (
    Entry(
        'hand',
        f'Hand to plan for: {", ".join(OWN_HANDS)}, or the path of a hand profile (.yaml).',
        read_only=True),
    Entry(
        'device',
        'Device to compute on: auto (the CPU, where plans are faster), cpu, cuda or cuda:N.',
        read_only=True),
    Entry(
        'autostart',
        'true: the node configures and activates itself. false: a lifecycle manager does.',
        read_only=True),
    Entry(
        'warm_up',
        'true: plan once while configuring, so that the first call is as fast as later ones.',
        read_only=True),
    Entry('object_id', 'Name of the object if a request gives none.'),
    Entry(
        'target_frame', "Frame of the results if a request gives none; empty: the cloud's frame."),
    Entry(
        'approach_tolerance',
        'Largest angle to the requested approach direction if a request gives no tolerance [rad].',
        0.01, 3.15),
    Entry(
        'seed', 'Seed if a request gives none; 0: draw a new one for each call and report it.',
        0, 4294967295),
    Entry(
        'timeout',
        'Time budget of a request that gives none [s]; when it is spent, the best grasps so far '
        'are returned.', 0.1, 600.0),
    Entry(
        'queue_size',
        'Requests that may wait while one is running; any more are answered BUSY at once.',
        0, 16),
    Entry(
        'max_cloud_age',
        'Largest age of a cloud from a topic [s], by the stamp in its header; 0: any age.',
        0.0, 3600.0),
    Entry(
        'max_cloud_lead',
        'Largest lead of such a stamp over the clock of this node [s]; not considered if '
        'max_cloud_age is 0.', 0.0, 3600.0),
    Entry(
        'publish_trajectory',
        'true: publish the best hand trajectory on ~/hand_trajectory. A controller that '
        'subscribes to it moves the hand.', read_only=True),
    Entry('tf.timeout', 'How long to wait for a transform [s].', 0.0, 10.0),
    Entry(
        'trajectory.times',
        'Times at which the hand trajectory reaches pregrasp, grasp and squeeze [s], increasing.'),
    Entry('markers.enabled', 'true: publish grasps as markers on ~/markers.'),
    Entry('markers.max_hands', 'Number of best grasps to draw.', 1, 100),
    Entry('markers.alpha', 'Opacity of the best hand; the others have half of it.', 0.0, 1.0),
    Entry(
        'diagnostics.period', 'Time between two messages on /diagnostics [s].', 0.1, 60.0,
        read_only=True),
))
