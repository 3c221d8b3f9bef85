# SPDX-License-Identifier: Apache-2.0
"""Boxes have the dimensions of what was seen, whatever is wrong with some of the points."""

from dataclasses import replace

import numpy as np
import pytest
from seen_parts import seen_part, standing
import trimesh

from dexlite_ros.object.primitives.box import fit_boxes, THIN

SIDES = (0.06, 0.15, 0.2)


def carton(yaw: float = 0.4, sides: tuple[float, float, float] = SIDES) -> trimesh.Trimesh:
    """Return a box on the table."""
    return standing(trimesh.creation.box(sides), yaw, 0.02, -0.03)


def dimensions(mesh: trimesh.Trimesh) -> np.ndarray:
    """Return the two horizontal sides, the shorter first, and the height of a box [m]."""
    foot = mesh.vertices[mesh.vertices[:, 2] < mesh.bounds[:, 2].mean()]
    near = np.sort(np.linalg.norm(foot - foot[0], axis=1))
    return np.array([near[1], near[2], np.ptp(mesh.vertices[:, 2])])


def fitted(part):
    """Return the box of a view that determines it."""
    [box] = fit_boxes(part, part.thinned(600))
    assert box.kind == 'box' and box.mesh.is_watertight and box.mesh.volume > 0
    return box


@pytest.mark.parametrize('yaw', np.arange(0.05, 3.1, 0.37))
def test_a_clean_view_gives_the_dimensions(yaw):
    """Two sides and the top are seen."""
    box = fitted(seen_part(carton(yaw)))
    assert dimensions(box.mesh) == pytest.approx(SIDES, abs=0.002)
    assert box.mesh.center_mass == pytest.approx(carton(yaw).center_mass, abs=0.0015)


@pytest.mark.parametrize('yaw', [0.2, 0.9, 1.8, 2.7])
def test_noise_and_outliers_neither_shrink_nor_grow_it(yaw):
    """2 mm of noise and 5 % of flying points."""
    box = fitted(seen_part(carton(yaw), noise=0.002, outliers=0.05))
    assert dimensions(box.mesh) == pytest.approx(SIDES, abs=0.004)


def test_points_of_the_table_do_not_enlarge_it():
    """A ring of table around the foot belongs to no face."""
    part = seen_part(carton(), noise=0.001)
    rng = np.random.default_rng(0)
    angle = rng.uniform(0.0, 2.0 * np.pi, 80)
    ring = np.stack([0.02 + 0.1 * np.cos(angle), -0.03 + 0.1 * np.sin(angle),
                     rng.uniform(0.0, 0.004, 80)], axis=1)
    ring = ring[np.linalg.norm(ring - part.eye, axis=1) < np.linalg.norm(part.eye)]
    up = np.tile([0.0, 0.0, 1.0], (len(ring), 1))
    part = type(part)(np.concatenate([part.points, ring]),
                      np.concatenate([part.normals, up]), part.eye, part.noise)
    assert dimensions(fitted(part).mesh) == pytest.approx(SIDES, abs=0.003)


def test_a_neighbour_that_hides_a_corner_does_not_shorten_it():
    """A third of the front, below the top, is hidden."""
    def hidden(points):
        return (points[:, 2] < 0.12) & (points[:, 1] > 0.0)

    box = fitted(seen_part(carton(), noise=0.001, hidden=hidden))
    assert dimensions(box.mesh) == pytest.approx(SIDES, abs=0.003)


def test_a_flat_thing_is_known_by_its_top():
    """Hardly anything of a book's sides is seen."""
    sides = (0.12, 0.18, 0.02)
    box = fitted(seen_part(carton(sides=sides), noise=0.001))
    assert dimensions(box.mesh) == pytest.approx(sides, abs=0.004)


@pytest.mark.parametrize('eye', [(0.6, 0.0, 0.45), (0.6, 0.01, 0.45)])
def test_only_the_front_and_the_top_are_seen(eye):
    """The sides are then where the faces end."""
    box = fitted(seen_part(standing(trimesh.creation.box(SIDES)), np.array(eye), noise=0.001))
    assert dimensions(box.mesh) == pytest.approx(SIDES, abs=0.003)


def test_one_face_alone_leaves_the_depth_open():
    """Then there are two boxes: a thin one, and one as deep as wide, both behind that face."""
    part = seen_part(standing(trimesh.creation.box(SIDES)), np.array([0.6, 0.0, 0.1]))
    thin, deep = sorted(fit_boxes(part, part.thinned(600)), key=lambda box: box.mesh.volume)
    for box, depth in ((thin, THIN * 0.15), (deep, 0.15)):
        assert box.mesh.extents == pytest.approx([depth, 0.15, 0.2], abs=0.004)
        assert box.mesh.bounds[1, 0] == pytest.approx(0.03, abs=0.001)


def test_a_hidden_end_leaves_the_length_open():
    """A wall in front hides the right third, top and all: the true length is between two."""
    truth = standing(trimesh.creation.box(SIDES))
    eye = np.array([0.6, -0.1, 0.45])
    y, z = np.meshgrid(np.arange(0.0, 0.1, 0.002), np.arange(0.0, 0.34, 0.002))
    others = np.stack([np.full(y.size, 0.2), y.ravel(), z.ravel()], axis=1)

    def hidden(points):
        share = (0.2 - eye[0]) / (points[:, 0] - eye[0])
        return eye[1] + share * (points[:, 1] - eye[1]) > 0.0

    part = seen_part(truth, eye, noise=0.001, hidden=hidden)
    assert [each.kind for each in fit_boxes(part, part.thinned(600))] == ['box']
    part = replace(part, others=others)
    length = {each.kind: dimensions(each.mesh)[1] for each in fit_boxes(part, part.thinned(600))}
    assert length['box'] < 0.14 < 0.15 < length['longest box']
    assert length['longer box'] == pytest.approx(
        0.5 * (length['box'] + length['longest box']), abs=1e-6)


def test_other_things_that_hide_nothing_change_nothing():
    """A wall behind the box is no reason for a longer one."""
    part = seen_part(carton(), noise=0.001)
    y, z = np.meshgrid(np.arange(-0.5, 0.5, 0.005), np.arange(0.0, 0.5, 0.005))
    others = np.stack([np.full(y.size, -0.3), y.ravel(), z.ravel()], axis=1)
    assert dimensions(fitted(replace(part, others=others)).mesh) == pytest.approx(
        dimensions(fitted(part).mesh))


def test_the_result_moves_with_the_points():
    """A turn about the vertical and a shift of points and camera do the same to the box."""
    part = seen_part(carton(), noise=0.001, outliers=0.03)
    frame = trimesh.transformations.rotation_matrix(0.7, (0.0, 0.0, 1.0))
    frame[:2, 3] = 0.3, -0.2
    moved = type(part)(
        trimesh.transform_points(part.points, frame), part.normals @ frame[:3, :3].T,
        trimesh.transform_points(part.eye[None], frame)[0], part.noise)
    here, there = fitted(part), fitted(moved)
    assert dimensions(there.mesh) == pytest.approx(dimensions(here.mesh), abs=0.001)
    centre = trimesh.transform_points(here.mesh.center_mass[None], frame)[0]
    assert there.mesh.center_mass == pytest.approx(centre, abs=0.001)
