# SPDX-License-Identifier: Apache-2.0
"""The picture of a result shows what was seen, and tells measured from inferred."""

from pathlib import Path

import numpy as np
from PIL import Image
import pytest
import trimesh

pytest.importorskip('rclpy', reason='the demo needs ROS 2 (rclpy)')

from plans import make_plan
from std_msgs.msg import Header

from dexlite_ros.msg import DexGraspArray, SynthesisReport
from dexlite_ros.object.surface import seen_fraction
from dexlite_ros.ros.conversions import grasp_array, ResultLabels
from dexlite_ros.ros.demo.sight import Sight
from dexlite_ros.ros.demo.sight_picture import _coloured, draw_sight, PANEL
from dexlite_ros.ros.transforms import plan_in_frame, transform_points

EYE = np.array([0.1, -0.5, 0.4])
LABELS = ResultLabels(Header(frame_id='camera'), 1, 'can', (1.0, 2.0, 2.5))
PLAN = make_plan(3)


def _scene() -> tuple[trimesh.Trimesh, Sight]:
    """Return a can on a table with a block beside it, and what is seen of them from EYE."""
    rng = np.random.default_rng(0)
    can = trimesh.creation.cylinder(0.03, 0.12).apply_translation((0, 0, 0.06))
    points, face = trimesh.sample.sample_surface(can, 3000, seed=0)
    seen = np.einsum('ni,ni->n', can.face_normals[face], EYE - points) > 0
    table = np.column_stack([rng.uniform(-0.2, 0.2, (4000, 2)), np.zeros(4000)])
    block = rng.uniform((0.08, -0.05, 0.0), (0.12, 0.0, 0.05), (600, 3))
    return can, Sight(points[seen], np.concatenate([table, block]), EYE, can.triangles)


def _draw(path: Path, sight: Sight, plan: object = PLAN) -> np.ndarray:
    result: DexGraspArray = grasp_array(plan, LABELS)
    report = SynthesisReport(surface_method='view+cylinder', seen_fraction=0.5)
    with Image.open(draw_sight(result, report, sight, path)) as image:
        assert image.format == 'PNG'
        return np.asarray(image).astype(int)


def _changed(sight: Sight, **values: object) -> Sight:
    return Sight(**{**vars(sight), **values})


@pytest.mark.parametrize(('changes', 'columns', 'rows'), [
    ({}, 3, 2),
    ({'eye': None}, 3, 2),
    ({'surface': None}, 3, 2),
    ({'eye': None, 'surface': None}, 3, 1),
    ({'rest': np.zeros((0, 3))}, 3, 2),
])
def test_what_is_not_known_is_left_out(
    tmp_path: Path, changes: dict[str, object], columns: int, rows: int
) -> None:
    """One panel each for the camera and the hands, two for the surface; none is empty."""
    picture = _draw(tmp_path / 'new' / 'picture.png', _changed(_scene()[1], **changes))
    assert picture.shape == (rows * PANEL[1], columns * PANEL[0], 3)
    count = 3 + (changes.get('eye', 0) is not None) + 2 * (changes.get('surface', 0) is not None)
    for index in range(rows * columns):
        row, column = divmod(index, columns)
        panel = picture[row * PANEL[1]:(row + 1) * PANEL[1],
                        column * PANEL[0]:(column + 1) * PANEL[0]]
        assert (panel[60:] < 250).any() == (index < count)


def test_the_colours_tell_what_the_report_counts() -> None:
    """The share of the surface in the colour of the measured part is ``seen_fraction``."""
    can, sight = _scene()
    area = [float(trimesh.Trimesh(part.vertices, part.faces).area)
            for part in _coloured(sight.surface, sight.points)]
    assert sum(area) == pytest.approx(can.area)
    assert area[0] / can.area == pytest.approx(seen_fraction(can, sight.points), abs=0.03)
    assert 0.4 < area[0] / can.area < 0.8


def test_the_frame_of_the_clouds_does_not_matter(tmp_path: Path) -> None:
    """With a table that tells what is up, a picture from a tilted frame is the same."""
    matrix = trimesh.transformations.rotation_matrix(2.1, (0.3, -0.8, 0.5))
    sight = _scene()[1]
    tilted = Sight(
        transform_points(matrix, sight.points), transform_points(matrix, sight.rest),
        matrix[:3, :3] @ sight.eye, sight.surface @ matrix[:3, :3].T)
    upright = _draw(tmp_path / 'upright.png', sight)
    other = _draw(tmp_path / 'tilted.png', tilted, plan_in_frame(PLAN, matrix))
    # Points may be a pixel beside.
    coarse = [each.reshape(84, 10, 126, 10, 3).mean(axis=(1, 3)) for each in (upright, other)]
    assert np.mean(np.abs(coarse[0] - coarse[1]) > 25) < 0.01
    assert np.mean(upright < 250) > 0.1
