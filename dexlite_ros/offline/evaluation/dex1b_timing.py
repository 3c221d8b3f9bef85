# SPDX-License-Identifier: Apache-2.0
"""
Timing of the PyPI package Dex1B (MIT) on the same starts, in the same process.

Its ``post_optimize`` takes the hand as a function from poses to spheres; here it returns our own
hand's points, moved by plain autograd through our kinematics.
"""

from __future__ import annotations

from collections.abc import Callable
import statistics
import time
from typing import Any

import numpy as np
import roma
import torch
from torch import Tensor

from dexlite_ros.device import one_thread
from dexlite_ros.errors import MissingDependency
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.object.mug import mug
from dexlite_ros.object.sampling import sample_mesh
from dexlite_ros.offline.evaluation.timing_cases import refine_problem
from dexlite_ros.refinement.backend import make_optimizers
from dexlite_ros.refinement.optimizer import OptimizerSettings

GRASPS = 16
STEPS = 50
MAX_RUNS = 2
"""The peer takes most of a minute per run."""


def compare(device: torch.device, seed: int, runs: int) -> dict[str, Any]:
    """
    Return the times of both [s] for the same starts, cloud, hand points and steps, and the ratio.

    :raises MissingDependency: when Dex1B is not installed
    """
    try:
        from Dex1B import HandGeometry as Spheres
        from Dex1B import post_optimize
    except ImportError as error:
        raise MissingDependency(
            'Dex1B', 'to compare with it', "run: pip install 'dexlite_ros[peer]'") from error
    energy, starts = refine_problem(device, seed, GRASPS)
    cloud = sample_mesh(mug(), 2048, np.random.default_rng(seed))
    points = torch.from_numpy(cloud.points - cloud.points.mean(0)).float().to(device)
    vector = torch.cat(
        [starts.translation, starts.rotation[:, :, :2].mT.flatten(1), starts.joints], 1)
    hand = _SphereHand(energy.geometry, Spheres)
    kinematics = energy.geometry.kinematics

    runs = min(runs, MAX_RUNS)

    def peer() -> None:
        # As many threads as our optimiser uses.
        with one_thread():
            post_optimize(
                vector, hand, points.expand(GRASPS, -1, -1),
                joint_limits=(kinematics.lower, kinematics.upper),
                pose_to_joints=lambda pose: pose[:, 9:], steps=STEPS)

    optimizer = make_optimizers([energy], [OptimizerSettings(iterations=STEPS)], 'auto', 1)[0]
    active = energy.active_groups(['tips'] * GRASPS)

    def ours() -> None:
        with one_thread():
            optimizer.refine(starts, active)

    seconds = {'peer_seconds': _median(peer, runs, device), 'our_seconds': _median(
        ours, runs, device)}
    return {
        'grasps': GRASPS, 'steps': STEPS, **seconds,
        'ratio': seconds['peer_seconds'] / seconds['our_seconds']}


class _SphereHand:
    """Our hand in the form the peer expects: from poses (B, 9 + J) to its points as spheres."""

    def __init__(self, geometry: HandGeometry, spheres: type) -> None:
        self._geometry = geometry
        self._spheres = spheres
        self._touching = geometry.candidates[:5].flatten()

    def __call__(self, pose: Tensor) -> object:
        rotation = roma.special_gramschmidt(pose[:, 3:9].unflatten(1, (2, 3)).mT)
        grasps = GraspBatch(pose[:, :3], rotation, pose[:, 9:])
        geometry = self._geometry
        centres = geometry.points.place(geometry.kinematics(grasps))
        centres = centres[:, : len(geometry.point_radius)]
        return self._spheres(
            centres, geometry.point_radius, centres[:, self._touching], geometry.point_link)


def _median(run: Callable[[], None], runs: int, device: torch.device) -> float:
    run()
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        run()
        if device.type == 'cuda':
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)
