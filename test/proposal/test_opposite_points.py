# SPDX-License-Identifier: Apache-2.0
"""Opposite points lie across the object, within both friction cones."""

import numpy as np
import pytest
import trimesh

from dexlite_ros.proposal.opposite_points import CONE, OppositePoints

PLATE = trimesh.creation.box((0.06, 0.09, 0.01))


def test_a_pair_on_a_plate_is_across_its_thin_side():
    """Most of the surface is its large faces; the line between them is short and upright."""
    pairs = OppositePoints.on(PLATE, 2000, seed=0)
    thin = pairs.thickness < 0.015
    assert thin.mean() > 0.7
    assert (np.abs(pairs.axis[thin, 2]) >= CONE).all()
    np.testing.assert_allclose(np.abs(pairs.first[thin, 2]), 0.005, atol=1e-6)
    np.testing.assert_allclose(pairs.second[thin, 2], -pairs.first[thin, 2], atol=1e-6)


def test_its_rim_has_pairs_as_well():
    """Those lie along its short or its long side."""
    pairs = OppositePoints.on(PLATE, 2000, seed=0)
    wide = pairs.thickness > 0.055
    assert wide.sum() > 20
    assert (pairs.thickness[wide] < 0.11).all()


@pytest.mark.parametrize('radius', [0.005, 0.04])
def test_pairs_on_a_ball_are_nearly_its_diameter(radius):
    """Of a chord that leaves at an angle a from the normal the length is 2 r cos a."""
    pairs = OppositePoints.on(trimesh.creation.icosphere(4, radius), 1000, seed=1)
    assert len(pairs) > 800
    assert (pairs.thickness <= 2.001 * radius).all()
    assert (pairs.thickness >= 0.98 * 2 * radius * CONE).all()
    np.testing.assert_allclose(
        np.linalg.norm(pairs.second, axis=1), radius, rtol=0.01)


def test_a_wedge_steeper_than_friction_has_none_between_its_sides():
    """Sides that meet at 90 degrees cannot be pressed against each other."""
    roof = trimesh.convex.convex_hull(
        [[x, y, z] for x in (-0.2, 0.2) for y, z in ((-0.03, 0.0), (0.03, 0.0), (0.0, 0.03))])
    pairs = OppositePoints.on(roof, 2000, seed=2)
    ends = np.stack([pairs.first, pairs.second])
    on_a_side = ((ends[..., 2] > 1e-6) & (np.abs(ends[..., 0]) < 0.2 - 1e-6)).all(0)
    assert len(pairs) > 50 and not on_a_side.any()


def test_the_same_seed_gives_the_same_pairs():
    """Another one gives others."""
    first, again, other = (OppositePoints.on(PLATE, 300, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.second, again.second)
    assert len(other) != len(first) or not np.allclose(other.second, first.second)
