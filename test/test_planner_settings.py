# SPDX-License-Identifier: Apache-2.0
"""Settings are complete when they are made, and a request overrides them where it says so."""

from dataclasses import fields, replace
import math

import pytest
import torch

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.plan import GraspMetrics
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.proposal.proposer import METHODS
from dexlite_ros.ranking.selection import hard_filters


@pytest.mark.parametrize('method', METHODS)
def test_settings_of_a_method_are_complete(method):
    """Candidates and rounds are there, and what is given counts."""
    settings = PlannerSettings.for_method(method)
    assert settings.method == method
    assert settings.num_candidates >= settings.max_grasps and settings.refinement.rounds
    given = PlannerSettings.for_method(method, num_candidates=7, max_grasps=3)
    assert (given.num_candidates, given.max_grasps) == (7, 3)
    assert given.refinement == settings.refinement


@pytest.mark.parametrize(('name', 'value'), [
    ('num_candidates', 0), ('max_grasps', 0), ('temperature', -0.1)])
def test_values_out_of_range_are_named(name, value):
    """Each is refused by its name."""
    with pytest.raises(InvalidRequest, match=name):
        PlannerSettings.for_method(**{name: value})


def test_methods_are_known_however_settings_are_made():
    """A copy with another method takes old names as well, and no unknown ones."""
    settings = PlannerSettings.for_method()
    assert replace(settings, method='optimise').method == 'hull'
    with pytest.raises(InvalidRequest, match='network, hull, both'):
        replace(settings, method='typo')


def test_a_request_overrides_what_it_says():
    """What it leaves open stays as it was set."""
    settings = PlannerSettings.for_method(min_score=0.3)
    assert settings.for_request(PlanRequest()) == settings
    changed = settings.for_request(PlanRequest(max_grasps=4, min_score=0.0))
    assert (changed.max_grasps, changed.min_score) == (4, 0.0)
    assert changed.num_candidates == settings.num_candidates


def test_without_optimisation_no_filter_on_quality_is_left():
    """Grasps that are as bad as can be pass, unless they are no numbers."""
    settings = PlannerSettings.for_method().for_request(PlanRequest(optimize=False))
    assert settings.ranking.same_position == PlannerSettings.for_method().ranking.same_position
    bad = {'joint_limit_margin': 0.0, 'clearance': -1.0, 'pregrasp_clearance': -1.0}
    metrics = GraspMetrics(**{
        field.name: torch.full((2,), bad.get(field.name, 1.0)) for field in fields(GraspMetrics)})
    assert not any(rejects.any() for rejects in hard_filters(metrics, settings.ranking).values())


def test_presets_keep_what_others_set():
    """The preset of DexLite and the unranked one take any other setting."""
    assert PlannerSettings.dexlite().method == 'hull'
    assert PlannerSettings.dexlite(method='both').method == 'both'
    unranked = PlannerSettings.unranked(5, 12, method='hull')
    assert unranked.num_candidates == unranked.max_grasps == 12
    assert [each.optimizer.iterations for each in unranked.refinement.rounds] == [5]


@pytest.mark.parametrize('method', METHODS)
def test_every_candidate_takes_the_usual_search(method):
    """Every round keeps as many grasps as usual, and none of the last is left out later."""
    usual, every = (make(method=method) for make in (
        PlannerSettings.for_method, PlannerSettings.every_candidate))
    assert every.num_candidates == usual.num_candidates
    for before, after in zip(usual.refinement.rounds, every.refinement.rounds, strict=True):
        assert after.optimizer == before.optimizer and after.detail == before.detail
        assert after.keep * every.sought == before.keep * usual.sought
    assert every.max_grasps >= every.num_candidates
    assert every.ranking.shortlist == math.inf and every.ranking.same_position == 0.0
    limits = [name for name in vars(usual.ranking) if name not in ('shortlist', 'same_position')]
    assert all(getattr(every.ranking, name) == getattr(usual.ranking, name) for name in limits)
