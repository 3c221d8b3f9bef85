"""Batches: everything once, rare places more often, and the same for the same seed."""

import pytest
import torch
from training import batches, examples

from dexlite_ros.offline.training.augmentation import Augmentation
from dexlite_ros.offline.training.batches import BatchSettings


def test_an_epoch_meets_each_grasp_about_once():
    """As many grasps as there are, on clouds shared by eight."""
    found = list(batches().epoch(0, 0))
    total = sum(len(batch.object) for batch in found)
    assert total == pytest.approx(len(examples()), rel=0.25)
    for batch in found:
        assert batch.points.shape == (4, 128, 3)
        assert torch.equal(batch.cloud, torch.arange(4).repeat_interleave(8))


def test_grasps_stay_on_their_objects():
    """Turned back, a batch's grasps are examples; their points are near the known ones."""
    known = examples()
    turned = Augmentation(noise=0, hole=0, one_sided=0)
    batch = next(iter(batches(augmentation=turned).epoch(0, 0)))
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
    assert (there - wanted).norm(dim=1).median() < 0.012


def test_every_epoch_differs_and_every_seed_repeats():
    """Same seed and epoch, same batches; another epoch or rank, others."""
    def points(seed: int, epoch: int, rank: int = 0) -> torch.Tensor:
        return next(iter(batches().epoch(seed, epoch, rank, 2))).points

    assert torch.equal(points(0, 3), points(0, 3))
    for other in ((1, 3), (0, 4), (0, 3, 1)):
        assert not torch.equal(points(0, 3), points(*other))


def test_processes_share_an_epoch():
    """Both get as many batches, and together each serving once."""
    shares = [[batch for batch in batches().epoch(0, 0, rank, 2)] for rank in (0, 1)]
    assert len(shares[0]) == len(shares[1]) > 0

    def key(batch: object) -> list[tuple]:
        return [tuple(row) for row in batch.grasps.joints.tolist()]

    first, second = ([row for batch in share for row in key(batch)] for share in shares)
    whole = [row for batch in batches().epoch(0, 0) for row in key(batch)]
    assert len(first) + len(second) <= len(whole)
    assert set(first + second) <= set(whole)


def test_rare_places_are_drawn_more_often():
    """When only some can be drawn, balanced draws prefer them; the others do not."""
    def mean_rarity(balanced: bool) -> float:
        # Few servings of each group: the draw has a choice.
        made = batches(BatchSettings(16, 16, balanced))
        known, rows = examples(), []
        for epoch in range(20):
            for batch in made.epoch(0, epoch):
                joints = batch.grasps.joints
                rows.append(torch.cdist(joints, known.grasps.joints).argmin(1))
        return known.rarity[torch.cat(rows)].mean().item()

    assert mean_rarity(True) > mean_rarity(False)


def test_grasps_may_have_clouds_of_their_own():
    """One grasp to a cloud, as the original trains."""
    batch = next(iter(batches(BatchSettings(6, 1)).epoch(0, 0)))
    assert len(batch.points) == len(batch.object) == 6
