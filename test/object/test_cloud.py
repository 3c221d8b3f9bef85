# SPDX-License-Identifier: Apache-2.0
"""Clouds: what they hold, and files, which are read as they were written."""

from pathlib import Path

import numpy as np
import open3d
import pytest
import trimesh

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.object.cloud import CloudLimits, mean_spacing, PointCloud
from dexlite_ros.object.geometry_file import is_mesh_file, load_cloud, load_geometry, load_mesh
from dexlite_ros.object.sampling import sample_mesh

BOX = trimesh.creation.box((0.06, 0.08, 0.12))


def box_points(count: int = 3000, seed: int = 0) -> np.ndarray:
    """Return points on all faces of a box."""
    return sample_mesh(BOX, count, np.random.default_rng(seed)).points


@pytest.mark.parametrize('shape', [(3,), (5, 2), (5, 4)])
def test_points_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    """They are neither reshaped nor truncated."""
    with pytest.raises(InvalidRequest, match='points'):
        PointCloud(np.zeros(shape))


def test_a_viewpoint_that_is_no_place_is_refused() -> None:
    """It is neither ignored nor used."""
    with pytest.raises(InvalidRequest, match='viewpoint'):
        PointCloud(box_points(100), viewpoint=np.array([0.0, np.nan, 1.0]))


def test_contradicting_limits_are_refused() -> None:
    """The minimum cannot exceed what a cloud is thinned to."""
    with pytest.raises(InvalidRequest, match='min_points'):
        CloudLimits(min_points=100, num_points=64)


def test_spacing_is_that_of_a_grid() -> None:
    """On a square grid it is about the grid's step."""
    grid = np.stack(np.meshgrid(np.arange(40), np.arange(40), [0]), axis=-1).reshape(-1, 3)
    assert mean_spacing(0.003 * grid) == pytest.approx(0.003, rel=0.25)


@pytest.mark.parametrize('suffix', ['.ply', '.pcd'])
def test_a_cloud_file_comes_back(tmp_path: Path, suffix: str) -> None:
    """The file is read as a cloud, with the written values."""
    path = tmp_path / f'cloud{suffix}'
    points = box_points(200)
    open3d.io.write_point_cloud(
        str(path), open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    )
    assert not is_mesh_file(path)
    cloud = load_geometry(path)
    assert isinstance(cloud, PointCloud) and cloud.viewpoint is None
    np.testing.assert_allclose(cloud.points, points, atol=1e-7)


@pytest.mark.parametrize('suffix', ['.ply', '.obj', '.stl'])
def test_a_mesh_file_comes_back_closed(tmp_path: Path, suffix: str) -> None:
    """STL repeats vertices per triangle; they are merged, so the mesh is closed."""
    path = tmp_path / f'box{suffix}'
    BOX.export(path)
    assert is_mesh_file(path)
    mesh = load_geometry(path)
    assert isinstance(mesh, trimesh.Trimesh) and mesh.is_watertight
    assert mesh.volume == pytest.approx(BOX.volume, rel=1e-5)


def test_files_that_are_not_what_they_claim_are_refused(tmp_path: Path) -> None:
    """Missing files, files of another kind and broken files each raise an error."""
    with pytest.raises(FileError, match='no such file'):
        load_cloud(tmp_path / 'none.ply')
    with pytest.raises(FileError, match='suffix'):
        load_geometry(tmp_path / 'object.xyz')
    broken = tmp_path / 'broken.ply'
    broken.write_text('not a cloud\n')
    with pytest.raises(FileError, match='header'):
        load_geometry(broken)
    empty = tmp_path / 'empty.obj'
    empty.write_text('# nothing\n')
    with pytest.raises(FileError):
        load_mesh(empty)
