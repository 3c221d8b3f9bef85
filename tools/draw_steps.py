# SPDX-License-Identifier: Apache-2.0
"""
Draw the five steps of a plan, for the README: tools/run.sh python tools/draw_steps.py.

All hands in the picture are computed by the planner for a mug seen by one depth camera.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.mechanics.squeeze_forces import squeeze_forces, SqueezeSettings
from dexlite_ros.object.mug import mug
from dexlite_ros.object.planning_scene import PlanningScene
from dexlite_ros.object.sampling import view_mesh
from dexlite_ros.object.support import Plane
from dexlite_ros.output.picture import (
    cloud_mesh,
    ColouredMesh,
    hand_meshes,
    OBJECT_COLOUR,
    render,
    write_label,
    write_sheet,
)
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposal.proposer import make_proposer
from dexlite_ros.refinement.rounds import hand_details, Refinement
from dexlite_ros.stages import stage

OUTPUT = Path('docs/images/steps.png')
EYE = np.array([0.45, -0.35, 0.35])
TABLE = Plane(np.array([0.0, 0.0, 1.0]), 0.0)
PANEL = (400, 400)
APART = 0.15
"""Distance between the two hands shown in motion [m]."""
PALE, DARK = (0.75, 0.80, 0.86), (0.30, 0.30, 0.30)
CPU = torch.device('cpu')


def main() -> None:
    """Write the picture."""
    cloud = view_mesh(mug(), EYE, np.random.default_rng(0))
    scene = PlanningScene.build(cloud, support=TABLE)
    settings = PlannerSettings.for_method()
    kinematics = HandKinematics(find_hand(DEFAULT_HAND))
    proposer = make_proposer(settings.method, settings.weights, kinematics, CPU)
    generator = torch.Generator().manual_seed(1)
    starts = proposer.propose(scene.surface, settings.num_candidates, generator)
    refinement = Refinement(hand_details(kinematics), scene.field, settings.refinement)
    refined = refinement.run(starts, settings.max_grasps, generator=generator)
    order = refined.energy.argsort()
    palms = refined.grasps.translation[order]
    other = (palms - palms[0]).norm(dim=1) > APART
    shown = torch.stack([order[0], order[other][0]])
    energy = refinement.energies[-1]
    placed = energy.place(refined.grasps[shown[:1]])
    staged = stage(
        placed, squeeze_forces(placed, scene.field.centre_of_mass, SqueezeSettings()), energy,
        settings.stages).grasps
    plan = GraspPlanner(settings, 'cpu').plan(cloud, PlanRequest(max_grasps=2), support=TABLE)
    target = ColouredMesh(scene.surface.vertices, scene.surface.faces, OBJECT_COLOUR)
    seen = cloud_mesh(cloud.points[::40] - scene.offset, 0.0016)
    best = f'score {float(plan.score[0]):.2f}, {float(plan.score[1]):.2f}, ...'
    ranked = GraspBatch(
        plan.grasps.grasp.translation - torch.from_numpy(scene.offset),
        plan.grasps.grasp.rotation, plan.grasps.grasp.joints)
    write_sheet(OUTPUT, [
        panel([target, ColouredMesh(seen.vertices, seen.faces, DARK)], '1  close the surface'),
        panel([target, *hands(starts[refined.start[shown]])], '2  propose'),
        panel([target, *hands(refined.grasps[shown])], '3  refine'),
        panel([target, *hands(staged.pregrasp, PALE), *hands(staged.squeeze)],
              '4  open, and squeeze'),
        panel([target, *hands(ranked[:1])], f'5  rank: {best}'),
    ], columns=5)


def hands(
    grasps: GraspBatch, colour: tuple[float, float, float] | None = None
) -> list[ColouredMesh]:
    """Return the links of all hands, in one colour or in their own colours."""
    meshes = [mesh for index in range(len(grasps))
              for mesh in hand_meshes(DEFAULT_HAND, grasps[[index]])]
    if colour is None:
        return meshes
    return [ColouredMesh(mesh.vertices, mesh.faces, colour) for mesh in meshes]


def panel(meshes: list[ColouredMesh], label: str) -> Image.Image:
    """Return a picture of meshes as the camera would see them, with a line above."""
    picture = render(meshes, EYE, PANEL)
    write_label(picture, label)
    return picture


if __name__ == '__main__':
    main()
