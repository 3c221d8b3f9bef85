# SPDX-License-Identifier: Apache-2.0
"""A labelled scene seen again, as the planner saw it, for the features of its grasps."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

from dexlite_ros.features import GraspFeatures
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.mechanics.grasp_energy import GraspEnergy
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.offline.labels.scene_choice import SceneChoice
from dexlite_ros.offline.objects.sources import find_objects, load_target, Target
from dexlite_ros.offline.scenes.sight import see, Sight
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.ranking.grasp_features import features_of
from dexlite_ros.refinement.rounds import hand_details


def seen_again(scene: dict[str, Any]) -> Sight:
    """
    Return what the planner was given in a labelled scene.

    :param scene: row of the table of scenes
    :raises InvalidRequest, FileError: if its objects are not there any more
    """
    name, scale = scene['object'], scene['scale']
    mesh, _ = load_target(_target(scene['source'], name), scale)
    beside = [load_target(_target(each['source'], each['object']), scale)[0]
              for each in scene['neighbours'] or ()]
    choice = SceneChoice(scene['kind'], scene['camera'] or None, len(beside))
    sight, _ = see(name, mesh, choice.viewing(scene['random_seed']), beside)
    return sight


def features_again(
    scene: dict[str, Any], grasps: GraspBatch, hand: str = DEFAULT_HAND
) -> GraspFeatures:
    """
    Return the features of the grasps of a labelled scene, by what the planner does today.

    :param hand: name of the hand
    :param grasps: (B,) at the grasp stage, in the frame of the scaled object mesh, as stored
    """
    sight = seen_again(scene)
    seen = PlanningScene.build(sight.target, obstacles=sight.obstacles, support=sight.support)
    settings, geometry = PlannerSettings.for_method(), _geometry(hand)
    energy = GraspEnergy(
        geometry, seen.field, settings.refinement.rounds[-1].optimizer.energy,
        None if seen.obstacles is None else seen.obstacles.field)
    back = torch.linalg.inv(torch.from_numpy(sight.judge)) @ torch.from_numpy(sight.object)
    own = grasps.to('cpu', torch.float64).transformed(
        back[:3, :3], back[:3, 3] - torch.from_numpy(seen.offset)).to('cpu', torch.float32)
    return features_of(own, energy, seen, settings.squeeze)


@cache
def _target(source: str, name: str) -> Target:
    return next(each for each in find_objects(source) if each.name == name)


@cache
def _geometry(hand: str) -> HandGeometry:
    return hand_details(HandKinematics(find_hand(hand)))['fine']
