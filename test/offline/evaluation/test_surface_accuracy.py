# SPDX-License-Identifier: Apache-2.0
"""Errors of closed surfaces are what they are known to be."""

import numpy as np
import pytest
import trimesh

from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.offline.evaluation import surface_accuracy
from dexlite_ros.offline.evaluation.surface_accuracy import mean_of, measure
from dexlite_ros.offline.objects.measured_cloud import Setup

RADIUS = 0.04
BALL = trimesh.creation.icosphere(subdivisions=4, radius=RADIUS)


@pytest.fixture
def closed_as(monkeypatch):
    """Return what replaces the closing by a ball of a given radius."""
    def replace(radius: float) -> None:
        ball = trimesh.creation.icosphere(subdivisions=4, radius=radius)
        monkeypatch.setattr(
            surface_accuracy, 'close_surface', lambda cloud, support: ObjectSurface(
                np.asarray(ball.vertices), np.asarray(ball.faces), 1.0, 'ball'))
    return replace


@pytest.mark.parametrize('radius', [0.04, 0.037, 0.043])
def test_a_ball_of_another_radius(closed_as, radius):
    """Error and bias are the difference of the radii, the overlap the ratio of the volumes."""
    closed_as(radius)
    found = measure('ball', BALL, Setup())
    assert found.bias == pytest.approx(1e3 * (RADIUS - radius), abs=0.05)
    assert found.error == pytest.approx(1e3 * abs(RADIUS - radius), abs=0.05)
    smaller, larger = sorted([RADIUS, radius])
    assert found.iou == pytest.approx((smaller / larger) ** 3, abs=0.01)
    assert found.normal_error < 3.0
    assert (found.wrong_sign > 0) == (radius < RADIUS - 0.002)


def test_a_real_closing_is_near_the_truth():
    """Points all around a ball give its surface within a millimetre; means leave out NaN."""
    found = measure('ball', BALL, Setup())
    assert found.error < 1.0 and found.iou > 0.95 and found.seconds > 0
    assert mean_of([found, found]).error == found.error
