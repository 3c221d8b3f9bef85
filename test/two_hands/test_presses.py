# SPDX-License-Identifier: Apache-2.0
"""Starts of two hands face each other across the object."""

import numpy as np
import torch
import trimesh

from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.shadow_hand import SHADOW_LEFT
from dexlite_ros.object.support import Plane
from dexlite_ros.object.surface import surface_from_mesh
from dexlite_ros.two_hands.presses import opposite_places, press_starts
from dexlite_ros.two_hands.settings import PressSettings

SETTINGS = PressSettings()
UP = np.array([0.0, 0.0, 1.0])


def places(size: tuple[float, float, float], count: int = 64):
    """Return places on a box that stands on z = -size / 2 [m]."""
    surface = surface_from_mesh(trimesh.creation.box(size))
    return opposite_places(
        surface, np.zeros(3), Plane(UP, -size[2] / 2), count, 0, SETTINGS)


def test_places_are_opposite_and_high_enough():
    """Through the object, nearly horizontal, at least 1.5 cm above the support."""
    found = places((0.4, 0.3, 0.2))
    assert len(found) == 64
    assert (np.minimum(found.first, found.second)[:, 2] > -0.1 + SETTINGS.lowest).all()
    assert (np.abs(found.axis[:, 2]) < SETTINGS.slope).all()
    # Either hand may be on either side.
    assert (found.first[:, 0] > 0.1).any() and (found.second[:, 0] > 0.1).any()


def test_a_sheet_and_a_small_thing_have_none():
    """There is no place on what is 1 cm high or 8 cm wide."""
    assert not len(places((0.4, 0.3, 0.01)))
    assert not len(places((0.08, 0.08, 0.3)))


def test_palms_face_the_object():
    """Within the tilt of the starts, before their places, fingers not upwards."""
    kinematics = HandKinematics(SHADOW_LEFT)
    found = places((0.4, 0.3, 0.2))
    starts = press_starts(
        kinematics, found.first, found.axis, UP, torch.Generator().manual_seed(0), SETTINGS)
    palm, fingers = (
        (starts.rotation @ torch.tensor(axis)).numpy()
        for axis in (SHADOW_LEFT.palmar_direction, SHADOW_LEFT.finger_direction))
    assert ((palm * found.axis).sum(1) > 0.8).all()
    assert (fingers @ UP < SETTINGS.fingers_up + 0.4).all() and (fingers @ UP).mean() < 0
    centre = starts.translation.numpy() + (
        starts.rotation @ torch.tensor(SHADOW_LEFT.grasp_centre)).numpy()
    before = ((found.first - centre) * found.axis).sum(1)
    assert ((before > 0.019) & (before < 0.051)).all()
