# SPDX-License-Identifier: Apache-2.0
"""Errors of closed surfaces are what they are known to be."""

import json

import numpy as np
from PIL import Image
import pytest
import trimesh

from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.evaluation.closed_view import ClosedView
from dexlite_ros.offline.evaluation.surface_accuracy import (
    Accuracy,
    differences,
    mean_of,
    measure,
    measure_all,
)
from dexlite_ros.offline.objects.measured_cloud import Setup
from dexlite_ros.offline.objects.sources import ProceduralObject
from dexlite_ros.offline.scenes.recorded_scene import write_scene
from dexlite_ros.offline.scenes.sight import RecordedView, SceneView
from dexlite_ros.offline.scenes.table_scene import SceneSettings, table_scene

RADIUS = 0.04
BALL = trimesh.creation.icosphere(subdivisions=4, radius=RADIUS)
BOX = trimesh.creation.box((0.07, 0.1, 0.16)).apply_translation((0.2, 0.1, -0.3))


def compared(solid: trimesh.Trimesh, seen: np.ndarray | None = None) -> dict[str, float]:
    """Compare a solid with the ball, of which all or some points were seen."""
    view = ClosedView(np.asarray(solid.vertices), np.asarray(solid.faces), np.zeros((0, 3)), None)
    seen = BALL.vertices if seen is None else seen
    return differences(BALL, view, seen, np.random.default_rng(0))


@pytest.mark.parametrize('radius', [0.04, 0.037, 0.043])
def test_a_ball_of_another_radius(radius):
    """Error and bias are the difference of the radii, the overlap the ratio of the volumes."""
    found = compared(trimesh.creation.icosphere(subdivisions=4, radius=radius))
    assert found['bias'] == pytest.approx(1e3 * (RADIUS - radius), abs=0.05)
    assert found['error'] == pytest.approx(1e3 * abs(RADIUS - radius), abs=0.05)
    smaller, larger = sorted([RADIUS, radius])
    assert found['iou'] == pytest.approx((smaller / larger) ** 3, abs=0.02)
    assert found['normal_error'] < 3.0
    assert (found['wrong_sign'] > 0) == (radius < RADIUS - 0.002)
    assert np.isnan(found['unseen']), 'all of it was seen'


def test_unseen_places_are_those_far_from_all_points():
    """Half a ball is right where it was seen, wrong elsewhere, and counts for 2 cm at most."""
    half = np.asarray(BALL.vertices)[BALL.vertices[:, 0] > 0.0]
    found = compared(trimesh.convex.convex_hull(half), half)
    places = np.random.default_rng(1).uniform(-RADIUS - 0.02, RADIUS + 0.02, (200_000, 3))
    from_middle = np.linalg.norm(places, axis=1)
    near = np.abs(from_middle - RADIUS) < 0.02
    foot = RADIUS * places[near] / from_middle[near, None]
    # The nearest seen point is on the rim x = 0, 8 mm along the chord.
    dark = np.linalg.norm(np.column_stack([
        foot[:, 0], np.hypot(foot[:, 1], foot[:, 2]) - RADIUS]), axis=1) > 0.008
    dark &= foot[:, 0] < 0.0
    truth = (from_middle - RADIUS)[near][dark]
    rest = places[near][dark]
    across = np.maximum(np.hypot(rest[:, 1], rest[:, 2]) - RADIUS, 0.0)
    outside = np.hypot(rest[:, 0], across)
    assert (rest[:, 0] < 0.0).all(), 'none is inside the half that was closed'
    error = np.minimum(np.abs(outside - truth), 0.02)
    assert found['unseen'] == pytest.approx(1e3 * error.mean(), rel=0.03)
    assert found['unseen'] > 1.5 * found['error'] > 0.0
    assert compared(BALL, half)['unseen'] == pytest.approx(0.0, abs=1e-3)


def test_what_is_far_off_counts_for_two_centimetres():
    """Also where the closed surface is somewhere else."""
    away = trimesh.creation.icosphere(subdivisions=2, radius=0.01).apply_translation((1, 0, 0))
    found = compared(away, np.array([[RADIUS, 0.0, 0.0]]))
    assert found['unseen'] == pytest.approx(20.0)
    assert found['error'] > 500.0


def test_a_real_closing_is_near_the_truth():
    """Points all around a ball give its surface within a millimetre."""
    found = measure('ball', BALL, Setup()).accuracy
    assert found.error < 1.0 and found.iou > 0.95 and found.seconds > 0


def test_means_leave_out_what_is_not_known():
    """And are not known where nothing is."""
    rows = [Accuracy('a', 'm', 1.0, 0.0, np.nan, 3.0, 0.5, 1.0, 0.1, unseen)
            for unseen in (2.0, np.nan, 4.0)]
    mean = mean_of(rows)
    assert (mean.unseen, mean.error, mean.name) == (3.0, 1.0, 'mean of 3')
    assert np.isnan(mean.wrong_sign)


@pytest.mark.parametrize('kind', ['single', 'table', 'recorded'])
def test_truth_and_surface_are_compared_in_one_frame(kind, tmp_path):
    """However a box is seen, most of its volume is found where it is."""
    settings = SceneSettings('ideal')
    write_scene(
        tmp_path, 'box', table_scene(BOX, [], settings, np.random.default_rng(2)), BOX)
    viewing = {'single': Setup('single', noise=0.0, seed=2), 'table': SceneView(settings, seed=2),
               'recorded': RecordedView(tmp_path, seed=7)}[kind]
    found = measure('box', BOX, viewing)
    assert found.accuracy.error < 2.0 and found.accuracy.iou > 0.9
    assert 0.0 <= found.accuracy.unseen < 4.0
    for solid in (found.truth.vertices, found.closed.vertices):
        assert abs(solid[:, 2].min()) < 0.003, 'it stands on the table'
    assert found.closed.eye[2] > 0.1


def test_objects_that_fail_are_named():
    """The others are measured."""
    needle = ProceduralObject.numbered(0)
    results, failed = measure_all(
        [(needle, ())], SceneView(SceneSettings('ideal')))
    assert len(results) + len(failed) == 1
    results, failed = measure_all([(needle, ())], Setup(points=3))
    assert results == [] and list(failed) == [needle.name] and failed[needle.name]


def test_the_command_measures_scenes(tmp_path, capsys):
    """As JSON with all figures and a picture with two panels, and as text with the same."""
    call = ['surface-accuracy', '--objects', 'household:2', '--scene', 'table', '--neighbours',
            '1', '--limit', '1']
    picture = tmp_path / 'surfaces.png'
    assert main([*call, '--json', '--picture', str(picture)]) == 0
    told = json.loads(capsys.readouterr().out)
    row, = told['objects']
    assert told['methods'] == {row['method']: 1} and told['failed'] == {}
    assert row['method'].startswith('view') and 0.0 < row['unseen'] <= 20.0
    assert told['setup']['settings'] == {'camera': 'kinect', 'neighbours': 1}
    with Image.open(picture) as sheet:
        assert sheet.size == (480, 240) and len(sheet.convert('P').getcolors()) > 10
    assert main(call) == 0
    text = capsys.readouterr().out
    assert f'{row["error"]:7.2f}{row["unseen"]:8.2f}' in text
    assert f'methods: {row["method"]} 1' in text
