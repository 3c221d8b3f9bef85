# SPDX-License-Identifier: Apache-2.0
"""The success model is read and written, and converts features to probabilities."""

from dataclasses import fields
import json

import pytest
import torch

from dexlite_ros.errors import FileError
from dexlite_ros.plan import GraspFeatures
from dexlite_ros.ranking.success_model import FEATURES, SuccessModel


def features(count: int) -> GraspFeatures:
    """Return random features."""
    generator = torch.Generator().manual_seed(0)
    return GraspFeatures(*(
        torch.randn(count, generator=generator) for _ in fields(GraspFeatures)))


def test_probability_is_the_logistic_of_the_weighted_sum():
    """One feature with weight 2 and a bias of 1: p = 1 / (1 + exp(-1 - 2 x))."""
    model = SuccessModel(dict.fromkeys(FEATURES, 0.0) | {'stiffness': 2.0}, 1.0, {})
    some = features(5)
    expected = 1 / (1 + torch.exp(-1 - 2 * some.stiffness))
    torch.testing.assert_close(model.probability(some), expected)


def test_round_trip(tmp_path):
    """A model is read as it was written."""
    model = SuccessModel(dict(zip(FEATURES, torch.arange(20.0).tolist())), -3.5, {'objects': 7})
    model.write(tmp_path / 'model.json')
    assert SuccessModel.read(tmp_path / 'model.json') == model


def test_the_shipped_model_knows_what_is_good():
    """It was fitted to many objects; stiff and balanced grasps are more likely to hold."""
    model = SuccessModel.read()
    assert model.fitted_on['objects'] >= 50
    assert model.weights['stiffness'] > 0 > model.weights['perturbed_residual']


@pytest.mark.parametrize(('change', 'reason'), [
    ({'version': 9}, 'version'), ({'weights': {'stiffness': 1.0}}, 'features'),
    ({'bias': None}, 'no success model')])
def test_other_files_are_refused(tmp_path, change, reason):
    """The error names the file and the reason."""
    path = tmp_path / 'model.json'
    SuccessModel(dict.fromkeys(FEATURES, 0.0), 0.0, {}).write(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(FileError, match=reason):
        SuccessModel.read(path)
    with pytest.raises(FileError, match='missing'):
        SuccessModel.read(tmp_path / 'missing.json')
