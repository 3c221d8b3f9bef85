# SPDX-License-Identifier: Apache-2.0
"""Clouds: files are read as written, good points are kept, every bad cloud has its error."""

from pathlib import Path

import numpy as np
import open3d
import pytest
import trimesh

from dexlite_ros.errors import BadCloud, DexliteError, FileError, InvalidRequest, ScaleError
from dexlite_ros.object.cloud import clean_cloud, CloudLimits, mean_spacing, PointCloud
from dexlite_ros.object.geometry_file import is_mesh_file, load_cloud, load_geometry, load_mesh
from dexlite_ros.object.sampling import sample_mesh

BOX = trimesh.creation.box((0.06, 0.08, 0.12))


def box_points(count: int = 3000, seed: int = 0) -> np.ndarray:
    """Return points on all faces of a box."""
    return sample_mesh(BOX, count, np.random.default_rng(seed)).points


def plane(noise: float) -> np.ndarray:
    """Return a rectangle of 10 cm x 6 cm with noise in all directions [m]."""
    rng = np.random.default_rng(1)
    flat = rng.random((2000, 3)) * [0.1, 0.06, 0.0]
    return flat + noise * rng.standard_normal(flat.shape)


def line() -> np.ndarray:
    """Return points along 10 cm."""
    return np.outer(np.linspace(0.0, 0.1, 500), [1.0, 2.0, 2.0]) / 3.0


@pytest.mark.parametrize(
    ('points', 'error', 'words'),
    [
        (np.zeros((0, 3)), BadCloud, 'empty'),
        (np.full((500, 3), np.nan), BadCloud, 'NaN'),
        (box_points(10), BadCloud, '10 points'),
        (np.ones((500, 3)), BadCloud, '1 points'),
        (plane(0.0), BadCloud, 'plane'),
        (plane(0.001), BadCloud, 'plane'),
        (plane(0.002), BadCloud, 'plane'),
        (line(), BadCloud, 'line'),
        (box_points() * 1000.0, ScaleError, 'millimetres'),
        (plane(0.0) * 1000.0, ScaleError, 'millimetres'),
        (box_points() * 0.01, ScaleError, 'm across'),
        (box_points() * 10.0, ScaleError, '1.2 m'),
    ],
)
def test_a_bad_cloud_is_named(
    points: np.ndarray,
    error: type[DexliteError],
    words: str,
) -> None:
    """The error has the right class and names the value at fault."""
    with pytest.raises(error, match=words):
        clean_cloud(PointCloud(points))


@pytest.mark.parametrize('shape', [(3,), (5, 2), (5, 4)])
def test_points_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    """They are neither reshaped nor truncated."""
    with pytest.raises(InvalidRequest, match='points'):
        PointCloud(np.zeros(shape))


def test_contradicting_limits_are_refused() -> None:
    """The minimum cannot exceed what a cloud is thinned to."""
    with pytest.raises(InvalidRequest, match='min_points'):
        CloudLimits(min_points=100, num_points=64)


def test_stray_points_go_and_the_rest_stays() -> None:
    """Far points, a far cluster, NaN and duplicates are dropped, but hardly any box points."""
    good = box_points(1500)
    clump = [0.3, 0.0, 0.0] + 0.002 * np.random.default_rng(0).random((20, 3))
    bad = np.concatenate([[[0.5, 0.5, 0.5], [-2.0, 0.0, 0.0], [np.nan] * 3], clump, good[:50]])
    clean = clean_cloud(PointCloud(np.concatenate([bad, good]))).points
    assert np.abs(clean).max() < 0.061
    assert 0.98 * len(good) < len(clean) <= len(good)


def test_thinning_keeps_measured_points_evenly() -> None:
    """The result has exactly the requested number of measured points, with their normals."""
    dense = box_points(30000)
    dense = np.concatenate([dense, dense[dense[:, 2] > 0.05] + 1e-5])  # denser on one side
    clean = clean_cloud(PointCloud(dense, normals=dense), CloudLimits(num_points=1000))
    assert len(clean) == 1000 and np.array_equal(clean.points, clean.normals)
    assert set(map(tuple, clean.points)) <= set(map(tuple, dense))
    above = np.mean(clean.points[:, 2] > 0.0)
    assert abs(above - 0.5) < 0.03


def test_cleaning_is_repeatable_and_keeps_the_viewpoint() -> None:
    """The same seed gives the same points."""
    cloud = PointCloud(box_points(6000), viewpoint=np.array([0.0, 0.0, 1.0]))
    first, second = clean_cloud(cloud), clean_cloud(cloud)
    assert np.array_equal(first.points, second.points)
    assert np.array_equal(first.viewpoint, cloud.viewpoint)
    other = clean_cloud(cloud, CloudLimits(seed=1))
    assert not np.array_equal(first.points, other.points)


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
