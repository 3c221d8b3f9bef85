# SPDX-License-Identifier: Apache-2.0
"""Meshes of solids have the volumes of these solids."""

import manifold3d
import numpy as np
import pytest

from dexlite_ros.object.primitives.meshes import extruded, turned_profile


@pytest.mark.parametrize('radii, places, volume', [
    ([0.03, 0.03], [0.0, 0.1], np.pi * 0.03**2 * 0.1),
    ([0.03, 0.01, 0.02], [0.0, 0.1, 0.2],
     np.pi * 0.1 / 3.0 * (9 + 3 + 1 + 1 + 2 + 4) * 1e-4),
])
def test_turned_profiles(radii, places, volume):
    """Closed, faces outwards, half inside and half outside of the true circle."""
    mesh = turned_profile(np.array(radii), np.array(places))
    assert mesh.is_watertight and mesh.is_winding_consistent
    assert mesh.volume == pytest.approx(volume, rel=0.003)
    assert mesh.bounds[:, 2] == pytest.approx([places[0], places[-1]])


def test_extruded_outlines_stand_on_the_table():
    """With the volume of area times height."""
    outline = manifold3d.CrossSection.square((0.05, 0.08))
    mesh = extruded(outline, 0.1)
    assert mesh.is_watertight and mesh.volume == pytest.approx(0.05 * 0.08 * 0.1)
    assert mesh.bounds[:, 2] == pytest.approx([0.0, 0.1])
