# SPDX-License-Identifier: Apache-2.0
"""The hand's points and capsules lie where its shapes are."""

from hands import difference, geometry, random_grasps, slope
import mujoco
import numpy as np
import torch

from dexlite_ros.hand.capsules import segment_distance
from dexlite_ros.hand.meshes import geom_mesh
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT


def test_fingertip_hull_has_the_measured_size():
    """The fingertip is 17 mm wide and reaches from 5 to 32 mm, as measured."""
    tip = next(link for link in SHADOW_RIGHT.links if link.name == 'rh_ffdistal')
    lower, upper = geom_mesh(tip.geoms[0]).bounds * 1e3
    np.testing.assert_allclose([lower[0], upper[0]], [-8.6, 8.6], atol=0.1)
    np.testing.assert_allclose([lower[2], upper[2]], [4.7, 32.0], atol=0.2)


def test_nearest_candidate_is_the_nearest():
    """In each group, the touching point with the smallest gap is chosen."""
    hand = geometry()
    generator = torch.Generator().manual_seed(0)
    gap = torch.rand(6, len(hand.point_radius), generator=generator, dtype=torch.float64)
    groups = torch.arange(len(hand.groups))
    chosen = hand.nearest_candidates(gap, groups)
    for group, link in enumerate(hand.group_link.tolist()):
        members = hand.candidates[group].unique()
        assert (hand.point_link[members] == link).all()
        torch.testing.assert_close(
            gap.gather(1, chosen)[:, group], gap[:, members].amin(1))


def test_segment_distance_of_known_cases():
    """Crossing, parallel, end-to-end and end-to-side segments."""
    def pair(*ends):
        return torch.tensor(ends, dtype=torch.float64).view(1, 2, 1, 3)

    cross = segment_distance(pair([-1, 0, 0], [1, 0, 0]), pair([0, -1, 2], [0, 1, 2]))
    parallel = segment_distance(pair([0, 0, 0], [1, 0, 0]), pair([0.5, 3, 0], [2, 3, 0]))
    ends = segment_distance(pair([0, 0, 0], [1, 0, 0]), pair([2, 0, 0], [3, 0, 0]))
    side = segment_distance(pair([0, 0, 0], [1, 0, 0]), pair([0.5, 1, 0], [0.5, 4, 0]))
    np.testing.assert_allclose(torch.stack([cross, parallel, ends, side]).flatten(), [2, 3, 1, 1])


def test_segment_distance_is_the_smallest_over_samples():
    """No pair of points on the segments is closer, and some pair is that close."""
    generator = torch.Generator().manual_seed(3)
    first, second = torch.randn(2, 40, 2, 1, 3, generator=generator, dtype=torch.float64)
    way = torch.linspace(0, 1, 200, dtype=torch.float64)[None, :, None]
    sampled = [a[:, 0] + way * (a[:, 1] - a[:, 0]) for a in (first, second)]
    brute = torch.cdist(*sampled).flatten(1).amin(1)
    distance = segment_distance(first, second).squeeze(1)
    assert (distance <= brute + 1e-9).all()
    torch.testing.assert_close(distance, brute, rtol=0, atol=2e-2)


def test_capsule_gaps_have_their_gradient():
    """The gradient of the capsules' gaps agrees with finite differences."""
    def function(grasps):
        return geometry().capsule_gaps(geometry()(grasps)).sum(1)

    grasps = random_grasps(4)
    torch.testing.assert_close(
        slope(function, grasps), difference(function, grasps), rtol=1e-4, atol=1e-5)


def test_capsules_see_the_overlaps_that_mujoco_sees():
    """For random postures the deepest self-overlap agrees within 3 mm, mostly within 1 mm."""
    model = mujoco.MjModel.from_xml_string(write_mjcf(SHADOW_RIGHT))
    data = mujoco.MjData(model)
    grasps = random_grasps(200, seed=5)
    ours = (-geometry().capsule_gaps(geometry()(grasps))).amax(1).clamp(min=0).numpy()
    theirs = []
    for joints in grasps.joints:
        data.qpos[:] = joints.numpy()
        mujoco.mj_forward(model, data)
        theirs.append(max(0.0, -data.contact.dist.min(initial=0.0)))
    error = np.abs(ours - np.array(theirs))
    assert np.mean(error < 1e-3) > 0.7
    assert np.mean(error < 3e-3) > 0.9
