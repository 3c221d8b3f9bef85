# SPDX-License-Identifier: Apache-2.0
"""Procedural objects are closed, connected, of household size, and determined by their seed."""

import numpy as np
import pytest
import trimesh

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.objects.procedural.families import (
    FAMILIES,
    HOUSEHOLD_FAMILIES,
    LARGE_FAMILIES,
    make_shape,
)
from dexlite_ros.offline.objects.procedural.solids import (
    bar,
    box,
    prism,
    revolved,
    shell,
    superquadric,
    union,
)


def volume(parts: list) -> float:
    """Return the volume of parts that do not overlap [m^3]."""
    return sum(trimesh.convex.convex_hull(part).volume for part in parts)


@pytest.mark.parametrize('family', FAMILIES)
def test_every_family_makes_usable_objects(family):
    """Watertight, one body, 3 to 30 cm long, its parts within its bounds and no less than it."""
    for seed in range(4):
        shape = make_shape(family, seed)
        mesh = shape.mesh
        assert mesh.is_watertight and mesh.body_count == 1
        assert 0.03 < mesh.extents.max() < 0.30 and mesh.extents.min() > 0.01
        assert mesh.volume <= volume(shape.parts) * 1.01
        np.testing.assert_allclose(mesh.center_mass, 0, atol=1e-4)
        corners = np.concatenate(shape.parts)
        np.testing.assert_allclose(
            [corners.min(0), corners.max(0)], mesh.bounds, atol=1e-4)


@pytest.mark.parametrize('family', HOUSEHOLD_FAMILIES)
def test_household_objects_fit_a_hand(family):
    """Watertight, one body, 3 to 30 cm long and at most 11 cm thick, of different sizes."""
    shapes = [make_shape(family, seed) for seed in range(6)]
    for shape in shapes:
        mesh = shape.mesh
        assert mesh.is_watertight and mesh.body_count == 1
        assert 0.03 < mesh.extents.max() < 0.3005 and 0.0099 < mesh.extents.min() < 0.1105
        np.testing.assert_allclose(mesh.center_mass, 0, atol=1e-4)
        corners = np.concatenate(shape.parts)
        np.testing.assert_allclose(
            [corners.min(0), corners.max(0)], mesh.bounds, atol=1e-4)
    volumes = [shape.mesh.volume for shape in shapes]
    assert max(volumes) > 1.5 * min(volumes)


def test_household_sizes_are_those_of_a_kitchen():
    """Cans are 5 to 10 cm across, books 15 to 30 cm long and 1 to 5 cm thick; both ends occur."""
    cans = np.array([np.sort(make_shape('food_can', seed).mesh.extents) for seed in range(25)])
    across = np.array([make_shape('food_can', seed).mesh.extents[0] for seed in range(25)])
    assert 0.0499 < across.min() < 0.06 and 0.09 < across.max() < 0.1001 and cans.max() < 0.17
    books = np.array([np.sort(make_shape('book', seed).mesh.extents) for seed in range(25)])
    assert 0.0099 < books[:, 0].min() < 0.02 and 0.04 < books[:, 0].max() < 0.0501
    assert 0.1499 < books[:, 2].min() < 0.19 and 0.26 < books[:, 2].max() < 0.3001
    cartons = np.array([make_shape('cereal_carton', seed).mesh.extents for seed in range(60)])
    assert cartons.max(axis=1).min() < 0.08 and cartons.max() > 0.25
    assert cartons.min(axis=1).max() < 0.1105


def test_no_family_is_in_two_series():
    """The family is a part of an object's name, which datasets refer to."""
    assert not set(FAMILIES) & set(HOUSEHOLD_FAMILIES)
    assert len(HOUSEHOLD_FAMILIES) >= 10


def test_seeds_decide():
    """The same seed gives the same object, another seed or family a different one."""
    first, again, other = (make_shape('bottle', seed).mesh for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.vertices, again.vertices)
    assert abs(first.volume - other.volume) > 1e-6
    assert len({round(make_shape(name, 0).mesh.volume, 9) for name in FAMILIES}) == len(FAMILIES)
    with pytest.raises(InvalidRequest, match='bottle'):
        make_shape('sofa', 0)


def test_solids_have_the_volume_of_their_formula():
    """Polygonal solids exactly, up to what the union grows by."""
    circle = 24 / 2 * np.sin(2 * np.pi / 24)  # Area of a regular polygon over that of r^2.
    cylinder = revolved([(0.03, 0), (0.03, 0.1)])
    pipe = shell([(0.03, 0), (0.03, 0.1)], [(0.02, 0), (0.02, 0.1)])
    for parts, expected in (
            (box((0.02, 0.03, 0.04)), 2.4e-5),
            (prism([(0, 0), (0.04, 0), (0, 0.03)], 0.05), 3e-5),
            (cylinder, circle * 0.03 ** 2 * 0.1),
            (pipe, circle * (0.03 ** 2 - 0.02 ** 2) * 0.1)):
        assert volume(parts) == pytest.approx(expected)
        assert union(parts).volume == pytest.approx(expected, rel=0.01)
    egg = superquadric((0.02, 0.03, 0.04), (1, 1))
    assert volume(egg) == pytest.approx(4 / 3 * np.pi * 2.4e-5, rel=0.03)


def test_a_waist_is_cut():
    """A profile with a waist is two parts, a convex one is one."""
    assert len(revolved([(0.03, 0), (0.01, 0.05), (0.03, 0.1)])) == 2
    assert len(revolved([(0.01, 0), (0.03, 0.05), (0.01, 0.1)])) == 1


def test_a_ring_has_a_hole():
    """A closed bar is a torus: its Euler number is zero."""
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    line = 0.04 * np.column_stack([np.cos(angle), 0 * angle, np.sin(angle)])
    ring = union(bar(line, 0.01, closed=True))
    assert ring.is_watertight and ring.euler_number == 0


def test_what_is_apart_stays():
    """The union of bodies that do not touch is all of them."""
    parts = [*box((0.02, 0.02, 0.02)), box((0.02, 0.02, 0.02))[0] + (0.03, 0, 0)]
    mesh = union(parts)
    assert mesh.body_count == 2 and mesh.volume == pytest.approx(1.6e-5, rel=0.01)


@pytest.mark.parametrize('family', LARGE_FAMILIES)
def test_large_objects_need_two_hands(family):
    """Watertight, one body, 20 to 50 cm long and wider than a hand spans, upright."""
    for seed in range(6):
        mesh = make_shape(family, seed).mesh
        assert mesh.is_watertight and mesh.body_count == 1
        assert 0.2 < mesh.extents.max() < 0.5 and np.sort(mesh.extents[:2])[0] > 0.17
        np.testing.assert_allclose(mesh.center_mass, 0, atol=1e-4)
