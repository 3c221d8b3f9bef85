# SPDX-License-Identifier: Apache-2.0
"""Settings changed by path: what is named changes, everything else stays."""

from dataclasses import fields

import pytest

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.settings_paths import changed, override, paths

SETTINGS = PlannerSettings.for_method()


def test_override_keeps_what_is_not_named() -> None:
    """Nested settings keep their current values instead of the defaults of their class."""
    new = override(SETTINGS, {'squeeze.total_force': 30.0})
    assert new.squeeze.total_force == 30.0
    assert new.squeeze.forces == SETTINGS.squeeze.forces
    assert new.cloud == SETTINGS.cloud


def test_paths_lead_to_all_values() -> None:
    """Every path names one value, and none is a whole group of settings."""
    found = paths(SETTINGS)
    assert len(set(found)) == len(found)
    assert {'method', 'ranking.caution', 'squeeze.forces.friction'} <= set(found)
    assert not {'ranking', 'squeeze.forces'} & set(found)
    assert {each.split('.')[0] for each in found} == {each.name for each in fields(SETTINGS)}


def test_texts_become_values_of_the_right_type() -> None:
    """Whole numbers are good for reals, and text needs no quotation marks."""
    new = changed(SETTINGS, (
        'ranking.caution=2', 'max_grasps=7', 'couple_joints=false', 'backend=torch',
        'refinement.contact_patterns={"tips": 1.0}'))
    assert new.ranking.caution == 2.0 and isinstance(new.ranking.caution, float)
    assert (new.max_grasps, new.couple_joints, new.backend) == (7, False, 'torch')
    assert new.refinement.contact_patterns == {'tips': 1.0}
    assert changed(SETTINGS, ()) == SETTINGS


@pytest.mark.parametrize(('text', 'message'), [
    ('ranking.caution', 'NAME=VALUE'), ('ranking.cauton=1', "'ranking.caution'"),
    ('ranking=1', 'the name of a setting'), ('max_grasps=2.5', 'a int'),
    ('max_grasps=true', 'a int'), ('couple_joints=1', 'a bool'), ('ranking.caution=x', 'a float'),
    ('refinement.rounds=[]', 'a tuple'), ('max_grasps=0', 'max_grasps')])
def test_wrong_texts_are_refused(text: str, message: str) -> None:
    """The error names the setting, the value and what is right."""
    with pytest.raises(InvalidRequest, match=message):
        changed(SETTINGS, (text,))
