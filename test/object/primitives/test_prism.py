# SPDX-License-Identifier: Apache-2.0
"""Things with a flat top of any outline."""

import manifold3d
import pytest
from seen_parts import deviation, seen_part, standing
import trimesh

from dexlite_ros.object.primitives.meshes import extruded
from dexlite_ros.object.primitives.prism import fit_prisms

ELL = manifold3d.CrossSection(
    [[(0, 0), (0.12, 0), (0.12, 0.05), (0.05, 0.05), (0.05, 0.1), (0, 0.1)]])


def fits(part):
    """Return the prisms by kind; all are closed."""
    found = {each.kind: each for each in fit_prisms(part, part.height())}
    assert all(each.mesh.is_watertight and each.mesh.volume > 0 for each in found.values())
    return found


@pytest.mark.parametrize('yaw', [0.0, 1.0, 2.5])
def test_the_outline_of_the_top(yaw):
    """A corner that points inwards stays, but for the convex prism."""
    truth = standing(extruded(ELL, 0.04), yaw)
    found = fits(seen_part(truth, noise=0.001, outliers=0.03))
    assert found['prism'].mesh.volume == pytest.approx(truth.volume, rel=0.06)
    assert deviation(found['prism'].mesh, truth) < 0.002
    assert found['convex prism'].mesh.volume > 1.15 * truth.volume


def test_holes_are_filled():
    """No point of a piece of the top was measured."""
    book = standing(trimesh.creation.box((0.12, 0.18, 0.025)), 0.3)
    part = seen_part(book, hidden=lambda p: (abs(p[:, :2]) < 0.02).all(axis=1))
    assert fits(part)['prism'].mesh.volume == pytest.approx(book.volume, rel=0.04)


def test_a_hidden_top_leaves_the_convex_outline():
    """The prism of a top face needs one."""
    box = standing(trimesh.creation.box((0.06, 0.1, 0.15)), 0.5)
    part = seen_part(box, hidden=lambda p: p[:, 2] > 0.13)
    assert set(fits(part)) == {'convex prism'}
