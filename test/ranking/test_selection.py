# SPDX-License-Identifier: Apache-2.0
"""The ranking is ordered, deterministic, free of duplicates, and counts what it rejects."""

from dataclasses import replace

from hands import random_grasps
import pytest
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.plan import GraspMetrics, Rejections
from dexlite_ros.ranking.selection import hard_filters, RankingSettings, select, shortlist

SETTINGS = RankingSettings()
NOTHING = torch.zeros(6, dtype=torch.bool)


def metrics(count: int) -> GraspMetrics:
    """Return measures of flawless grasps."""
    zero = torch.zeros(count)
    return GraspMetrics(
        energy=zero + 0, residual=zero + 1e-4, normal_variation=zero + 0, penetration=zero + 0,
        self_penetration=zero + 0, clearance=zero + torch.nan, pregrasp_clearance=zero + 0.012,
        joint_limit_margin=zero + 0, support_clearance=zero + torch.nan,
        approach_clearance=zero + 0.02)


def test_shortlist_takes_the_likeliest():
    """The best are staged, twice as many as sought; ties go to the first."""
    probability = torch.tensor([0.2, 0.9, 0.5, 0.5, 0.1]).repeat(10)
    best, rejected = shortlist(probability, {}, 8, SETTINGS)
    assert best.tolist() == [1, 6, 11, 16, 21, 26, 31, 36, 41, 46, 2, 3, 7, 8, 12, 13]
    assert rejected == Rejections(surplus=34)
    assert len(shortlist(probability, {}, 10, SETTINGS)[0]) == 20
    assert len(shortlist(probability, {}, 99, SETTINGS)[0]) == 50


def test_what_is_rejected_early_leaves_its_place_to_others():
    """Rejected grasps are not staged, and counted for the first filter; all counts add up."""
    probability = torch.linspace(0.0, 1.0, 50)
    deep, bent = torch.zeros(2, 50, dtype=torch.bool)
    deep[40:], bent[35:45] = True, True
    best, rejected = shortlist(
        probability, {'penetration': deep, 'self_penetration': bent}, 8, SETTINGS)
    assert best.tolist() == list(range(34, 18, -1))
    assert rejected == Rejections(penetration=10, self_penetration=5, surplus=19)


@pytest.mark.parametrize(('name', 'value', 'reason'), [
    ('energy', torch.inf, 'non_finite'),
    ('penetration', 0.01, 'penetration'),
    ('self_penetration', 0.01, 'self_penetration'),
    ('clearance', 0.0, 'obstacle'),
    ('support_clearance', -0.0005, 'obstacle'),
    ('approach_clearance', 0.002, 'blocked'),
    ('joint_limit_margin', -0.01, 'joint_limits'),
    ('pregrasp_clearance', -0.001, 'pregrasp'),
    ('residual', 1.0, 'residual'),
])
def test_each_filter_rejects_its_own_fault(name, value, reason):
    """Each fault is caught by its own filter and by no other."""
    faulty = metrics(3)
    getattr(faulty, name)[1] = value
    for filter_name, rejects in hard_filters(faulty, SETTINGS).items():
        expected = [False, filter_name == reason, False]
        assert rejects.tolist() == expected, filter_name


def test_select_orders_counts_and_cuts():
    """Grasps are sorted, ties by index; each rejection is counted once, for its first reason."""
    grasps = random_grasps(6)
    scores = torch.tensor([0.5, 0.9, 0.5, 0.1, 0.8, 0.7])
    penetration = NOTHING.clone()
    penetration[1] = True
    residual = NOTHING.clone()
    residual[[1, 5]] = True
    chosen, rejected = select(
        grasps, scores, {'penetration': penetration, 'residual': residual}, 10, 0.2, SETTINGS)
    assert chosen.tolist() == [4, 0, 2]
    assert (rejected.penetration, rejected.residual, rejected.score) == (1, 1, 1)
    chosen, rejected = select(grasps, scores, {}, 2, 0.0, SETTINGS)
    assert chosen.tolist() == [1, 4] and rejected.surplus == 4


def test_select_drops_look_alikes():
    """Of two grasps that differ by millimetres only the better one is returned."""
    grasps = random_grasps(3)
    twin = GraspBatch(
        grasps.translation.clone(), grasps.rotation.clone(), grasps.joints.clone())
    twin.translation[2] = twin.translation[0] + 0.003
    twin.rotation[2], twin.joints[2] = twin.rotation[0], twin.joints[0]
    chosen, rejected = select(twin, torch.tensor([0.5, 0.6, 0.7]), {}, 3, 0.0, SETTINGS)
    assert chosen.tolist() == [2, 1] and rejected.duplicate == 1


def test_diversity_prefers_what_is_unlike():
    """The second best is 2 cm from the best, the third far away: with diversity it comes first."""
    grasps = random_grasps(3)
    grasps.rotation[1], grasps.translation[1] = grasps.rotation[0], grasps.translation[0] + 0.012
    grasps.translation[2] = grasps.translation[0] + 0.3
    scores = torch.tensor([0.9, 0.85, 0.8])
    for diversity, order in ((0.0, [0, 1, 2]), (0.5, [0, 2, 1])):
        settings = replace(SETTINGS, diversity=diversity)
        assert select(grasps, scores, {}, 3, 0.0, settings)[0].tolist() == order
    # Nothing is lost or rejected by it.
    assert select(grasps, scores, {}, 3, 0.0, settings)[1] == Rejections()
