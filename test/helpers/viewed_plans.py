# SPDX-License-Identifier: Apache-2.0
"""A plan on one view of a carton, of which two surfaces are likely."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import trimesh

from dexlite_ros.object.sampling import Camera, view_mesh
from dexlite_ros.plan import GraspPlan
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner

EYE = np.array([1.0, 0.1, 0.22])


@cache
def carton_plan(candidates: int = 64, grasps: int = 3) -> GraspPlan:
    """Return the best grasps of a few on a carton that stands on a table, in its frame."""
    carton = trimesh.creation.box((0.06, 0.09, 0.16)).apply_translation((0.5, 0.05, 0.08))
    camera = replace(Camera(), pixels=260, depth_noise=0.001)
    cloud = view_mesh(carton, EYE, np.random.default_rng(0), camera)
    line = np.arange(0.3, 0.7, 0.006)
    flat = np.stack(np.meshgrid(line, line - 0.45), axis=-1).reshape(-1, 2)
    return GraspPlanner().plan(
        replace(cloud, viewpoint=EYE),
        PlanRequest(num_candidates=candidates, max_grasps=grasps),
        obstacles=np.column_stack([flat, np.zeros(len(flat))]))
