# SPDX-License-Identifier: Apache-2.0
"""Examples match the content of the dataset."""

from datasets import EXCERPT, excerpt
import numpy as np
import pytest
import torch
from training import coarse, CPU, examples

from dexlite_ros.errors import FileError
from dexlite_ros.offline.dataset.schema import stages_from_table
from dexlite_ros.offline.dataset.store import held
from dexlite_ros.offline.training.examples import Examples


def test_grasps_of_one_split_that_held():
    """As many as in the table, on the objects of the split, and in its order."""
    table = excerpt().grasps()
    table = table.filter(held(table) & np.equal(table['split'].to_pylist(), 'train'))
    found = examples()
    assert len(found) == len(table) and len(found.points) == len(EXCERPT) - 1
    expected = stages_from_table(table).grasp.to(torch.float32)
    assert torch.equal(found.grasps.to_vector(), expected.to_vector())


def test_groups_are_objects_at_scales():
    """Every grasp is in one group; a group has one object and one scale."""
    found = examples()
    assert sorted(torch.cat(found.groups).tolist()) == list(range(len(found)))
    for group in found.groups:
        assert len(found.object[group].unique()) == len(found.scale[group].unique()) == 1


def test_clouds_fields_and_grasps_fit():
    """Clouds lie on the zero of their fields; known grasps touch with several links."""
    found = examples()
    every = torch.arange(len(found.points))
    field = found.bank.of(every, torch.ones(len(every)))
    assert field(found.points).abs().max() < 0.002
    touching = found.active.sum(1)
    assert touching.min() >= 2 and touching.median() >= 4


def test_a_split_without_grasps_is_an_error():
    """Nothing to train on."""
    with pytest.raises(FileError, match="split 'test'"):
        Examples.read(excerpt(), 'test', coarse(), CPU)
