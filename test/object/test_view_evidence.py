# SPDX-License-Identifier: Apache-2.0
"""What one camera measured speaks against a surface exactly where it should."""

from dataclasses import dataclass

import numpy as np
import pytest
from surface_distance import distance_to
import trimesh

from dexlite_ros.object.sampling import Camera, view_mesh
from dexlite_ros.object.support import Plane
from dexlite_ros.object.view_evidence import OUTLIER, ViewEvidence

NOISE = 0.001
TABLE = Plane(np.array([0.0, 0.0, 1.0]), 0.0)
SIZE = np.array([0.06, 0.08, 0.1])
TRUTH = trimesh.creation.box(SIZE).apply_translation((0.0, 0.0, 0.05))
ABOVE = np.array([0.4, 0.25, 0.4])
LEVEL = np.array([0.6, 0.0, 0.05])
"""In front of the box: only that side is seen."""


@dataclass
class Look:
    """What a camera measures of the box on a table."""

    points: np.ndarray
    walls: np.ndarray
    eye: np.ndarray

    def evidence(self, walls: np.ndarray | None = None, support: Plane | None = TABLE
                 ) -> ViewEvidence:
        """Return it as evidence, by default with the table's points as walls."""
        walls = self.walls if walls is None else walls
        return ViewEvidence(self.points, self.eye, NOISE, walls, support)


def look(eye: np.ndarray, noise: float = NOISE) -> Look:
    """Measure box and table, with Gaussian noise on each coordinate."""
    rng = np.random.default_rng(0)
    top = trimesh.creation.box((1.0, 1.0, 0.02)).apply_translation((0, 0, -0.01))
    seen = view_mesh(trimesh.util.concatenate([TRUTH, top]), eye, rng,
                     Camera(pixels=250, depth_noise=0.0)).points
    on_box = (distance_to(TRUTH, seen) < 1e-5) & (seen[:, 2] > 0.001)
    seen = seen + noise * rng.standard_normal(seen.shape)
    return Look(seen[on_box], seen[~on_box], eye)


ALL_AROUND = np.zeros((0, 3))
SEEN = look(ABOVE)


@pytest.mark.parametrize('walls', [None, ALL_AROUND], ids=['walls', 'no walls'])
@pytest.mark.parametrize('support', [TABLE, None], ids=['table', 'no table'])
def test_the_truth_explains_what_was_measured(walls, support):
    """Squared distances are those of the noise, and nothing stands where nothing is."""
    fit = SEEN.evidence(walls, support).of(TRUTH)
    assert fit.misfit == pytest.approx(1.0, abs=0.15)
    assert fit.intrusion < 0.02
    assert fit.cost == fit.misfit + fit.intrusion


def test_misfit_is_in_units_of_the_noise():
    """Twice the noise costs four times as much, until it costs like an outlier."""
    far = look(ABOVE, 2 * NOISE)
    doubled = far.evidence().of(TRUTH).misfit
    chi = np.minimum((2 * np.random.default_rng(0).standard_normal(100_000))**2, OUTLIER)
    assert doubled == pytest.approx(chi.mean(), rel=0.15)


@pytest.mark.parametrize('walls', [None, ALL_AROUND], ids=['walls', 'no walls'])
@pytest.mark.parametrize('across', [-1.0, 1.0])
def test_a_mesh_moved_aside_is_contradicted_twice(walls, across):
    """By points that are not on it, and by empty places in which it stands."""
    side = np.cross(ABOVE, (0.0, 0.0, 1.0))
    moved = TRUTH.copy().apply_translation(0.02 * across * side / np.linalg.norm(side))
    fit = SEEN.evidence(walls).of(moved)
    assert fit.misfit > 3.0
    assert fit.intrusion > 0.5


def test_hidden_points_cost_in_full():
    """A screen between the camera and all measured points, each of them far from it."""
    screen = trimesh.creation.box((0.01, 0.2, 0.3)).apply_translation((0.1, 0.0, 0.05))
    fit = look(LEVEL).evidence().of(screen)
    assert fit.misfit == pytest.approx(OUTLIER)
    assert fit.intrusion > 1.0


def test_what_grows_unseen_costs_nothing():
    """Behind the side that is seen, a box may be as long as it likes."""
    seen = look(LEVEL)
    longer = trimesh.creation.box(SIZE + (0.1, 0, 0)).apply_translation((-0.05, 0, 0.05))
    for walls in (None, ALL_AROUND):
        evidence = seen.evidence(walls)
        assert evidence.of(longer).cost == pytest.approx(evidence.of(TRUTH).cost, abs=0.02)


def _wall(distance: float) -> np.ndarray:
    """Return points of an upright plane beside the box, at this distance from the camera."""
    y, z = np.meshgrid(np.arange(0.02, 0.2, 0.002), np.arange(-0.05, 0.2, 0.002))
    place = np.column_stack([np.zeros(y.size), y.ravel(), z.ravel()])
    away = place - LEVEL
    place = LEVEL + away * (distance / np.linalg.norm(away, axis=1))[:, None]
    return place[np.abs((place - LEVEL)[:, 1] / (place - LEVEL)[:, 0]) > 0.085]


def test_what_a_nearer_wall_hides_may_be_there():
    """The box may go on behind a neighbour, but not before a wall that was seen past it."""
    seen = look(LEVEL)
    wider = trimesh.creation.box(SIZE + (0, 0.03, 0)).apply_translation((0, 0.015, 0.05))
    behind, before = (seen.evidence(_wall(distance)).of(wider).intrusion
                      for distance in (0.4, 0.9))
    assert behind == 0.0
    assert before > 0.3


def test_what_is_under_the_table_is_not_seen():
    """With a table, places of the image are empty only down to it; without, without end."""
    below = trimesh.creation.box((0.2, 0.2, 0.05)).apply_translation((0, 0, -0.06))
    both = trimesh.util.concatenate([TRUTH, below])
    assert SEEN.evidence(ALL_AROUND, TABLE).of(both).intrusion < 0.02
    assert SEEN.evidence(ALL_AROUND, None).of(both).intrusion > 0.5


def test_motion_changes_nothing():
    """Evidence and surface may be in any frame."""
    turn = trimesh.transformations.rotation_matrix(0.7, (1, 2, 3), (0.3, 0.1, -0.2))
    points, eye, walls = (trimesh.transform_points(each, turn)
                          for each in (SEEN.points, ABOVE[None], SEEN.walls))
    normal = turn[:3, :3] @ TABLE.normal
    table = Plane(normal, float(normal @ turn[:3, 3]))
    there = ViewEvidence(points, eye[0], NOISE, walls, table)
    aside = TRUTH.copy().apply_translation((0.0, 0.01, 0.0))
    here, other = SEEN.evidence().of(aside), there.of(aside.copy().apply_transform(turn))
    assert other.misfit == pytest.approx(here.misfit, rel=0.02)
    assert other.intrusion == pytest.approx(here.intrusion, rel=0.15)
