# SPDX-License-Identifier: Apache-2.0
"""The report of a plan at its beginning."""

from __future__ import annotations

from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.plan import LikelySurface, PlanReport, Rejections, StageTimes
from dexlite_ros.plan_request import PlanRequest


def first_report(
    scene: PlanningScene, request: PlanRequest, times: StageTimes, device: str, model_id: str
) -> PlanReport:
    """
    Return what can be reported of a scene before anything is proposed.

    :param device, model_id: names of device and proposer
    """
    return PlanReport(
        times, Rejections(), num_candidates=0, num_refined=0, num_points=scene.input.num_points,
        seen_fraction=scene.surface.seen_fraction, surface_method=scene.surface.method,
        seed=request.seed, device=device, model_id=model_id, stopped_early=False,
        hypotheses=LikelySurface.list_of(scene.hypotheses), viewpoint=scene.input.viewpoint,
        dropped=scene.input.dropped, warnings=scene.input.warnings)
