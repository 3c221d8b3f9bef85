# SPDX-License-Identifier: Apache-2.0
"""Source of the judged grasps: a planner, or a folder of imported plan files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import torch

from dexlite_ros.conditions import Conditions, USUAL
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.offline.planner_choice import PlannerChoice, Preset, PRESETS
from dexlite_ros.proposal.network_proposer import TEMPERATURE
from dexlite_ros.proposal.proposer import make_proposer, Method
from dexlite_ros.refinement.backend import Backend

GraspSource = PlannerChoice | Path
"""A planner, or a folder written by ``dexlite import``."""


def grasp_source(
    name: str,
    hand: str = DEFAULT_HAND,
    method: Method | None = None,
    weights: str = '',
    temperature: float = TEMPERATURE,
    unranked: int | None = None,
    backend: Backend = 'auto',
    conditions: Conditions = USUAL,
    changes: tuple[str, ...] = (),
) -> GraspSource:
    """
    Return the source selected by a name and its options.

    :param name: a preset of the planner, or a folder of plan files
    :param hand: name of the hand, or path of its profile
    :param method, weights, temperature, unranked, backend, conditions, changes: those of
        PlannerChoice
    :raises InvalidRequest: for an option without effect, or a missing folder
    """
    if (method or weights or unranked is not None) and name != 'default':
        raise InvalidRequest(
            'planner', name, "'default', the only one with --method, --weights and --unranked")
    if weights and method == 'hull':
        raise InvalidRequest('weights', weights, "a method other than 'hull'")
    if unranked is not None and unranked < 0:
        raise InvalidRequest('unranked', unranked, '0 steps or more')
    for preset in get_args(Preset):
        if name == preset:
            return PlannerChoice(
                preset, method, hand, weights, temperature, unranked, backend,
                conditions=conditions, changes=changes)
    if conditions != USUAL or changes or hand != DEFAULT_HAND:
        raise InvalidRequest(
            'planner', name, 'a planner beside --hand, --uncertainty, --friction, --mass and '
            '--set: imported grasps are neither planned nor scored')
    if not Path(name).is_dir():
        raise InvalidRequest('planner', name, f'{", ".join(PRESETS)} or a folder of plan files')
    return Path(name)


def describe(source: GraspSource, max_grasps: int) -> dict[str, Any]:
    """Return the description of the source for the report."""
    if isinstance(source, Path):
        return {'imported': source.name}
    settings = source.settings(max_grasps)
    hand = find_hand(source.hand)
    proposer = make_proposer(
        settings.method, settings.weights, HandKinematics(hand), torch.device('cpu'))
    return {
        'hand': hand.name, 'preset': source.preset, 'method': settings.method,
        'model': proposer.model_id, 'temperature': source.temperature, 'steps': source.unranked,
        'backend': source.backend, 'set': list(source.changes)}


def source_key(source: GraspSource, max_grasps: int) -> list[str]:
    """Return everything that determines which grasps are judged, as text."""
    if isinstance(source, Path):
        return [str(source)]
    return [repr(find_hand(source.hand)), repr(source.settings(max_grasps)),
            describe(source, max_grasps)['model']]
