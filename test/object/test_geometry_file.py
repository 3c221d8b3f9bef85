# SPDX-License-Identifier: Apache-2.0
"""Meshes and obstacles of all formats are read as what they are."""

import logging
from pathlib import Path
import re

from meshes import bowl, BOX, CAN, cup, mixed, together, turned
import numpy as np
import open3d
import pytest
import trimesh

from dexlite_ros.errors import FileError
from dexlite_ros.object.geometry_file import (
    load_cloud,
    load_geometry,
    load_mesh,
    load_obstacles,
    MENDED,
    MESH_SUFFIXES,
    read_mesh,
)


@pytest.mark.parametrize('suffix', MESH_SUFFIXES)
def test_every_format_is_read(tmp_path, suffix):
    """The same solid from each, without anything to mend."""
    path = tmp_path / f'can{suffix}'
    CAN.export(path)
    mesh = load_mesh(path)
    assert mesh.is_volume and mesh.volume == pytest.approx(CAN.volume, rel=1e-5)
    np.testing.assert_allclose(mesh.bounds, CAN.bounds, atol=1e-6)
    assert mesh.metadata[MENDED] == ()
    assert len(load_obstacles(path)) > 1000


def test_a_scene_is_placed_as_it_says(tmp_path):
    """The nodes of a GLB file move their meshes."""
    scene = trimesh.Scene()
    scene.add_geometry(BOX, transform=trimesh.transformations.translation_matrix((0.1, 0, 0)))
    scene.add_geometry(CAN)
    scene.export(tmp_path / 'scene.glb')
    mesh = load_mesh(tmp_path / 'scene.glb')
    assert mesh.volume == pytest.approx(BOX.volume + CAN.volume, rel=1e-5)
    assert mesh.bounds[1, 0] == pytest.approx(0.12)


def test_the_unit_of_a_dae_file_counts(tmp_path):
    """A file in centimetres says so."""
    BOX.copy().apply_scale(100.0).export(tmp_path / 'box.dae')
    text = (tmp_path / 'box.dae').read_text()
    text = re.sub(r'<unit [^>]*/>', '', text).replace(
        '</asset>', '<unit name="centimeter" meter="0.01"/></asset>', 1)
    (tmp_path / 'box.dae').write_text(text)
    assert load_mesh(tmp_path / 'box.dae').volume == pytest.approx(BOX.volume, rel=1e-5)


@pytest.mark.parametrize('suffix', ['.obj', '.stl'])
def test_a_unit_is_applied_before_mending(tmp_path, suffix):
    """The wall of a shell in millimetres is as thick as that of one in metres."""
    bowl().apply_scale(1000.0).export(tmp_path / f'bowl{suffix}')
    mesh = load_mesh(tmp_path / f'bowl{suffix}', unit=0.001)
    assert mesh.volume == pytest.approx(0.002 * bowl().area, rel=0.03)
    assert 'wall of 2 mm' in mesh.metadata[MENDED][0]


def test_a_good_file_is_not_changed(tmp_path):
    """Its vertices and faces are those that were read, to the last bit."""
    CAN.export(tmp_path / 'can.obj')
    read, mesh = read_mesh(tmp_path / 'can.obj'), load_mesh(tmp_path / 'can.obj')
    assert np.array_equal(read.vertices, mesh.vertices)
    assert np.array_equal(read.faces, mesh.faces)


def test_the_error_names_the_file(tmp_path):
    """And why it is refused; an unreadable file as well."""
    cup().export(tmp_path / 'cup.stl')
    with pytest.raises(FileError, match='cup.stl.*open'):
        load_mesh(tmp_path / 'cup.stl')
    for name in ('broken.glb', 'broken.dae', 'broken.gltf', 'broken.off', 'broken.stl'):
        (tmp_path / name).write_text('nothing of the kind')
        with pytest.raises(FileError, match=name):
            load_mesh(tmp_path / name)


def test_a_mesh_to_plan_on_is_mended_or_closed_later(tmp_path, caplog):
    """With a warning: a solid if it tells which, else its faces; overlapping ones are refused."""
    mixed(CAN, 0.4).export(tmp_path / 'can.obj')
    cup().export(tmp_path / 'cup.obj')
    mesh = load_geometry(tmp_path / 'can.obj')
    assert mesh.is_volume and mesh.volume == pytest.approx(CAN.volume)
    assert 'can.obj was mended' in caplog.text
    assert not load_geometry(tmp_path / 'cup.obj').is_watertight
    assert 'its faces are taken as a cloud' in caplog.text
    together(turned(CAN), CAN.copy().apply_scale(1.003)).export(tmp_path / 'twice.obj')
    with pytest.raises(FileError, match='stored twice'):
        load_geometry(tmp_path / 'twice.obj')
    caplog.clear()
    BOX.export(tmp_path / 'box.obj')
    load_geometry(tmp_path / 'box.obj')
    assert not caplog.text


@pytest.mark.parametrize('suffix', ['.ply', '.pcd'])
def test_obstacles_from_a_cloud_are_its_points(tmp_path, suffix, caplog):
    """Those that are no numbers are dropped, and counted."""
    points = np.random.default_rng(0).random((100, 3))
    points[[3, 50]] = np.nan
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    open3d.io.write_point_cloud(str(tmp_path / f'scene{suffix}'), cloud)
    with caplog.at_level(logging.WARNING):
        found = load_obstacles(tmp_path / f'scene{suffix}')
    np.testing.assert_allclose(found, points[np.isfinite(points).all(1)], atol=1e-6)
    assert '2 of 100 points' in caplog.text
    cloud.points = open3d.utility.Vector3dVector(points * np.nan)
    open3d.io.write_point_cloud(str(tmp_path / f'none{suffix}'), cloud)
    assert load_obstacles(tmp_path / f'none{suffix}').shape == (0, 3)


def test_obstacles_from_a_mesh_are_its_faces(tmp_path):
    """Of an open or badly wound one as well; near the object only, if that is given."""
    mixed(cup(), 0.5).export(tmp_path / 'cup.ply')
    points = load_obstacles(tmp_path / 'cup.ply')
    assert np.linalg.norm(points[:, :2], axis=1).max() < 0.0301 and len(points) > 500
    assert len(load_obstacles(tmp_path / 'cup.ply', near=CAN)) == len(points)
    far = CAN.copy().apply_translation((3.0, 0, 0))
    assert len(load_obstacles(tmp_path / 'cup.ply', near=far)) == 0
    (tmp_path / 'line.obj').write_text('v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n')
    with pytest.raises(FileError, match='area'):
        load_obstacles(tmp_path / 'line.obj')


def test_an_organised_pcd_tells_the_pixels(tmp_path: Path) -> None:
    """As many rows and columns as its header says, also where nothing was measured."""
    points = np.arange(18.0).reshape(6, 3)
    points[4] = np.nan
    rows = '\n'.join(' '.join(map(str, row)) for row in points)
    for columns, height in ((3, 2), (6, 1)):
        path = tmp_path / f'{columns}.pcd'
        path.write_text(
            'VERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\n'
            f'WIDTH {columns}\nHEIGHT {height}\nVIEWPOINT 1 2 3 1 0 0 0\nPOINTS 6\n'
            f'DATA ascii\n{rows}\n')
        cloud = load_cloud(path)
        np.testing.assert_array_equal(cloud.points, points)
        assert cloud.viewpoint is not None and cloud.viewpoint.tolist() == [1.0, 2.0, 3.0]
        if height == 1:
            assert cloud.pixels is None and cloud.image_size is None
        else:
            assert cloud.pixels is not None and cloud.image_size == (3, 2)
            assert cloud.pixels.tolist() == [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]
