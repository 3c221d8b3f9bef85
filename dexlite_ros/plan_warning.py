# SPDX-License-Identifier: Apache-2.0
"""Warnings about the input of a plan: a stable code for programs, a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass

WARNINGS = {
    'viewpoint_contradicted':
        'The given or stored position of the sensor does not explain the cloud and was not used.',
    'viewpoint_doubtful':
        'Seen from the stated position of the sensor, the object looks hollow, as a bowl does.',
    'part_missing':
        'The cloud covers several sides, but a large part of the object was not measured.',
    'hardly_seen': 'Most of the surface was inferred; the scores are less certain.',
    'partly_hidden':
        "Something nearer to the camera stands along more than a quarter of the object's outline "
        'and may hide a part of it.',
    'cut_by_image_border':
        'The object reaches the border of the image; what is beyond is not known.',
    'hardly_above_support':
        'The points are hardly higher than the errors of the support; perhaps there is no object.',
    'points_dropped': 'A large share of the points was not used.',
    'far_points': 'Points far from the object were dropped.',
    'several_objects': 'The cloud holds several objects; grasps are of the largest.',
    'objects_touch':
        'The cloud may be of two objects that touch; grasps are of both as one.',
    'support_in_cloud': 'The cloud holds the plane that the object stands on; it was cut off.',
    'object_in_obstacles': 'The obstacle cloud holds points on the object; they were dropped.',
    'too_flat':
        'The object lies so flat on its support that fingers cannot press on its sides; no grasp '
        'is returned.',
    'no_opposite_sides':
        'No two opposite sides of the object that fingers reach are near enough to each other; no '
        'grasp is returned.',
    'one_hand_suffices':
        'Two hands were asked for, but one spans the object and its squeeze carries the mass.',
    'too_uncertain':
        'No grasp reaches the lowest score that was asked for; the message says what would help.',
    'score_of_other_hands':
        'The scores come from a success model that was not fitted to grasps of this hand.',
    'obstacles_empty': 'The obstacle cloud has no finite point; nothing is avoided.',
}
"""What each code means. Codes are stable: new ones are added, none changes its meaning."""


@dataclass(frozen=True)
class PlanWarning:
    """Something about the input that the planner mended or could not know."""

    code: str
    """One of ``WARNINGS``."""
    message: str
    """One sentence with the numbers of this plan."""

    def __post_init__(self) -> None:
        if self.code not in WARNINGS:
            raise ValueError(f"warning code '{self.code}' is not one of {', '.join(WARNINGS)}")

    def __str__(self) -> str:
        return f'{self.code}: {self.message}'
