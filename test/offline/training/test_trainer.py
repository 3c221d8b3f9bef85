# SPDX-License-Identifier: Apache-2.0
"""Training learns, and resumes after a crash with the same result."""

from dataclasses import replace
import math

import pytest
import torch
from training import coarse, examples, small_settings

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.offline.training.losses import LossSettings
from dexlite_ros.offline.training.settings import TrainingSettings
from dexlite_ros.offline.training.trainer import Diverged, Trainer


def trainer(**changes: object) -> Trainer:
    """Return a small run."""
    return Trainer(
        coarse(), examples(), examples('val'), small_settings(**changes), data='excerpt')


def weights(run: Trainer) -> list[torch.Tensor]:
    """Return the full state of a run."""
    return list(run.network.state_dict().values())


def same(first: Trainer, second: Trainer) -> bool:
    """Return whether two runs are in the same state."""
    return first.progress == second.progress and all(
        torch.equal(a, b) for a, b in zip(weights(first), weights(second)))


def test_losses_fall_and_the_best_is_known():
    """Losses also decrease on unseen objects."""
    run = trainer(epochs=8)
    best = [run.epoch() for _ in range(8)]
    totals = [each['val']['total'] for each in run.progress.history]
    assert best[0] and totals[-1] < 0.8 * totals[0]
    assert run.progress.best == totals.index(min(totals)) and run.done
    for split in ('train', 'val'):
        reconstruction = [each[split]['reconstruction'] for each in run.progress.history]
        assert reconstruction[-1] < 0.9 * reconstruction[0]


def test_an_interrupted_run_ends_like_a_whole_one(tmp_path):
    """Bit for bit: weights, averages and figures; and so does a second whole one."""
    whole, again = trainer(epochs=3), trainer(epochs=3)
    for run in (whole, again):
        while not run.done:
            run.epoch()
    assert same(whole, again)
    first = trainer(epochs=3)
    first.epoch()
    first.save(tmp_path / 'state.safetensors')
    first.epoch()  # Lost: the process dies before it saves again.
    second = trainer(epochs=3)
    second.resume(tmp_path / 'state.safetensors')
    assert len(second.progress.history) == 1
    while not second.done:
        second.epoch()
    assert same(second, whole)


def test_another_seed_is_another_run():
    """From the first weights on."""
    first, second = trainer(), trainer(seed=1)
    assert not torch.equal(weights(first)[-1], weights(second)[-1])


@pytest.mark.parametrize('change', [
    {'seed': 1}, {'losses': LossSettings()}, {'epochs': 5}])
def test_a_state_of_other_settings_is_refused(tmp_path, change):
    """Nothing is mixed."""
    trainer().save(tmp_path / 'state.safetensors')
    with pytest.raises(FileError, match='other settings'):
        trainer(**change).resume(tmp_path / 'state.safetensors')


def test_half_a_state_is_refused(tmp_path):
    """With what to do about it."""
    path = tmp_path / 'state.safetensors'
    path.write_bytes(b'half')
    with pytest.raises(FileError, match='remove it'):
        trainer().resume(path)


def test_a_run_that_diverges_ends_with_its_reason():
    """Nothing is noted of that epoch."""
    run = trainer(learning_rate=0.9, gradient_limit=math.inf)
    with torch.no_grad():
        next(run._loss.network.parameters()).fill_(torch.nan)
    with pytest.raises(Diverged, match='in epoch 0 .*total'):
        run.epoch()
    assert run.progress.history == []


def test_patience_ends_a_run():
    """When nothing gets better any more."""
    run = trainer(epochs=50, patience=2, learning_rate=1e-12, average=1e-6)
    while not run.done:
        run.epoch()
    assert len(run.progress.history) < 50 and run.progress.waited == 2


@pytest.mark.parametrize('change', [
    {'epochs': 0}, {'patience': 0}, {'seed': -1}, {'learning_rate': 0.0}])
def test_settings_that_make_no_sense_are_refused(change):
    """By name."""
    with pytest.raises(InvalidRequest):
        replace(TrainingSettings(), **change)
