# SPDX-License-Identifier: Apache-2.0
"""A checked synthesis request, with the node's parameters for values that it does not set."""

from __future__ import annotations

from dataclasses import dataclass
import math
import secrets

from geometry_msgs.msg import Point, Vector3
import numpy as np

from dexlite_ros.errors import InvalidRequest, UnsupportedHand
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.ros.conversions import seconds
from dexlite_ros.ros.parameters.node_table import NodeSettings
from dexlite_ros.srv import GraspSynthesis
from dexlite_ros.two_hands.settings import MASS_MAX

MAX_CANDIDATES = 65536
MAX_GRASPS = 4096
MAX_TIMEOUT = 600.0


@dataclass(frozen=True)
class SynthesisRequest:
    """A checked request, without its clouds."""

    plan: PlanRequest
    """The planner's part of the request; its timeout is that of the whole request."""
    object_id: str
    target_frame: str
    """Frame of the result; empty: the cloud's frame."""
    viewpoint: np.ndarray | None
    """(3,) in the cloud's frame [m]; None: the frame's origin."""
    second_hand: str = ''
    """Name of a second hand; empty: grasps of one hand are wanted."""
    mass: float | None = None
    """Mass of the object for two hands [kg]; None: the planner's setting."""


def read_request(message: GraspSynthesis.Request, settings: NodeSettings) -> SynthesisRequest:
    """
    Return the request with every value checked.

    :raises InvalidRequest: a value is invalid.
    :raises UnsupportedHand: the request names a hand other than the node's, or a second hand that
        is not known.
    """
    if message.hand not in ('', settings.hand, find_hand(settings.hand).name):
        raise UnsupportedHand(message.hand, (settings.hand,))
    if message.verify:
        raise InvalidRequest('verify', True, 'false: this node has no simulator')
    plan = PlanRequest(
        num_candidates=_count('num_candidates', message.num_candidates, MAX_CANDIDATES),
        max_grasps=_count('max_grasps', message.max_grasps, MAX_GRASPS),
        min_score=_min_score(message.min_score),
        approach_direction=_direction(message.approach_direction),
        approach_tolerance=_tolerance(message.approach_tolerance) or settings.approach_tolerance,
        optimize=message.optimize,
        seed=message.seed or settings.seed or secrets.randbelow(2**32 - 1) + 1,
        timeout=_timeout(seconds(message.timeout)) or settings.timeout,
    )
    return SynthesisRequest(
        plan,
        object_id=message.object_id or settings.object_id,
        target_frame=message.target_frame or settings.target_frame,
        viewpoint=_viewpoint(message.viewpoint) if message.use_viewpoint else None,
        second_hand=message.second_hand and find_hand(message.second_hand).name,
        mass=_mass(message.mass),
    )


def _count(name: str, value: int, largest: int) -> int | None:
    if value > largest:
        raise InvalidRequest(name, value, f'0 (the parameter) to {largest}')
    return value or None


def _min_score(value: float) -> float | None:
    if not value <= 1.0:
        raise InvalidRequest('min_score', value, 'at most 1; negative for the parameter')
    return None if value < 0.0 else value


def _viewpoint(point: Point) -> np.ndarray:
    viewpoint = np.array([point.x, point.y, point.z])
    if not np.isfinite(viewpoint).all():
        raise InvalidRequest('viewpoint', viewpoint.tolist(), 'three finite numbers')
    return viewpoint


def _direction(vector: Vector3) -> np.ndarray | None:
    direction = np.array([vector.x, vector.y, vector.z])
    return direction if direction.any() else None


def _tolerance(value: float) -> float | None:
    # Slightly above pi, to accept 3.1416.
    if not value <= 3.15:
        raise InvalidRequest('approach_tolerance', value, 'at most pi; 0 for the parameter')
    return min(value, math.pi) if value > 0.0 else None


def _mass(value: float) -> float | None:
    if not 0.0 <= value <= MASS_MAX:
        raise InvalidRequest('mass', value, f'0 (the parameter) to {MASS_MAX:g} kg')
    return value or None


def _timeout(value: float) -> float | None:
    if not 0.0 <= value <= MAX_TIMEOUT:
        raise InvalidRequest('timeout', value, f'0 (the parameter) to {MAX_TIMEOUT:g} s')
    return value or None
