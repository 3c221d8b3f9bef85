# SPDX-License-Identifier: Apache-2.0
"""Kinds of scenes have names of their own, and options only where these have an effect."""

import pytest

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.labels.scene_choice import IN_THE_AIR, ON_A_TABLE, SceneChoice
from dexlite_ros.offline.physics.judge import find_test

CHOICES = [
    SceneChoice(), SceneChoice('table', 'ideal'), SceneChoice('table', 'kinect', 3),
    SceneChoice('table', 'ideal', 3), SceneChoice('floating'), SceneChoice('full')]


def test_names_differ():
    """So no scene takes another's place; the usual camera is the same with or without its name."""
    assert len({each.name for each in CHOICES}) == len(CHOICES)
    assert SceneChoice('table', 'kinect').name == SceneChoice().name


@pytest.mark.parametrize('choice', CHOICES, ids=lambda each: each.name)
def test_view_and_tests(choice):
    """And tests are those of its kind."""
    assert choice.viewing(7).seed == 7
    assert choice.tests == (ON_A_TABLE if choice.kind == 'table' else IN_THE_AIR)


@pytest.mark.parametrize('kind', ['floating', 'full'])
@pytest.mark.parametrize('options', [{'camera': 'kinect'}, {'neighbours': 1}])
def test_options_without_effect_are_refused(kind, options):
    """A camera's errors and neighbours exist on a table alone."""
    with pytest.raises(InvalidRequest, match=kind):
        SceneChoice(kind, **options)


@pytest.mark.parametrize('tests', [ON_A_TABLE, IN_THE_AIR])
def test_the_tests_of_a_scene_differ_in_the_wrist_alone(tests):
    """One world serves all three."""
    clean, mild, noise = (find_test(name) for name in vars(tests).values())
    assert clean.protocol is mild.protocol is noise.protocol
    assert clean.settings == mild.settings == noise.settings
    assert clean.simulation == mild.simulation == noise.simulation
    assert clean.position_noise == clean.rotation_noise == 0.0
    assert mild.bounded and not noise.bounded
    assert mild.position_noise == noise.position_noise == 0.005
    assert mild.rotation_noise == noise.rotation_noise == pytest.approx(0.0872665)
