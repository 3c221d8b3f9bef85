# SPDX-License-Identifier: Apache-2.0
"""``dexlite plan`` reads viewpoints, writes its files first, and tells what it mended."""

from dataclasses import replace
import json
from pathlib import Path
import subprocess
import sys

import numpy as np
import open3d
from PIL import Image
import pytest
import trimesh

from dexlite_ros.errors import NoGraspFound
from dexlite_ros.object.sampling import Camera, view_mesh
from dexlite_ros.offline.commands.plan import main

EYE = np.array([1.1, 0.3, 0.5])
PLACE = [0.55, 0.05, 0.08]
CARTON = trimesh.creation.box((0.06, 0.09, 0.16)).apply_translation(PLACE)
FEW = ['--num-candidates', '64', '--max-grasps', '3', '--device', 'cpu']


@pytest.fixture
def carton(tmp_path) -> Path:
    """Write one view of a carton, in a base frame, as PCD without a viewpoint."""
    camera = replace(Camera(), pixels=250, depth_noise=0.0005)
    points = view_mesh(CARTON, EYE, np.random.default_rng(0), camera).points
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    path = tmp_path / 'carton.pcd'
    open3d.io.write_point_cloud(str(path), cloud, write_ascii=True)
    return path


def stated(path: Path, viewpoint: str) -> Path:
    """Write the viewpoint into the header of a PCD file."""
    text = path.read_text()
    assert 'VIEWPOINT 0 0 0 1 0 0 0' in text
    path.write_text(text.replace('VIEWPOINT 0 0 0', f'VIEWPOINT {viewpoint}'))
    return path


def report(path: Path, capsys, *others: str) -> dict:
    """Return the report of a plan from its JSON on the screen."""
    assert main([str(path), *FEW, '--json', *others]) == 0
    return json.loads(capsys.readouterr().out)['report']


def test_the_viewpoint_of_a_pcd_is_read(carton, capsys):
    """It is used, and reported as read."""
    found = report(stated(carton, '1.1 0.3 0.5'), capsys)['viewpoint']
    assert found == {'position': EYE.tolist(), 'source': 'read'}


def test_a_viewpoint_at_the_origin_is_not_stated(carton, capsys):
    """Programs that know none write it; here the sensor is found from the points."""
    found = report(carton, capsys)
    assert found['viewpoint']['source'] == 'guessed' and not found['warnings']
    away, true = np.array(found['viewpoint']['position']) - PLACE, EYE - PLACE
    assert away @ true > 0.8 * np.linalg.norm(away) * np.linalg.norm(true)


def test_what_is_given_comes_before_what_is_read(carton, capsys):
    """A wrong viewpoint in the file does not matter then; alone it is replaced with a warning."""
    path = stated(carton, '0 0 -0.3')
    given = report(path, capsys, '--viewpoint', '1.1', '0.3', '0.5')
    assert given['viewpoint']['source'] == 'given' and not given['warnings']
    alone = report(path, capsys)
    assert [each['code'] for each in alone['warnings']] == ['viewpoint_contradicted']


def test_the_table_ends_with_the_warnings(carton, capsys):
    """Each has its code, and the first line says where the cloud was seen from."""
    assert main([str(stated(carton, '0 0 -0.3')), *FEW]) == 0
    first, *_, last = capsys.readouterr().out.strip().splitlines()
    assert 'guessed' in first and last.startswith('warning: viewpoint_contradicted: seen from')


def test_without_a_grasp_the_picture_shows_the_surface(carton, tmp_path, capsys):
    """In a cage of points, where no hand has room."""
    cage = trimesh.creation.icosphere(4, 0.14).apply_translation(PLACE)
    cage.export(tmp_path / 'cage.ply')
    picture = tmp_path / 'none.png'
    with pytest.raises(NoGraspFound):
        main([str(carton), *FEW, '--obstacles', str(tmp_path / 'cage.ply'), '--picture',
              str(picture)])
    assert f'picture: {picture}' in capsys.readouterr().err
    with Image.open(picture) as image:
        assert image.width % image.height == 0
        assert (np.asarray(image).min(axis=-1) < 200).mean() > 0.02


def test_files_are_there_even_if_nobody_reads_the_screen(carton, tmp_path):
    """Into a closed pipe, the plan is written whole and no traceback appears."""
    output = tmp_path / 'plan.json'
    command = [sys.executable, '-m', 'dexlite_ros.offline.commands', 'plan', str(carton), *FEW]
    process = subprocess.Popen(
        [*command, '--output', str(output)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    process.stdout.close()
    errors = process.stderr.read()
    process.wait(timeout=60)
    assert json.loads(output.read_text())['grasps'] and 'Traceback' not in errors, errors


def test_told_uncertainty_lowers_the_score(carton, capsys):
    """The conditions reach the success model."""
    scores = []
    for more in ([], ['--uncertainty', '0.005', '5', '--friction', '0.3', '--mass', '0.5']):
        assert main([str(carton), *FEW, '--json', *more]) == 0
        grasps = json.loads(capsys.readouterr().out)['grasps']
        scores.append(np.mean([each['success_probability'] for each in grasps]))
    assert scores[1] < scores[0]
