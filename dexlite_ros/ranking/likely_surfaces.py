# SPDX-License-Identifier: Apache-2.0
"""
The prediction over all surfaces that an object may have, not only the likeliest.

Of grasps that are equally good on the likeliest surface, one that holds on the others as well is
the better choice (docs/results/score.md).
"""

from __future__ import annotations

import torch

from dexlite_ros.conditions import Conditions
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.mechanics.squeeze_forces import SqueezeSettings
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.ranking.grasp_features import features_of
from dexlite_ros.ranking.success_model import Prediction, SuccessModel


def over_surfaces(
    first: Prediction, grasps: GraspBatch, scene: PlanningScene, energy: GraspEnergy,
    squeeze: SqueezeSettings, model: SuccessModel, conditions: Conditions, weight_min: float,
) -> Prediction:
    """
    Return what is expected of B grasps over all surfaces that are likely enough.

    :param first: on the likeliest surface, that of ``energy``
    :param weight_min: smallest weight of another surface that is looked at
    """
    found = {0: first}
    for index, each in enumerate(scene.hypotheses):
        if index and each.weight >= weight_min:
            other = scene.believing(index)
            own = GraspEnergy(energy.geometry, other.field, energy.settings, energy.obstacles)
            features = features_of(grasps, own, other, squeeze)
            found[index] = model.predict(features, grasps.joints, conditions)
    weights = torch.tensor([scene.hypotheses[index].weight for index in found])
    return Prediction.mixed(list(found.values()), weights.to(first.logit))
