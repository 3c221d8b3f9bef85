# SPDX-License-Identifier: Apache-2.0
"""A planner's topics as what the browser shows."""

from __future__ import annotations

from dataclasses import replace
import math

from geometry_msgs.msg import Point, Vector3
import numpy as np
from numpy.typing import NDArray

from dexlite_ros.msg import DexGrasp, DexGraspArray
from dexlite_ros.output.browser.grasp_text import surface_label
from dexlite_ros.output.browser.viewed_plan import GraspFacts, ViewedContact, ViewedPlan
from dexlite_ros.output.plan_geometry import PlanGeometry, WeightedSurface
from dexlite_ros.ros.conversions import METRICS, seconds, staged_grasps

OPTICAL = '_optical_frame'
"""End of the names of frames where z looks ahead and -y is up (REP 103)."""


def viewed_result(
    result: DexGraspArray,
    points: NDArray[np.float64] | None,
    corners: NDArray[np.float64] | None,
) -> ViewedPlan:
    """
    Return a result with at least one grasp, or pair.

    :param points: (N, 3) of the object's cloud, in the frame of the result [m]; None: not known
    :param corners: (T, 3, 3) triangles of the likeliest surface, in the frame of the result [m];
        None: not known
    """
    likely = [(each.method, each.weight) for each in result.hypotheses]
    surfaces = () if corners is None else (WeightedSurface(
        corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3),
        *(likely or [('the likeliest', None)])[0]),)
    frame = result.header.frame_id
    remarks = [f'cloud of {seconds(result.header.stamp):.3f} s', result.model_id]
    if result.object_id:
        remarks.append(f'object {result.object_id}')
    if likely:
        remarks.append('surfaces: ' + '; '.join(surface_label(*each) for each in likely))
    first, *others = (ViewedPlan(
        grasps[0].hand, staged_grasps(DexGraspArray(grasps=grasps)),
        tuple(_facts(each) for each in grasps), PlanGeometry(points, surfaces), frame,
        '-y' if frame.endswith(OPTICAL) else '+z', tuple(remarks),
        tuple(f'{each.code}: {each.message}' for each in result.warnings))
        for grasps in _of_each_hand(result))
    return replace(first, partner=others[0]) if others else first


def _of_each_hand(result: DexGraspArray) -> list[list[DexGrasp]]:
    """Return the grasps of the only hand, or those of the first and the second of each pair."""
    if result.grasps[0].pair < 0:
        return [list(result.grasps)]
    return [list(result.grasps[0::2]), list(result.grasps[1::2])]


def _facts(grasp: DexGrasp) -> GraspFacts:
    energies = {name: _number(getattr(grasp, name)) for name in METRICS}
    contacts = zip(
        grasp.contact_links, grasp.contact_points, grasp.contact_forces, grasp.contact_spreads)
    return GraspFacts(
        float(grasp.score), _number(grasp.success_probability), grasp.contact_pattern,
        _vector(grasp.approach_direction), energies,
        tuple(ViewedContact(link, _vector(point), _vector(force), float(spread))
              for link, point, force, spread in contacts))


def _vector(message: Point | Vector3) -> NDArray[np.float64]:
    return np.array([message.x, message.y, message.z])


def _number(value: float) -> float | None:
    """Return None for a measure that was not computed."""
    return float(value) if math.isfinite(value) else None
