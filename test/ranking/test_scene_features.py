# SPDX-License-Identifier: Apache-2.0
"""Features of the scene follow from where contacts lie, which is known exactly here."""

from dataclasses import replace

from fields import ball_field
from hands import geometry, random_grasps
import numpy as np
import pytest
import torch
import trimesh

from dexlite_ros.mechanics.contact_forces import ContactBatch
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.mechanics.squeeze_forces import SqueezeForces
from dexlite_ros.object.hypotheses import Hypothesis
from dexlite_ros.object.obstacles import Obstacles
from dexlite_ros.object.planning_scene import InputReport, PlanningScene
from dexlite_ros.object.support import Plane
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.ranking.scene_features import scene_features

RADIUS = 0.04
GROUND = Plane(np.array([0.0, 0.0, 1.0]), -RADIUS)
"""Under the ball, whose centre is the origin."""


def ball(radius: float) -> ObjectSurface:
    """Return the surface of a ball."""
    mesh = trimesh.creation.icosphere(subdivisions=4, radius=radius)
    return ObjectSurface(np.asarray(mesh.vertices), np.asarray(mesh.faces), 0.5, 'view')


def scene(**changes) -> PlanningScene:
    """Return a ball on a table, of which the half at positive x was measured."""
    surface = ball(RADIUS)
    around = Obstacles.around(np.zeros((0, 3)), surface.vertices, GROUND)
    seen = surface.vertices[surface.vertices[:, 0] > 0]
    return replace(PlanningScene(
        (Hypothesis(surface, 1.0),), ball_field(RADIUS), around, np.zeros(3), InputReport(),
        seen), **changes)


def found(directions: list[list[float]], forces: list[float], **changes) -> dict[str, float]:
    """Return the features of one grasp that presses on the ball from some directions."""
    energy = GraspEnergy(geometry(), ball_field(RADIUS), EnergySettings()).double()
    placed = energy.place(random_grasps(1))
    normal = placed.contacts.normal.clone()
    active, force = torch.zeros_like(normal[..., 0]), torch.zeros_like(normal)
    for index, (direction, size) in enumerate(zip(directions, forces)):
        normal[0, index] = torch.tensor(direction, dtype=torch.float64)
        active[0, index], force[0, index] = 1.0, -size * normal[0, index]
    contacts = ContactBatch(RADIUS * normal, normal, active)
    features = scene_features(
        placed, SqueezeForces(contacts, force, torch.zeros(1, 22), 5.0), scene(**changes),
        energy.geometry)
    return {name: float(value) for name, value in features.items()}


def test_contacts_on_either_side_of_a_ball():
    """Two equal forces at both ends of an axis are centred, one diameter apart, and level."""
    level = found([[1, 0, 0], [-1, 0, 0]], [10.0, 10.0])
    assert level['centre_offset'] == pytest.approx(0.0, abs=1e-5)
    assert level['contact_length'] == pytest.approx(100 * RADIUS, rel=1e-5)
    assert level['contact_thickness'] == pytest.approx(0.0, abs=1e-3)
    assert level['normal_spread_second'] == pytest.approx(0.0, abs=1e-6)
    assert level['contact_count'] == 2 and level['largest_share'] == pytest.approx(0.5)
    assert level['slip'] == pytest.approx(0.0, abs=1e-6)
    assert level['normals_up'] == pytest.approx(0.0, abs=1e-6)
    assert level['lowest_contact'] == pytest.approx(100 * RADIUS, rel=1e-5)
    assert level['object_height'] == pytest.approx(200 * RADIUS, rel=1e-3)


def test_forces_weigh():
    """Three times the force on top moves the mean contact up by a half of the radius."""
    uneven = found([[0, 0, 1], [0, 0, -1]], [30.0, 10.0])
    assert uneven['contact_height'] == pytest.approx(50 * RADIUS, rel=1e-5)
    assert uneven['centre_offset'] == pytest.approx(50 * RADIUS, rel=1e-5)
    assert uneven['normals_up'] == pytest.approx(0.5)
    assert uneven['pressed_from_below'] == pytest.approx(0.25)


def test_what_was_not_measured_is_far():
    """The far end of the axis is a radius times root 2 from the rim of the measured half."""
    half = found([[1, 0, 0], [-1, 0, 0]], [10.0, 10.0])
    assert half['unmeasured_max'] == pytest.approx(100 * RADIUS * 2**0.5, rel=0.1)
    assert half['unmeasured'] == pytest.approx(half['unmeasured_max'] / 2, rel=0.05)
    known = found([[1, 0, 0], [-1, 0, 0]], [10.0, 10.0], measured=None)
    assert known['unmeasured'] == known['unmeasured_max'] == 0.0


def test_surfaces_that_differ_spread():
    """Of two balls, equally likely, the surfaces deviate by half of the difference."""
    both = (Hypothesis(ball(RADIUS), 0.5), Hypothesis(ball(RADIUS + 0.01), 0.5))
    differ = found([[1, 0, 0], [-1, 0, 0]], [10.0, 10.0], hypotheses=both)
    assert differ['spread'] == pytest.approx(5.0, rel=0.05)
    assert differ['surface_weight'] == 0.5
    assert found([[1, 0, 0]], [10.0])['spread'] == 0.0


def test_in_the_air_gravity_does_not_count():
    """Without a support its features are 0, and the others as they were."""
    standing = found([[0, 0, 1], [1, 0, 0]], [30.0, 10.0])
    floating = found([[0, 0, 1], [1, 0, 0]], [30.0, 10.0], obstacles=None)
    assert standing['on_support'] == 1.0
    names = ('palm_side', 'palm_down', 'fingers_down', 'pressed_from_below', 'normals_up',
             'contact_height', 'lowest_contact', 'height_spread', 'hand_height',
             'object_height', 'on_support')
    assert not any(floating[name] for name in names)
    for name in floating.keys() - set(names):
        assert floating[name] == standing[name], name
