# SPDX-License-Identifier: Apache-2.0
"""Batches: everything once, rare places more often, and the same for the same seed."""

from collections import Counter

import pytest
import torch
from training import batches, examples

from dexlite_ros.offline.training.augmentation import Augmentation
from dexlite_ros.offline.training.batches import BatchSettings


def test_an_epoch_meets_each_grasp_about_once():
    """As many grasps as there are, on clouds shared by eight; the last batch may be smaller."""
    found = list(batches().epoch(0, 0))
    total = sum(len(batch.object) for batch in found)
    assert total == pytest.approx(len(examples()), abs=8)
    for batch in found[:-1]:
        assert batch.points.shape == (4, 128, 3)
        assert torch.equal(batch.cloud, torch.arange(4).repeat_interleave(8))
    assert found[-1].points.shape[1:] == (128, 3)


def test_grasps_stay_on_their_objects():
    """Rotated back, a batch's grasps and points equal those of the examples."""
    known = examples()
    batch = next(iter(batches(augmentation=Augmentation(one_sided=1.0)).epoch(0, 0)))
    back = batch.on_object(batch.grasps)
    apart = torch.cdist(back.joints, known.grasps.joints)
    rows = apart.argmin(1)
    torch.testing.assert_close(
        back.translation, known.grasps.translation[rows], atol=1e-6, rtol=0)
    torch.testing.assert_close(back.rotation, known.grasps.rotation[rows], atol=1e-5, rtol=0)
    assert torch.equal(batch.active, known.active[rows])
    point = batch.points[batch.cloud, batch.point]
    there = (batch.rotation.mT @ point[:, :, None]).squeeze(2)
    wanted = known.points[known.object[rows], known.point[rows]] * known.scale[rows][:, None]
    torch.testing.assert_close(there, wanted, atol=1e-6, rtol=0)


def test_every_epoch_differs_and_every_seed_repeats():
    """Same seed and epoch, same batches; another epoch or rank, others."""
    def points(seed: int, epoch: int, rank: int = 0) -> torch.Tensor:
        return next(iter(batches().epoch(seed, epoch, rank, 2))).points

    assert torch.equal(points(0, 3), points(0, 3))
    for other in ((1, 3), (0, 4), (0, 3, 1)):
        assert not torch.equal(points(0, 3), points(*other))


def test_processes_share_an_epoch():
    """Both processes get equally many batches, and together cover each draw once."""
    shares = [list(batches().epoch(0, 0, rank, 2)) for rank in (0, 1)]
    assert len(shares[0]) == len(shares[1]) > 0

    def key(batch: object) -> list[tuple]:
        return [tuple(row) for row in batch.grasps.joints.tolist()]

    first, second = (
        Counter(row for batch in share for row in key(batch)) for share in shares)
    whole = Counter(row for batch in batches().epoch(0, 0) for row in key(batch))
    assert first + second <= whole
    assert (first + second).total() >= whole.total() - 8


@pytest.mark.parametrize('balanced', [True, False])
def test_rare_places_are_drawn_more_often(balanced):
    """Within an object, in proportion to their rarity; unbalanced, all grasps equally."""
    made, known = batches(BatchSettings(32, 16, balanced)), examples()
    count = torch.zeros(len(known))
    for epoch in range(60):
        for batch in made.epoch(0, epoch):
            rows = torch.cdist(batch.grasps.joints, known.grasps.joints).argmin(1)
            count += torch.bincount(rows, minlength=len(known))
    share = torch.stack([count[group].mean() for group in known.groups])
    if not balanced:
        assert share.min() > 0.6 * share.max()
    for group in known.groups:
        rare = known.rarity[group] > known.rarity[group].median()
        if rare.any():
            wanted = known.rarity[group][rare].mean() / known.rarity[group][~rare].mean()
            found = count[group][rare].mean() / count[group][~rare].mean()
            assert float(found) == pytest.approx(float(wanted) if balanced else 1.0, rel=0.3)


def test_grasps_may_have_clouds_of_their_own():
    """One grasp to a cloud, as the original trains."""
    batch = next(iter(batches(BatchSettings(6, 1)).epoch(0, 0)))
    assert len(batch.points) == len(batch.object) == 6
