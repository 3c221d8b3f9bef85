# SPDX-License-Identifier: Apache-2.0
"""Mugs and glasses on their side, where the camera looks into them."""

from __future__ import annotations

import numpy as np
import pytest
from seen_parts import deviation, EYE, seen_part, standing
import trimesh

from dexlite_ros.object.primitives.fit import fit_primitives
from dexlite_ros.object.primitives.lying_cup import fit_lying_cup
from dexlite_ros.object.primitives.seen_part import Primitive, SeenPart

ALONG = trimesh.transformations.rotation_matrix(0.5 * np.pi, (0.0, 1.0, 0.0))
AZIMUTH = float(np.arctan2(EYE[1], EYE[0]))


def _cup(radius: float, length: float, wall: float, off: float) -> trimesh.Trimesh:
    """Return a cup on its side, its mouth turned off the camera's azimuth [rad]."""
    profile = [(0, 0), (radius, 0), (radius, length), (radius - wall, length),
               (radius - wall, wall), (0, wall)]
    mesh = trimesh.creation.revolve(profile, sections=96).apply_transform(ALONG)
    return standing(mesh, AZIMUTH + off, 0.02, 0.01)


def _fit(part: SeenPart) -> list[Primitive]:
    return fit_lying_cup(part, part.thinned(600))


@pytest.mark.parametrize('off', [-0.9, -0.4, 0.0, 0.5, 0.8])
@pytest.mark.parametrize(('radius', 'length', 'wall'), [(0.04, 0.09, 0.004), (0.03, 0.12, 0.003)])
def test_a_cup_is_hollow_again(off: float, radius: float, length: float, wall: float) -> None:
    """Its wall, floor and ends are found, and its inside is outside of the solid."""
    cup = _cup(radius, length, wall, off)
    part = seen_part(cup, noise=0.001, outliers=0.02)
    found, = _fit(part)
    assert found.kind == 'lying cup' and found.mesh.is_watertight
    assert deviation(found.mesh, cup) < 0.0015
    assert found.mesh.volume == pytest.approx(cup.volume, rel=0.5)
    assert found.mesh.volume < 0.6 * found.mesh.convex_hull.volume
    assert min(each.residual for each in fit_primitives(part)) >= 0.8 * found.residual


@pytest.mark.parametrize('off', [-0.6, 0.0, 1.5])
def test_what_is_full_or_looks_away_is_no_cup(off: float) -> None:
    """A can, and a cup that shows its bottom."""
    can = standing(
        trimesh.creation.cylinder(0.035, 0.1, sections=96).apply_transform(ALONG), AZIMUTH + off)
    assert not _fit(seen_part(can, noise=0.001, outliers=0.02))
    assert not _fit(seen_part(_cup(0.04, 0.09, 0.004, np.pi + off), noise=0.001))
