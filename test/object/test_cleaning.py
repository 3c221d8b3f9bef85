# SPDX-License-Identifier: Apache-2.0
"""What is not the object is dropped with an account, what is thin stays, bad clouds are named."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree
import trimesh

from dexlite_ros.errors import BadCloud, DexliteError, ScaleError
from dexlite_ros.object.cleaning import clean_cloud
from dexlite_ros.object.cloud import CloudLimits, PointCloud
from dexlite_ros.object.sampling import Camera, sample_mesh, view_mesh
from dexlite_ros.object.support import Plane

BOX = trimesh.creation.box((0.06, 0.08, 0.12)).apply_translation([0.0, 0.0, 0.06])
CAN = trimesh.creation.cylinder(radius=0.033, height=0.11).apply_translation([0.0, 0.0, 0.055])
TABLE = Plane(np.array([0.0, 0.0, 1.0]), 0.0)
EYE = np.array([0.35, 0.2, 0.42])
CAMERA = Camera(pixels=300, depth_noise=0.0005)


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


def on_table(*bodies: trimesh.Trimesh, size: float = 0.4, eye: np.ndarray = EYE) -> PointCloud:
    """Return the view of bodies with the square piece of table that they stand on."""
    table = trimesh.creation.box((size, size, 0.01)).apply_translation([0.0, 0.0, -0.005])
    scene = trimesh.util.concatenate([*bodies, table])
    return view_mesh(scene, eye, np.random.default_rng(0), CAMERA)


def codes(clean) -> list[str]:
    """Return the codes of a clean cloud's warnings."""
    return [warning.code for warning in clean.warnings]


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
        ((box_points() + [4.5e5, 5.4e6, 100.0]).astype(np.float32), BadCloud, 'float32'),
        ((box_points() + [0.0, 9e3, 0.0]).astype(np.float32), BadCloud, 'float32'),
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


def test_far_coordinates_in_double_precision_are_fine():
    """Only the resolution of the numbers counts, not the distance from the origin."""
    shift = np.array([4.5e5, 5.4e6, 100.0])
    clean = clean_cloud(PointCloud(box_points() + shift))
    assert len(clean.cloud) > 1500 and not clean.warnings


def test_stray_points_go_and_the_rest_stays() -> None:
    """Far points, a far cluster, NaN and duplicates are counted; hardly any box point is."""
    good = box_points(1500)
    clump = [0.4, 0.0, 0.0] + 0.01 * np.random.default_rng(0).random((60, 3))
    bad = np.concatenate([[[0.5, 0.5, 0.5], [-2.0, 0.0, 0.0], [np.nan] * 3], clump, good[:50]])
    clean = clean_cloud(PointCloud(np.concatenate([bad, good])))
    assert np.abs(clean.cloud.points).max() < 0.13
    assert clean.dropped.non_finite == 1 and clean.dropped.repeated == 50
    assert clean.dropped.far >= 10 and codes(clean) == ['far_points']
    assert cKDTree(clean.cloud.points).query(good)[0].max() < 0.006


def test_every_point_is_accounted_for():
    """Those left and those dropped are all that were given."""
    cloud = on_table(CAN)
    noisy = np.concatenate([cloud.points, cloud.points[:100], np.full((7, 3), np.nan)])
    clean = clean_cloud(replace(cloud, points=noisy))
    assert len(clean.cloud) + sum(vars(clean.dropped).values()) == len(noisy)


@pytest.mark.parametrize('gap', [0.02, 0.16])
def test_of_two_objects_the_larger_is_taken(gap):
    """The other one becomes an obstacle, and the warning says how many there are."""
    other = CAN.copy().apply_scale(0.7).apply_translation([0.0, 0.053 + 0.023 + gap, 0.0])
    clean = clean_cloud(view_mesh(
        trimesh.util.concatenate([BOX, other]), np.array([0.6, 0.03, 0.4]),
        np.random.default_rng(0), CAMERA))
    assert codes(clean) == ['several_objects'] and '2 separate objects' in str(clean.warnings[0])
    assert clean.cloud.points[:, 1].max() < 0.045
    assert clean.others[:, 1].min() > 0.05 and len(clean.others) > 100


@pytest.mark.parametrize('size', [0.2, 0.4, 0.8])
@pytest.mark.parametrize('turned', [False, True])
def test_a_table_is_cut_off_and_used_as_support(size, turned):
    """This holds in any frame, for tables larger than what a hand can hold, too."""
    turn = trimesh.transformations.euler_matrix(2.0, 0.4, -1.0)[:3, :3] if turned else np.eye(3)
    cloud = on_table(CAN, size=size)
    clean = clean_cloud(PointCloud(cloud.points @ turn.T, viewpoint=turn @ EYE))
    assert 'support_in_cloud' in codes(clean)
    assert clean.support.normal @ turn[:, 2] > 0.999
    heights = clean.cloud.points @ turn[:, 2]
    assert heights.min() > -0.002 and heights.max() > 0.108
    assert np.linalg.norm((clean.cloud.points @ turn)[:, :2], axis=1).max() < 0.038


@pytest.mark.parametrize('mesh', [
    BOX, CAN, trimesh.creation.box((0.2, 0.15, 0.03)).apply_translation([0.0, 0.0, 0.015])],
    ids=['box', 'can', 'book'])
@pytest.mark.parametrize('full', [False, True], ids=['view', 'full'])
def test_a_face_is_not_taken_for_a_table(mesh, full):
    """Flat faces stay, whether seen from one side or from all."""
    rng = np.random.default_rng(0)
    cloud = sample_mesh(mesh, 4000, rng, 0.0005) if full else view_mesh(mesh, EYE, rng, CAMERA)
    clean = clean_cloud(cloud)
    assert clean.support is None and clean.dropped.support == 0 and not clean.warnings


def plate() -> trimesh.Trimesh:
    """Return a plate of 3 mm."""
    return trimesh.creation.cylinder(radius=0.08, height=0.003).apply_translation([0, 0, 0.0015])


def pen() -> trimesh.Trimesh:
    """Return a pen of 6 mm, lying."""
    turn = trimesh.transformations.rotation_matrix(np.pi / 2, [1.0, 0.0, 0.0])
    return trimesh.creation.cylinder(radius=0.003, height=0.14).apply_transform(turn) \
        .apply_translation([0.0, 0.0, 0.003])


def cup() -> trimesh.Trimesh:
    """Return a cup with a wall of 2.5 mm."""
    inner = trimesh.creation.cylinder(radius=0.0375, height=0.09).apply_translation([0, 0, 0.05])
    outer = trimesh.creation.cylinder(radius=0.04, height=0.09).apply_translation([0, 0, 0.045])
    return trimesh.boolean.difference([outer, inner], engine='manifold')


@pytest.mark.parametrize('noise', [0.0003, 0.0007])
@pytest.mark.parametrize('make', [plate, pen])
@pytest.mark.parametrize('known', [False, True], ids=['left', 'known'])
def test_nothing_thin_on_a_table_is_eaten(make, noise, known):
    """Of a plate and a pen nine tenths stay, with the table in the cloud or known."""
    camera = Camera(pixels=500, depth_noise=noise)
    table = trimesh.creation.box((0.4, 0.4, 0.01)).apply_translation([0.0, 0.0, -0.005])
    rng = np.random.default_rng(0)
    seen = view_mesh(make(), EYE, rng, replace(camera, depth_noise=0.0)).points
    scene = make() if known else trimesh.util.concatenate([make(), table])
    clean = clean_cloud(view_mesh(scene, EYE, rng, camera), support=TABLE if known else None)
    assert clean.support.normal[2] > 0.999
    assert np.mean(cKDTree(clean.cloud.points).query(seen)[0] < 0.004) > 0.9
    assert np.mean(clean.cloud.points[:, 2] > 0.0005) > 0.85


def test_the_rim_of_a_cup_stays():
    """Seen from above, the points of the rim are still there."""
    eye = np.array([0.25, 0.1, 0.55])
    cloud = view_mesh(cup(), eye, np.random.default_rng(0), Camera(pixels=400, depth_noise=0.0007))
    clean = clean_cloud(cloud, support=TABLE)
    rim = cloud.points[cloud.points[:, 2] > 0.0885]
    assert np.mean(cKDTree(clean.cloud.points).query(rim)[0] < 0.003) > 0.95


def test_flying_pixels_go():
    """Points between the object's edge and what is behind it are dropped, those on it stay."""
    rng = np.random.default_rng(0)
    cloud = view_mesh(CAN, EYE, rng, CAMERA)
    rays = cloud.points - EYE
    edge = cKDTree(rays[:, :2] / rays[:, 2:]).query_ball_point(
        rays[:, :2] / rays[:, 2:], 0.006, return_length=True)
    rim = np.flatnonzero(edge < np.quantile(edge, 0.08))
    flying = EYE + rays[rim] * (1.0 + 0.15 * rng.random((len(rim), 1)))
    clean = clean_cloud(replace(cloud, points=np.concatenate([cloud.points, flying])))
    left = cKDTree(clean.cloud.points)
    gone = left.query(flying[np.linalg.norm(flying - cloud.points[rim], axis=1) > 0.015])[0]
    assert np.mean(gone > 0.003) > 0.8
    assert np.mean(left.query(cloud.points)[0] < 0.006) > 0.97


def test_cleaning_is_repeatable():
    """The same seed gives the same points, another one others."""
    cloud = PointCloud(box_points(6000))
    first, second = clean_cloud(cloud).cloud, clean_cloud(cloud).cloud
    assert np.array_equal(first.points, second.points)
    other = clean_cloud(cloud, CloudLimits(seed=1)).cloud
    assert not np.array_equal(first.points, other.points)


def test_normals_that_are_not_numbers_drop_nothing():
    """Normals are carried along and never read."""
    points = box_points()
    normals = np.where(points[:, :1] > 0.02, np.nan, 1.0) * np.ones(3)
    with_normals = clean_cloud(PointCloud(points, normals))
    assert np.array_equal(with_normals.cloud.points, clean_cloud(PointCloud(points)).cloud.points)
