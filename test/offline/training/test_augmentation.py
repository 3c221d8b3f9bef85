# SPDX-License-Identifier: Apache-2.0
"""Augmented clouds are still clouds of the object."""

import pytest
import torch

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.training.augmentation import augment, Augmentation


def ball(count: int = 500) -> torch.Tensor:
    """Return points on four balls; on a unit ball they are their own normals."""
    points = torch.randn(4, count, 3, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.normalize(points, dim=2)


def run(count: int, settings: Augmentation, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return augmented points of balls of 5 cm, turned back, and the rotations."""
    turned = augment(
        0.05 * ball(), ball(), count, settings, torch.Generator().manual_seed(seed))
    return turned.points @ turned.rotation, turned.rotation


def distance(points: torch.Tensor) -> torch.Tensor:
    """Return how far each point is from the nearest of the stored cloud [m]."""
    return torch.cdist(points.double(), 0.05 * ball().double()).amin(2)


def test_nothing_but_thinning():
    """Points are taken once and unrotated; all of them if as many are requested."""
    points, rotation = run(300, Augmentation.none())
    assert torch.equal(rotation, torch.eye(3).expand(4, 3, 3))
    assert (distance(points) < 1e-6).all()
    assert all(len(cloud.unique(dim=0)) == 300 for cloud in points)
    assert all(len(cloud.unique(dim=0)) == 500 for cloud in run(500, Augmentation.none())[0])


def test_turned_with_the_rotation_it_names():
    """A proper one; turned back the points are those of the cloud."""
    points, rotation = run(300, Augmentation(noise=0, hole=0, one_sided=0))
    assert (distance(points) < 1e-6).all()
    torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(4))
    assert (rotation[0] - rotation[1]).abs().max() > 0.1


def test_noise_stays_within_its_size():
    """Of the order of millimetres, different from cloud to cloud."""
    points, _ = run(500, Augmentation(noise=0.002, hole=0, one_sided=0))
    size = (points.norm(dim=2) - 0.05).std(1)
    assert (size < 0.0025).all() and size.max() > 0.0003 and size.max() > 1.3 * size.min()


def test_one_sided_clouds_miss_the_other_side():
    """All points lie in one half of the ball; with too few they are repeated."""
    points, _ = run(400, Augmentation(turned=False, noise=0, hole=0, one_sided=1.0))
    for cloud in points:
        camera = torch.nn.functional.normalize(cloud.mean(0), dim=0)
        assert ((cloud @ camera) > -0.01).all()
        assert 200 < len(cloud.unique(dim=0)) < 300


def test_holes_are_empty():
    """Somewhere on the ball no point is left within the hole's radius."""
    points, _ = run(300, Augmentation(turned=False, noise=0, hole=0.05, one_sided=0), seed=3)
    emptiest = torch.cdist(0.05 * ball(), points).amin(2).amax(1)
    whole, _ = run(300, Augmentation.none(), seed=3)
    assert emptiest.max() > 2 * torch.cdist(0.05 * ball(), whole).amin(2).amax()


def test_the_seed_decides():
    """The same seed gives the same clouds."""
    first, second, other = (run(100, Augmentation(), seed)[0] for seed in (1, 1, 2))
    assert torch.equal(first, second) and not torch.equal(first, other)


def test_a_share_is_a_share():
    """Nothing above one."""
    with pytest.raises(InvalidRequest, match='one_sided'):
        Augmentation(one_sided=1.5)
