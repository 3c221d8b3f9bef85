"""Where the grasps that are judged come from: a planner, or a folder of imported plan files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import torch

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.offline.planner_choice import PlannerChoice, Preset, PRESETS
from dexlite_ros.proposal.network_proposer import TEMPERATURE
from dexlite_ros.proposal.proposer import make_proposer, Method

GraspSource = PlannerChoice | Path
"""A planner, or the folder that ``dexlite import`` wrote."""


def grasp_source(
    name: str,
    method: Method | None = None,
    weights: str = '',
    temperature: float = TEMPERATURE,
    unranked: int | None = None,
) -> GraspSource:
    """
    Return what a name and the options beside it stand for.

    :param name: a preset of the planner, or a folder of plan files
    :param method, weights, temperature, unranked: as in PlannerChoice
    :raises InvalidRequest: for an option that would do nothing, and when there is no such folder
    """
    if (method or weights or unranked is not None) and name != 'default':
        raise InvalidRequest(
            'planner', name, "'default', for --method, --weights and --unranked are its")
    if weights and method == 'hull':
        raise InvalidRequest('weights', weights, "a method other than 'hull'")
    if unranked is not None and unranked < 0:
        raise InvalidRequest('unranked', unranked, '0 steps or more')
    for preset in get_args(Preset):
        if name == preset:
            return PlannerChoice(preset, method, weights, temperature, unranked)
    if not Path(name).is_dir():
        raise InvalidRequest('planner', name, f'{", ".join(PRESETS)} or a folder of plan files')
    return Path(name)


def describe(source: GraspSource, max_grasps: int) -> dict[str, Any]:
    """Return what makes the grasps, as the report names it."""
    if isinstance(source, Path):
        return {'imported': source.name}
    settings = source.settings(max_grasps)
    proposer = make_proposer(
        settings.method, settings.weights, HandKinematics(find_hand(DEFAULT_HAND)),
        torch.device('cpu'))
    return {
        'preset': source.preset, 'method': settings.method, 'model': proposer.model_id,
        'temperature': source.temperature, 'steps': source.unranked}


def source_key(source: GraspSource, max_grasps: int) -> list[str]:
    """Return all that decides which grasps are judged, as text."""
    if isinstance(source, Path):
        return [str(source)]
    return [repr(source.settings(max_grasps)), describe(source, max_grasps)['model']]
