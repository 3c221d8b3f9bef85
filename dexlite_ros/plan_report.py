# SPDX-License-Identifier: Apache-2.0
"""The report of a plan at its beginning, and the error when it ends with nothing."""

from __future__ import annotations

from dataclasses import replace

from dexlite_ros.errors import NoGraspFound
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.plan import LikelySurface, PlanReport, Rejections, StageTimes
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.plan_warning import PlanWarning

WELL_SEEN = 0.6
"""Share of the surface from which seeing more of it is not the first advice."""
NOISY = 0.0015
"""Error of measured points from which going nearer is advised [m]."""


def first_report(
    scene: PlanningScene, request: PlanRequest, times: StageTimes, device: str, model_id: str,
    warnings: tuple[PlanWarning, ...] = (),
) -> PlanReport:
    """
    Return what can be reported of a scene before anything is proposed.

    :param device, model_id: names of device and proposer
    :param warnings: those of every plan
    """
    return PlanReport(
        times, Rejections(), num_candidates=0, num_refined=0, num_points=scene.input.num_points,
        seen_fraction=scene.surface.seen_fraction, surface_method=scene.surface.method,
        seed=request.seed, device=device, model_id=model_id, stopped_early=False,
        hypotheses=LikelySurface.list_of(scene.hypotheses), viewpoint=scene.input.viewpoint,
        dropped=scene.input.dropped, warnings=(*scene.input.warnings, *warnings))


def about_the_score(hand: str, fits: bool) -> tuple[PlanWarning, ...]:
    """
    Return the warning that the success model was not fitted to a hand; empty if it was.

    :param hand: its name
    :param fits: whether it was
    """
    if fits:
        return ()
    return (PlanWarning(
        'score_of_other_hands',
        f"no success model was fitted to grasps of '{hand}': the scores rank its grasps, and "
        'are probabilities only roughly; fit one with dexlite label and dexlite calibrate'),)


def nothing_found(
    scene: PlanningScene, report: PlanReport, best: float, min_score: float
) -> NoGraspFound:
    """
    Return the error of a plan without a grasp; it says what would help.

    :param report: of the whole plan
    :param best: best score of the grasps that pass all other filters
    """
    if not report.rejected.score:
        return NoGraspFound(
            f'all {report.num_refined or report.num_candidates} candidates were rejected '
            f'({report.rejected.summary()}); raise num_candidates, relax the filter that rejects '
            'the most, or check the cloud', report, scene.surfaces_of_input())
    reason = PlanWarning(
        'too_uncertain',
        f'the best of {report.rejected.score} grasps scored {best:.2f}, less than min_score = '
        f'{min_score:.2f}: {advice(scene)}')
    return NoGraspFound(
        reason.message, replace(report, warnings=(*report.warnings, reason)),
        scene.surfaces_of_input())


def advice(scene: PlanningScene) -> str:
    """Return what would make the grasps of a scene more certain, the most helpful first."""
    ways = []
    if scene.measured is not None and scene.surface.seen_fraction < WELL_SEEN:
        ways.append(
            'look from the other side as well, and give the points of both views: '
            f'{100 * scene.surface.seen_fraction:.0f} % of the surface was measured')
    if scene.up is None and scene.measured is not None:
        ways.append('give the points around the object, so that what it stands on is known')
    if scene.surface.method.startswith('view') and scene.input.viewpoint.source != 'given':
        ways.append('give the viewpoint')
    if scene.input.noise > NOISY:
        ways.append(
            f'move the camera nearer: the points scatter by {1e3 * scene.input.noise:.1f} mm')
    return '; '.join([*ways, 'or accept a lower score'])
