# SPDX-License-Identifier: Apache-2.0
"""The LEAP Hand bends towards its palm, and holds what it is planned for."""

import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.leap_hand import FINGERS, LEAP_RIGHT
from dexlite_ros.hand.meshes import geom_mesh
from dexlite_ros.offline.physics.judge import judge
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings

BALL = trimesh.creation.icosphere(subdivisions=4, radius=0.035)
CARTON = trimesh.creation.box((0.05, 0.08, 0.12)).subdivide().subdivide().subdivide()
KINEMATICS = HandKinematics(LEAP_RIGHT)


def _tips(**angles: float) -> dict[str, np.ndarray]:
    """Return where the end of each fingertip is in the frame of the palm [m]."""
    joints = torch.zeros(1, 16)
    for name, angle in angles.items():
        joints[0, LEAP_RIGHT.joint_names.index(name)] = angle
    poses = KINEMATICS(GraspBatch(torch.zeros(1, 3), torch.eye(3)[None], joints))
    found = {}
    for tip in LEAP_RIGHT.tip_links:
        index = LEAP_RIGHT.link_names.index(tip)
        link = LEAP_RIGHT.links[index]
        end = np.array(min(link.geoms[-1].vertices, key=lambda vertex: vertex[1]))
        found[tip] = (poses.rotation[0, index].double().numpy() @ end
                      + poses.position[0, index].double().numpy())
    return found


def test_joints_go_from_the_palm_out():
    """Four joints per finger, index finger first, the thumb last, each about -z of its link."""
    names = [f'{finger}_{joint}' for finger in FINGERS for joint in ('mcp', 'rot', 'pip', 'dip')]
    names += [f'th_{joint}' for joint in ('cmc', 'axl', 'mcp', 'ipl')]
    assert list(LEAP_RIGHT.joint_names) == names and not LEAP_RIGHT.couplings
    assert {joint.axis for joint in LEAP_RIGHT.joints} == {(0.0, 0.0, -1.0)}


def test_fingers_bend_towards_the_palm():
    """Stretched fingers point forwards; each bending joint moves its tip to the palmar side."""
    straight, palmar = _tips(), np.array(LEAP_RIGHT.palmar_direction)
    for finger in FINGERS:
        tip = f'{finger}_ds'
        base = np.array(next(
            link.position for link in LEAP_RIGHT.links if link.name == f'{finger}_bs'))
        assert (straight[tip] - base) @ LEAP_RIGHT.finger_direction > 0.13
        for joint in ('mcp', 'pip', 'dip'):
            bent = _tips(**{f'{finger}_{joint}': 0.3})[tip]
            assert (bent - straight[tip]) @ palmar > 0.01
    raised = {'th_cmc': 1.4}
    across = _tips(**raised, th_mcp=0.5)['th_ds'] - _tips(**raised)['th_ds']
    assert across @ LEAP_RIGHT.finger_direction > 0.02, 'the thumb bends towards the fingers'


def test_tips_have_the_measured_size():
    """They are 30.4 mm long, 24.3 mm wide and 20.8 mm thick, those of fingers and thumb alike."""
    links = {link.name: link for link in LEAP_RIGHT.links}
    sizes = [geom_mesh(links[tip].geoms[-1]).extents * 1e3 for tip in LEAP_RIGHT.tip_links]
    for size in sizes:
        np.testing.assert_allclose(size, [20.8, 30.4, 24.3], atol=0.9)


@pytest.mark.parametrize('target', [BALL, CARTON], ids=['ball', 'carton'])
def test_it_holds_in_simulation(target: trimesh.Trimesh):
    """The best three of few candidates hold, touched by the thumb and a finger at least."""
    planner = GraspPlanner(
        PlannerSettings.for_method('hull', num_candidates=128), 'cpu', LEAP_RIGHT)
    plan = planner.plan(target, PlanRequest(max_grasps=3))
    assert len(plan) == 3
    for contacts in plan.contacts:
        assert {'th_mp', 'palm'} & set(map(LEAP_RIGHT.finger, contacts.links))
        assert len(set(map(LEAP_RIGHT.finger, contacts.links))) >= 2
    verdicts = judge(
        plan.grasps, [np.asarray(target.vertices)], 'six-forces-quick', hand=LEAP_RIGHT)
    assert [verdict.passed for verdict in verdicts] == [True] * 3
