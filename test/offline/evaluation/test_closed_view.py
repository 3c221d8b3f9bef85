# SPDX-License-Identifier: Apache-2.0
"""Closed surfaces are kept in small files and drawn beside the truth, from the dark side."""

import numpy as np
from PIL import Image
import pytest
import trimesh

from dexlite_ros.errors import FileError
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.offline.evaluation.closed_view import ClosedView, POINTS, write_closed_views
from dexlite_ros.offline.scenes.sight import Sight

BALL = trimesh.creation.icosphere(subdivisions=3, radius=0.04)
SURFACE = ObjectSurface(np.asarray(BALL.vertices), np.asarray(BALL.faces), 0.5, 'ball')
POSE = trimesh.transformations.rotation_matrix(1.0, (1, 2, 3), (0.1, 0.2, 0.3))


def sight(target: PointCloud | trimesh.Trimesh) -> Sight:
    """Return a target seen from elsewhere than the judge's frame."""
    return Sight(target, None, None, POSE, POSE, 0.0)


def test_everything_is_in_the_frame_of_the_judge():
    """Surface, camera, and no more points than are drawn; a mesh has neither of the latter."""
    points = np.random.default_rng(0).uniform(-0.04, 0.04, (3 * POINTS, 3))
    seen = ClosedView.of(SURFACE, sight(PointCloud(points, viewpoint=np.array([0, 0, 1.0]))))
    np.testing.assert_allclose(seen.vertices, trimesh.transform_points(BALL.vertices, POSE))
    np.testing.assert_allclose(seen.eye, POSE[:3, 2] + POSE[:3, 3])
    everywhere = {tuple(row) for row in trimesh.transform_points(points, POSE).round(9)}
    assert len(seen.points) == POINTS
    assert {tuple(row) for row in seen.points.round(9)} <= everywhere
    known = ClosedView.of(SURFACE, sight(BALL))
    assert known.eye is None and known.points.shape == (0, 3)


@pytest.mark.parametrize('eye', [None, np.array([0.0, 0.5, 1.0])], ids=['around', 'camera'])
def test_what_is_written_is_read(tmp_path, eye):
    """To a float's precision, in a file of a few kilobytes."""
    view = ClosedView(SURFACE.vertices, SURFACE.faces, np.eye(3), eye)
    view.write(tmp_path / 'ball.npz')
    again = ClosedView.read(tmp_path / 'ball.npz')
    for name in ('vertices', 'faces', 'points'):
        np.testing.assert_allclose(getattr(again, name), getattr(view, name), atol=1e-7)
    assert again.eye is None if eye is None else np.allclose(again.eye, eye)
    assert (tmp_path / 'ball.npz').stat().st_size < 30_000


def test_what_cannot_be_read_is_named(tmp_path):
    """Missing, no archive, or one of something else."""
    (tmp_path / 'text.npz').write_text('x')
    np.savez(tmp_path / 'other.npz', a=np.zeros(3))
    for name in ('none.npz', 'text.npz', 'other.npz'):
        with pytest.raises(FileError, match=name):
            ClosedView.read(tmp_path / name)


def test_the_picture_shows_the_unseen_side(tmp_path):
    """A ball whose points were all seen on one side shows none of them from the other."""
    eye = np.array([0.3, 0.0, 0.03])
    inner = BALL.copy().apply_scale(0.9)
    points = np.asarray(BALL.vertices)[BALL.vertices @ eye > 0.8 * 0.04 * np.linalg.norm(eye)]
    blue = {}
    for side, place in (('opposite', eye), ('same', eye * (-1, -1, 1))):
        view = ClosedView(np.asarray(inner.vertices), np.asarray(inner.faces), points, place)
        write_closed_views(tmp_path / f'{side}.png', [('', BALL, view)])
        with Image.open(tmp_path / f'{side}.png') as sheet:
            assert sheet.size == (2 * 240, 240)
            pixels = np.asarray(sheet.convert('RGB')).astype(int)
        blue[side] = int((pixels[..., 2] > pixels[..., 0] + 40).sum())
    assert blue['same'] > 5 * blue['opposite']
