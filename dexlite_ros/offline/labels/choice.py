# SPDX-License-Identifier: Apache-2.0
"""Which of the grasps that a search found are judged, and which of these with perturbations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.offline.labels.task import Effort
from dexlite_ros.plan import GraspPlan
from dexlite_ros.planner_settings import SOUGHT_MIN
from dexlite_ros.ranking.selection import RankingSettings, select

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Chosen:
    """The choice among the grasps of a plan, which are ordered by their score."""

    found: Numbers
    """(N,) places in the plan of the grasps to judge, ascending."""
    choice: dict[int, int]
    """Place of a grasp among those that the usual plan returns, by its place in ``found``."""
    perturbed: Numbers
    """(M,) places in ``found`` of the grasps to judge under perturbations, ascending."""


def choose(plan: GraspPlan, effort: Effort, rng: np.random.Generator) -> Chosen:
    """
    Return the grasps to judge: those that the usual plan would return, and some of the others.

    Half of those to judge under perturbations are from the former, if there are enough.

    :param plan: with the settings ``every_candidate``
    """
    best, _ = select(plan.grasps.grasp, plan.score, {}, SOUGHT_MIN, 0.0, RankingSettings())
    first = best.numpy()[:effort.grasps]
    others = rng.permutation(np.setdiff1d(np.arange(len(plan)), first))
    found = np.sort(np.concatenate([first, others[:effort.grasps - len(first)]]))
    places = np.searchsorted(found, first)
    return Chosen(
        found, {int(place): number for number, place in enumerate(places)},
        _perturbed(places, len(found), effort.perturbed, rng))


def _perturbed(first: Numbers, count: int, wanted: int, rng: np.random.Generator) -> Numbers:
    """Return ``wanted`` of ``count`` places, half of them of the first, as far as there are."""
    mine = rng.permutation(first)
    others = rng.permutation(np.setdiff1d(np.arange(count), first))
    share = max(wanted - len(others), wanted // 2)
    taken = mine[:share]
    return np.sort(np.concatenate([taken, others[:wanted - len(taken)]]))
