# SPDX-License-Identifier: Apache-2.0
"""``dexlite plan --hands FIRST SECOND``: pairs of grasps for one large object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import json
from pathlib import Path
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import InvalidRequest, NoGraspFound
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.output.pair_file import pairs_to_dict, write_pairs
from dexlite_ros.plan import TwoHandPlan
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.two_hands.settings import Burden, TwoHandSettings
from dexlite_ros.two_hands.two_hand_planner import TwoHandPlanner

HEADER = 'rank  unbalanced [%]  press [N]  torque [N m]  between hands [m]'


@dataclass(frozen=True)
class PairQuestion:
    """What is asked of ``dexlite plan`` with two hands."""

    hands: tuple[str, str]
    target: PointCloud | trimesh.Trimesh
    obstacles: NDArray[np.floating] | None
    request: PlanRequest
    burden: Burden
    threads: int

    def answer(self) -> TwoHandPlan:
        """Return the plan."""
        planner = TwoHandPlanner(*self.hands, TwoHandSettings(threads=self.threads))
        return planner.plan(
            self.target, self.request, self.burden, obstacles=self.obstacles)


def refuse_others(values: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """
    Raise an error for an option that the planner of two hands does not have.

    :param values: of the options that are of no use with two hands, by name
    :param usual: their defaults
    :raises InvalidRequest: for the first that was changed
    """
    for name, value in values.items():
        if value != usual[name]:
            raise InvalidRequest(name, value, 'nothing beside --hands: it is for one hand')


def plan_pairs(
    question: PairQuestion, *, output: Path | None, picture: Path | None, as_json: bool
) -> int:
    """Plan, write the files that are wanted, and print a table or JSON."""
    try:
        plan = question.answer()
    except NoGraspFound as error:
        for warning in error.report.warnings:
            print(f'warning: {warning}', file=sys.stderr)
        raise
    if output:
        print(f'plan: {write_pairs(plan, output)}', file=sys.stderr)
    if picture:
        from dexlite_ros.output.picture import render_pairs

        print(f'picture: {render_pairs(plan, picture)}', file=sys.stderr)
    print(json.dumps(pairs_to_dict(plan)) if as_json else summary(plan))
    return 0


def summary(plan: TwoHandPlan) -> str:
    """Return a table of the pairs, and how they were found."""
    report, metrics = plan.report, plan.metrics
    rows = [
        f'{rank:4d}  {100 * float(metrics.residual[rank]):14.2f}  '
        f'{float(metrics.press[rank]):9.1f}  {float(metrics.torque[rank]):12.2f}  '
        f'{float(metrics.hand_clearance[rank]):17.3f}'
        for rank in range(len(plan))]
    return '\n'.join([
        HEADER, *rows,
        f'{plan.first.hand} and {plan.second.hand}, {plan.mass:g} kg: {report.num_candidates} '
        f'candidates, {report.num_refined} touch firmly; pairs rejected: '
        f'{report.rejected.summary()}',
        f'{report.times.total:.2f} s (surface {report.times.surface:.2f}, refine '
        f'{report.times.refine:.2f}, pairs {report.times.stage:.2f}, rank '
        f'{report.times.rank:.2f})',
        *(f'warning: {warning}' for warning in report.warnings)])
