# SPDX-License-Identifier: Apache-2.0
"""The parameters of the segmenter; docs/segmenter.md has their table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

import numpy as np

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.object.scene_parts import SegmentationSettings
from dexlite_ros.ros.parameters.table import Entry, ParameterTable
from dexlite_ros.ros.segmenter.target import TargetChoice


@dataclass(frozen=True)
class SegmenterSettings:
    """The parameters; SEGMENTER_TABLE describes them."""

    target: TargetChoice = 'largest'
    target_point: tuple[float, ...] = (0.0, 0.0, 0.5)
    target_reach: float = 0.1
    viewpoint: tuple[float, ...] = (0.0, 0.0, 0.0)
    viewpoint_frame: str = ''
    up: tuple[float, ...] = (0.0, 0.0, 0.0)
    up_frame: str = ''
    tf_timeout: float = 0.2
    rate: float = 10.0
    max_points: int = 40000
    obstacle_spacing: float = 0.004
    scene: SegmentationSettings = field(default_factory=SegmentationSettings)

    def __post_init__(self) -> None:
        if self.target not in get_args(TargetChoice):
            raise InvalidRequest(
                "parameter 'target'", self.target, f"one of {', '.join(get_args(TargetChoice))}")
        for name in ('target_point', 'viewpoint', 'up'):
            value = getattr(self, name)
            if len(value) != 3 or not np.isfinite(value).all():
                raise InvalidRequest(f"parameter '{name}'", value, 'three finite numbers')
        length = float(np.linalg.norm(self.up))
        if length and abs(length - 1.0) > 0.01:
            raise InvalidRequest(
                "parameter 'up'", self.up, 'a vector of length 1, or zeros where it is unknown')


SEGMENTER_TABLE = ParameterTable(SegmenterSettings(), (
    Entry(
        'target', 'Which object is meant: largest (of the most points), nearest (to the sensor), '
        'centre (nearest to the middle of the image), or point (nearest to target_point).'),
    Entry('target_point', "A place in the cloud's frame [m]; used with target: point."),
    Entry(
        'target_reach', 'With target: point, no object is published if none is so near to it [m].',
        0.001, 10.0),
    Entry('viewpoint', 'Position of the sensor in viewpoint_frame [m].'),
    Entry(
        'viewpoint_frame', "Frame of viewpoint, looked up in tf at the cloud's time, such as the "
        "camera's optical frame for clouds in base_link; empty: the cloud's frame."),
    Entry(
        'up', 'Unit vector against gravity in up_frame; level planes alone are supports then; '
        'zeros: unknown.'),
    Entry('up_frame', "Frame of up, looked up in tf; empty: the cloud's frame."),
    Entry('tf_timeout', 'Longest wait for a transform [s].', 0.0, 10.0),
    Entry(
        'rate', 'Clouds that are processed per second at most, the newest first; 0: all [Hz].',
        0.0, 1000.0),
    Entry(
        'max_points', 'Clouds with more points are thinned evenly before they are published.',
        100, 10000000),
    Entry(
        'obstacle_spacing', 'obstacle_cloud is thinned to one point per cube of this side [m].',
        0.0005, 0.1),
    Entry('scene.max_range', 'Points farther from the sensor are left out [m].', 0.05, 100.0),
    Entry('scene.max_height', 'Points higher above the support are left out [m].', 0.01, 100.0),
    Entry(
        'scene.gap', 'Points farther apart than this are of different objects [m].', 0.001, 1.0),
    Entry('scene.min_points', 'An object has at least so many points.', 1, 1000000),
    Entry(
        'scene.voxel', 'The scene is thinned to one point per cube of this side to find its '
        'parts [m].', 0.0005, 0.1),
    Entry('scene.min_size', 'Smallest longest side of an object [m].', 0.001, 1.0),
    Entry('scene.max_size', 'Largest longest side of an object [m].', 0.01, 10.0),
    Entry(
        'scene.min_height', 'An object rises at least so much above its support, and nine times '
        "the support's noise [m].", 0.0005, 1.0),
    Entry(
        'scene.max_clearance', 'An object is at most this far beside what was seen of its '
        'support, which it may hide [m].', 0.001, 1.0),
    Entry(
        'scene.max_cut', "Largest share of an object's width that lies on the border of the "
        'image; less than that is a warning.', 0.01, 1.0),
    Entry(
        'scene.min_support', 'Size from which a flat area may be a support [m^2].', 0.004, 10.0),
))
