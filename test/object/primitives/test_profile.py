# SPDX-License-Identifier: Apache-2.0
"""Radii along an axis are linear between knots."""

import numpy as np
import pytest

from dexlite_ros.object.primitives.profile import bends, first_radii, free_knots, hats

KNOTS = np.array([0.0, 0.04, 0.1])
RADII = np.array([0.03, 0.05, 0.02])


def test_weights_interpolate_and_slopes_are_theirs():
    """Between the knots linearly, beyond them constantly."""
    place = np.linspace(-0.02, 0.12, 57)
    weight, slope = hats(place, KNOTS)
    assert weight @ RADII == pytest.approx(np.interp(place, KNOTS, RADII))
    inside = np.min(np.abs(place[:, None] - KNOTS), axis=1) > 1e-4
    ahead = (hats(place + 1e-6, KNOTS)[0] - weight) / 1e-6
    assert slope[inside] == pytest.approx(ahead[inside], abs=1e-4)


def test_one_knot_is_a_cylinder():
    """The radius is the same everywhere."""
    weight, slope = hats(np.array([-1.0, 0.0, 3.0]), np.zeros(1))
    assert (weight == 1.0).all() and (slope == 0.0).all()


def test_first_radii_bridge_gaps():
    """A knot without points gets a radius from its neighbours."""
    place = np.concatenate([np.full(10, 0.0), np.full(10, 0.1)])
    radius = np.concatenate([np.full(10, 0.03), np.full(10, 0.05)])
    assert first_radii(place, radius, np.array([0.0, 0.05, 0.1])) == pytest.approx(
        [0.03, 0.04, 0.05])


def test_a_straight_profile_has_no_bends():
    """A curved one has."""
    straight = np.array([9.0, 1.0, 2.0, 3.0, 4.0])
    assert bends(np.arange(4.0), 1, 5) @ straight == pytest.approx([0.0, 0.0])
    assert abs(bends(np.arange(3.0), 0, 3) @ RADII).max() > 0.01
    assert len(bends(np.zeros(1), 3, 4)) == 0


@pytest.mark.parametrize('length', [0.01, 0.1, 0.6])
def test_free_knots_span_the_axis(length):
    """Neither too few to follow a neck, nor more than points can tell."""
    knots = free_knots(0.02, 0.02 + length)
    assert knots[[0, -1]] == pytest.approx([0.02, 0.02 + length])
    assert 6 <= len(knots) <= 16 and (np.diff(knots) > 0).all()
