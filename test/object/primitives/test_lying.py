# SPDX-License-Identifier: Apache-2.0
"""Cans and bottles that lie on the table."""

import numpy as np
import pytest
from seen_parts import deviation, seen_part, standing
import trimesh

from dexlite_ros.object.primitives.lying import fit_lying

ALONG = trimesh.transformations.rotation_matrix(0.5 * np.pi, (0.0, 1.0, 0.0))
BOTTLE = [(0, 0), (0.036, 0), (0.036, 0.11), (0.014, 0.16), (0.014, 0.2), (0, 0.2)]


def lying(mesh: trimesh.Trimesh, yaw: float) -> trimesh.Trimesh:
    """Return a solid of revolution on its side."""
    return standing(mesh.apply_transform(ALONG), yaw, 0.02, 0.03)


def fits(part):
    """Return the fitted solids by kind; all are closed and lie on the table."""
    found = {each.kind: each for each in fit_lying(part, part.thinned(600))}
    for each in found.values():
        assert each.mesh.is_watertight and each.mesh.volume > 0
        assert each.mesh.bounds[0, 2] == pytest.approx(0.0, abs=2e-4)
    return found


@pytest.mark.parametrize('yaw', [0.0, 0.5, 1.1, 1.7, 2.3, 2.9])
def test_a_can_on_its_side(yaw):
    """Wherever it points, with noise and flying points."""
    can = lying(trimesh.creation.cylinder(0.033, 0.12, sections=96), yaw)
    found = fits(seen_part(can, noise=0.0015, outliers=0.03))['lying cylinder']
    assert found.mesh.bounds[1, 2] == pytest.approx(0.066, abs=0.0015)
    sides = np.sort(found.mesh.bounding_box_oriented.primitive.extents)
    assert sides == pytest.approx([0.066, 0.066, 0.12], abs=0.005)
    assert deviation(found.mesh, can) < 0.002


def test_a_bottle_on_its_side():
    """Its free profile follows the shoulders, which a cylinder cannot."""
    bottle = lying(trimesh.creation.revolve(BOTTLE, sections=96), 2.0)
    found = fits(seen_part(bottle, noise=0.001, outliers=0.03))
    assert deviation(found['lying revolution'].mesh, bottle) < 0.002
    assert found['lying revolution'].residual < 0.5 * found['lying cylinder'].residual


def test_hidden_parts_do_not_shorten_it():
    """A neighbour hides one end up to the upper third."""
    can = lying(trimesh.creation.cylinder(0.033, 0.12, sections=96), 1.3)
    part = seen_part(can, noise=0.001, hidden=lambda p: (p[:, 1] > 0.05) & (p[:, 2] < 0.045))
    assert deviation(fits(part)['lying cylinder'].mesh, can) < 0.002
