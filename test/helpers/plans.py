# SPDX-License-Identifier: Apache-2.0
"""A small plan whose fields all have different values."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import torch

from dexlite_ros.features import GraspFeatures
from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.plan import (
    Contacts,
    GraspMetrics,
    GraspPlan,
    LikelySurface,
    PairMetrics,
    PlanReport,
    Rejections,
    StageTimes,
    TwoHandPlan,
)


def make_plan(count: int = 3, seed: int = 0) -> GraspPlan:
    """Return a plan of ``count`` grasps with random poses and joints."""
    generator = torch.Generator().manual_seed(seed)

    def stage() -> GraspBatch:
        vector = torch.randn(count, 6 + 22, generator=generator, dtype=torch.float64)
        return GraspBatch.from_vector(vector.float())

    def measure(start: float) -> torch.Tensor:
        return start + 0.01 * torch.arange(count)

    return GraspPlan(
        hand='shadow_right',
        hand_link='rh_palm',
        joint_names=SHADOW_RIGHT.joint_names,
        grasps=StagedGrasp(stage(), stage(), stage()),
        score=torch.linspace(0.9, 0.5, count),
        success_probability=torch.linspace(0.9, 0.5, count),
        metrics=GraspMetrics(*(
            measure(float(index)) for index, _ in enumerate(fields(GraspMetrics)))),
        features=GraspFeatures(*(
            measure(float(index)) for index, _ in enumerate(fields(GraspFeatures)))),
        start=torch.arange(count),
        contact_pattern=('tips',) * count,
        approach_direction=torch.tensor([[0.0, 0.6, -0.8]]).expand(count, 3).double(),
        contacts=tuple(_contacts(generator, 2 + index) for index in range(count)),
        surface=ObjectSurface(
            0.05 * np.eye(4, 3), np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]), 0.75,
            'poisson'),
        report=PlanReport(
            times=StageTimes(0.1, 0.2, 0.3, 0.4, 0.5, 1.5),
            rejected=Rejections(*range(1, 11)),
            num_candidates=500,
            num_refined=300,
            num_points=2048,
            seen_fraction=0.75,
            surface_method='poisson',
            hypotheses=(LikelySurface('poisson', 0.7), LikelySurface('box', 0.3)),
            seed=12345678901,
            device='cpu',
            model_id='hull-starts',
            stopped_early=True,
        ),
        other_surfaces=(ObjectSurface(
            0.04 * np.eye(4, 3), np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]), 0.5,
            'box'),),
        cloud=0.05 * np.random.default_rng(seed).random((40, 3)),
    )


def _contacts(generator: torch.Generator, count: int) -> Contacts:
    normals = torch.nn.functional.normalize(torch.randn(count, 3, generator=generator), dim=1)
    return Contacts(
        links=('rh_thdistal', *('rh_ffdistal',) * (count - 1)),
        points=torch.randn(count, 3, generator=generator),
        normals=normals,
        forces=-2.0 * normals,
        spreads=0.001 * torch.rand(count, generator=generator),
    )


def make_pairs() -> TwoHandPlan:
    """Return a plan of two right hands, each with grasps of its own."""
    first, second = make_plan(), make_plan(seed=1)
    values = torch.linspace(0.01, 0.02, len(first))
    return TwoHandPlan(first, second, PairMetrics(values, values, values, values), 1.5)
