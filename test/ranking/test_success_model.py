# SPDX-License-Identifier: Apache-2.0
"""The success model is read and written, and converts features to probabilities."""

from dataclasses import fields, replace
import json
import math

import pytest
from three_finger_hand import THREE_FINGER_HAND
import torch

from dexlite_ros.conditions import Conditions, Uncertainty
from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.features import GraspFeatures
from dexlite_ros.hand.known_hands import HANDS
from dexlite_ros.hand.shadow_hand import SHADOW_LEFT, SHADOW_RIGHT
from dexlite_ros.ranking.success_model import CONDITIONS, FEATURES, Prediction, SuccessModel

JOINTS = 3
INPUTS = len(FEATURES) + JOINTS + len(CONDITIONS)


def features(count: int) -> GraspFeatures:
    """Return random features."""
    generator = torch.Generator().manual_seed(0)
    return GraspFeatures(*(
        torch.randn(count, generator=generator) for _ in fields(GraspFeatures)))


def model(networks: int = 2, inputs: int = INPUTS, **about: int) -> SuccessModel:
    """Return a model with random weights."""
    generator = torch.Generator().manual_seed(1)
    shapes = {
        'mean': (inputs,), 'scale': (inputs,), 'first': (networks, inputs, 4),
        'first_bias': (networks, 1, 4), 'second': (networks, 4, 4),
        'second_bias': (networks, 1, 4), 'last': (networks, 4, 1), 'last_bias': (networks, 1, 1)}
    weights = {name: torch.rand(shape, generator=generator) for name, shape in shapes.items()}
    return SuccessModel(weights | {'scale': 10 * (1 + weights['scale'])}, about)


def test_prediction_is_the_mean_of_the_networks():
    """Their log-odds are averaged; caution takes off as many of their deviations."""
    both, joints = model(), torch.rand(5, JOINTS)
    parts = [SuccessModel({
        name: each[[index]] if each.ndim == 3 else each for name, each in both.weights.items()},
        {}) for index in range(2)]
    one, other = (each.predict(features(5), joints, Conditions()) for each in parts)
    found = both.predict(features(5), joints, Conditions())
    torch.testing.assert_close(found.logit, (one.logit + other.logit) / 2)
    torch.testing.assert_close(found.deviation, (one.logit - other.logit).abs() / 2)
    assert (one.deviation == 0).all()
    torch.testing.assert_close(found.lower_bound(0.0), found.probability)
    torch.testing.assert_close(
        found.lower_bound(1.0), torch.minimum(one.probability, other.probability))


def test_each_input_counts():
    """Every feature, joint and condition changes the prediction; with NaN nothing holds."""
    some, joints = features(1), torch.rand(1, JOINTS)
    usual = model().predict(some, joints, Conditions()).logit
    for name in FEATURES:
        value = getattr(some, name)
        other = GraspFeatures(**{**vars(some), name: value - 0.5})
        assert model().predict(other, joints, Conditions()).logit != usual, name
    for change in (Conditions(Uncertainty(position=0.001)), Conditions(Uncertainty(rotation=0.01)),
                   Conditions(friction=0.7), Conditions(mass=0.2)):
        assert model().predict(some, joints, change).logit != usual, change
    assert model().predict(some, joints + 0.1, Conditions()).logit != usual
    broken = GraspFeatures(**{**vars(some), 'spread': torch.full((1,), torch.nan)})
    assert (model().predict(broken, joints, Conditions()).probability < 1e-6).all()


def test_a_model_of_several_hands_looks_at_no_joints():
    """Whatever their number, grasps are judged by their features alone."""
    generic = model(inputs=INPUTS - JOINTS)
    one, other = (generic.predict(features(3), torch.rand(3, count), Conditions())
                  for count in (JOINTS + 2, JOINTS - 1))
    torch.testing.assert_close(one.logit, other.logit)
    assert one.logit.std() > 0


def test_each_hand_has_its_model():
    """A mirror image has that of its original, a hand from a file that of several hands."""
    right, left = SuccessModel.of(SHADOW_RIGHT), SuccessModel.of(SHADOW_LEFT)
    assert right.hand == SHADOW_RIGHT.name and left.digest == right.digest
    generic = SuccessModel.of(THREE_FINGER_HAND)
    assert generic.hand == '' and len(generic.weights['mean']) == INPUTS - JOINTS
    for hand in HANDS.values():
        own = SuccessModel.of(hand)
        expected = len(FEATURES) + len(CONDITIONS) + (len(hand.joints) if own.hand else 0)
        assert len(own.weights['mean']) == expected


def test_conditions_are_in_natural_units():
    """Millimetres, degrees, and the logarithm of the mass relative to the usual one."""
    inputs = Conditions(Uncertainty(0.005, math.radians(5)), 0.3, 0.1 * math.e).inputs()
    assert inputs == pytest.approx((5.0, 5.0, 0.3, 1.0))
    for wrong in ({'friction': 0.0}, {'mass': -1.0}, {'mass': math.inf}):
        with pytest.raises(InvalidRequest, match=next(iter(wrong))):
            Conditions(**wrong)
    with pytest.raises(InvalidRequest, match=r'uncertainty\.position'):
        Uncertainty(position=math.nan)


def test_surfaces_are_averaged_by_weight():
    """Mean log-odds; where the surfaces differ the deviation is as large as their difference."""
    one = Prediction(torch.tensor([2.0, 1.0]), torch.zeros(2))
    other = Prediction(torch.tensor([-2.0, 1.0]), torch.zeros(2))
    both = Prediction.mixed([one, other], torch.tensor([0.6, 0.2]))
    torch.testing.assert_close(both.logit, torch.tensor([1.0, 1.0]))
    torch.testing.assert_close(both.deviation, torch.tensor([3.0**0.5, 0.0]))
    alone = Prediction.mixed([one], torch.tensor([0.3]))
    torch.testing.assert_close(alone.logit, one.logit)
    assert both[torch.tensor([1])].logit.tolist() == [1.0]


def test_caution_prefers_the_certain():
    """Of two grasps that are equally likely to hold, the one that all networks agree on."""
    found = Prediction(torch.tensor([1.0, 1.0]), torch.tensor([0.1, 2.0]))
    first, second = found.lower_bound(1.0)
    assert first > second


def test_round_trip(tmp_path):
    """A model is read as it was written."""
    written = replace(model(objects=7), hand='mine')
    written.write(tmp_path / 'model.json')
    read = SuccessModel.read(tmp_path / 'model.json')
    assert read.fitted_on == {'objects': 7} and read.digest == written.digest
    assert read.hand == 'mine'


def test_the_shipped_model_knows_what_is_good():
    """It was fitted to many objects; a grasp with better balance is likelier to hold."""
    shipped = SuccessModel.of(SHADOW_RIGHT)
    assert shipped.fitted_on['objects'] >= 100
    mean = shipped.weights['mean'][None]
    balance = FEATURES.index('perturbed_residual')
    better = mean.clone()
    better[0, balance] -= shipped.weights['scale'][balance]
    wrong = mean.clone()
    wrong[0, -len(CONDITIONS)] += 5.0
    predictions = shipped.predict_inputs(torch.cat([better, mean, wrong])).probability
    assert predictions[0] > predictions[1] > predictions[2]


@pytest.mark.parametrize(('change', 'reason'), [
    ({'version': 9}, 'version'), ({'features': ['stiffness']}, 'features'),
    ({'weights': '00'}, 'not the weights'), ({'fitted_on': None}, 'no success model')])
def test_other_files_are_refused(tmp_path, change, reason):
    """The error names the file and the reason."""
    path = tmp_path / 'model.json'
    model().write(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(FileError, match=reason):
        SuccessModel.read(path)
    path.with_suffix('.safetensors').unlink()
    with pytest.raises(FileError):
        SuccessModel.read(path)
    with pytest.raises(FileError, match='missing'):
        SuccessModel.read(tmp_path / 'missing.json')
