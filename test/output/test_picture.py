# SPDX-License-Identifier: Apache-2.0
"""Pictures show the object and the hand, and need no screen."""

import numpy as np
from PIL import Image
from plans import make_plan
import trimesh

from dexlite_ros.output import picture
from dexlite_ros.output.picture import (
    cloud_mesh,
    ColouredMesh,
    render,
    render_plan,
    render_surfaces,
)


def test_a_ball_is_a_disc():
    """A ball fills the frame as a disc of its own colour on white."""
    ball = trimesh.creation.icosphere(radius=0.05)
    mesh = ColouredMesh(np.asarray(ball.vertices), np.asarray(ball.faces), (1.0, 0.0, 0.0))
    pixels = np.asarray(render([mesh], np.array([1.0, 0.0, 0.3]), (120, 120)), float)
    white = (pixels == 255).all(-1)
    assert white[0, 0] and not white[60, 60]
    assert 0.6 < (~white).mean() < np.pi / 4 + 0.02
    red = pixels[60, 60]
    assert red[0] > 60 and red[1] == red[2] == 0


def test_a_plan_is_a_row_of_panels(tmp_path):
    """Three grasps give three panels, each with hand and object."""
    path = render_plan(make_plan(4), tmp_path / 'new' / 'plan.png', max_hands=3)
    with Image.open(path) as image:
        assert image.size == (3 * 560, 560) and image.format == 'PNG'
        pixels = np.asarray(image, float)
    for panel in np.split(pixels, 3, axis=1):
        assert (panel.min(-1) < 250).mean() > 0.004


def test_surfaces_stand_side_by_side(tmp_path):
    """One panel for each, of its own shape."""
    meshes = [trimesh.creation.icosphere(radius=0.05), trimesh.creation.box((0.02, 0.02, 0.2))]
    surfaces = [
        ColouredMesh(np.asarray(mesh.vertices), np.asarray(mesh.faces), (0.9, 0.7, 0.4))
        for mesh in meshes]
    path = render_surfaces(tmp_path / 'new' / 'surfaces.png', surfaces, ['ball', 'bar'])
    with Image.open(path) as image:
        assert image.size == (2 * 560, 560)
        dark = np.asarray(image)[100:].min(axis=-1) < 250
    ball, bar = dark[:, :560], dark[:, 560:]
    assert ball.mean() > 2.0 * bar.mean() > 0.02


def test_captions_show_rank_and_score(tmp_path, monkeypatch):
    """The first panel is the best grasp, which has rank 0."""
    captions = []
    monkeypatch.setattr(
        picture, 'write_label', lambda panel, label, colour: captions.append(label))
    plan = make_plan(4)
    render_plan(plan, tmp_path / 'plan.png', max_hands=2)
    assert captions == [f'#{rank}  score {float(plan.score[rank]):.2f}' for rank in (0, 1)]


def test_cloud_mesh_has_a_ball_at_every_point():
    """The balls' centres are the points, and no two balls share vertices."""
    points = np.random.default_rng(0).normal(size=(7, 3))
    mesh = cloud_mesh(points, radius=0.01)
    centres = mesh.vertices.reshape(7, -1, 3).mean(1)
    np.testing.assert_allclose(centres, points, atol=1e-9)
    owner = mesh.faces // (len(mesh.vertices) // 7)
    assert (owner == owner[:, :1]).all()
