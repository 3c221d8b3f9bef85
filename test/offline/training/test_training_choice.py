# SPDX-License-Identifier: Apache-2.0
"""Overrides of a preset reach the settings, and nothing else changes."""

from dataclasses import replace

import pytest

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.training.settings import TrainingSettings
from dexlite_ros.offline.training.training_choice import TrainingChoice


def test_what_is_left_open_is_the_presets():
    """Of both."""
    assert TrainingChoice().settings() == TrainingSettings()
    assert TrainingChoice('dexlite').settings() == TrainingSettings.dexlite()


def test_what_is_given_is_changed():
    """Each option in its place."""
    usual = TrainingSettings()
    assert TrainingChoice(epochs=3, patience=2, seed=7).settings() == replace(
        usual, epochs=3, patience=2, seed=7)
    changed = TrainingChoice(
        rotation='euler', without=('penetration',), balanced=False).settings()
    assert changed.network.rotation == 'euler' and not changed.batches.balanced
    assert changed.losses.physics == replace(usual.losses.physics, penetration=0.0)


def test_a_loss_that_is_not_there_cannot_be_left_out():
    """The default has no force closure."""
    with pytest.raises(InvalidRequest, match='without'):
        TrainingChoice(without=('force_closure',)).settings()
