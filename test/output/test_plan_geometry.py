# SPDX-License-Identifier: Apache-2.0
"""Cloud and surfaces of a plan file are those of the plan, and broken ones are refused."""

import json

import numpy as np
from plans import make_plan
import pytest

from dexlite_ros.output.plan_file import write_plan
from dexlite_ros.output.plan_geometry import (
    geometry_from_dict,
    geometry_to_dict,
    PlanGeometry,
)

PLAN = make_plan(1)


def test_round_trip(tmp_path):
    """To the precision of float32, in the order of the report."""
    section = json.loads(write_plan(PLAN, tmp_path / 'plan.json').read_text())['geometry']
    found = geometry_from_dict(section)
    np.testing.assert_allclose(found.cloud, PLAN.cloud, atol=1e-8)
    for surface, own, likely in zip(
            found.surfaces, (PLAN.surface, *PLAN.other_surfaces), PLAN.report.hypotheses,
            strict=True):
        np.testing.assert_allclose(surface.vertices, own.vertices, atol=1e-8)
        np.testing.assert_array_equal(surface.faces, own.faces)
        assert (surface.method, surface.weight) == (own.method, likely.weight)


def test_a_mesh_has_no_cloud():
    """The section says so."""
    geometry = PlanGeometry(None, PlanGeometry.of(PLAN).surfaces)
    assert geometry_from_dict(geometry_to_dict(geometry)).cloud is None


@pytest.mark.parametrize(('change', 'reason'), [
    ({'cloud': 'no!'}, 'base64'), ({'cloud': 'AAAA'}, '3 bytes'),
    ({'cloud': geometry_to_dict(PlanGeometry(np.full((1, 3), np.nan)))['cloud']}, 'finite')])
def test_broken_arrays_are_refused(change, reason):
    """With what is wrong."""
    with pytest.raises(ValueError, match=reason):
        geometry_from_dict({**geometry_to_dict(PlanGeometry.of(PLAN)), **change})


def test_faces_name_vertices_that_exist():
    """A triangle of other vertices is refused."""
    section = geometry_to_dict(PlanGeometry.of(PLAN))
    surface = section['surfaces'][0]
    surface['vertices'] = geometry_to_dict(PlanGeometry(np.zeros((2, 3))))['cloud']
    with pytest.raises(ValueError, match='vertex 3 of 2'):
        geometry_from_dict(section)
