# SPDX-License-Identifier: Apache-2.0
"""The fit finds what decides, does not depend on chance, and knows objects left out."""

from dataclasses import replace

from examples import measured_table
import numpy as np
import pytest
import torch

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.calibration.examples import Examples
from dexlite_ros.offline.calibration.fitting import fit, FitSettings
from dexlite_ros.offline.calibration.quality import predicted_unseen, qualities
from dexlite_ros.ranking.success_model import CONDITIONS, FEATURES

QUICK = FitSettings(networks=2, hidden=16, epochs=20, batch=128)


@pytest.fixture(scope='module')
def examples() -> Examples:
    """Return examples whose stiffness decides."""
    return Examples.of(measured_table())


def test_the_decisive_feature_and_the_noise_are_found(examples):
    """A stiffer grasp is likelier to hold, and less likely with a wrong wrist."""
    model = fit(examples, QUICK)
    usual = model.weights['mean'][None].repeat(4, 1)
    usual[:, -len(CONDITIONS):] = torch.tensor([0.0, 0.0, 0.6, 0.0])
    stiffness = FEATURES.index('stiffness')
    usual[:, stiffness] = torch.tensor([-1.0, 0.0, 1.0, 1.0])
    usual[3, -len(CONDITIONS):] = torch.tensor([5.0, 5.0, 0.6, 0.0])
    soft, middle, stiff, wrong = model.predict_inputs(usual).probability.tolist()
    assert soft < 0.2 < middle < 0.8 < stiff
    assert wrong == pytest.approx(0.5, abs=0.2)


def test_a_fit_can_be_repeated(examples):
    """The same seed gives the same weights, another one others."""
    brief = replace(QUICK, epochs=1)
    first, again = fit(examples, brief), fit(examples, brief)
    assert first.digest == again.digest != fit(examples, replace(brief, seed=1)).digest


def test_networks_differ_where_objects_do(examples):
    """Each saw other shares of the objects, so they do not agree entirely."""
    deviation = fit(examples, QUICK).predict_inputs(
        torch.from_numpy(examples.inputs)).deviation
    assert (deviation > 0).all()


def test_quality_is_that_of_objects_left_out(examples):
    """The law holds for objects left out as well; what is peculiar to one is not known."""
    found = {each.level: each for each in qualities(examples, predicted_unseen(examples, QUICK))}
    assert found['as planned'].auc > 0.8 and found['as planned'].auc_within > 0.8
    assert found['as planned'].best[0] >= 0.75 and found['as planned'].scenes == 8
    assert found['wrist noise'].calibration.brier < 0.15
    peculiar = replace(examples, held=(examples.object > 'thing_3').astype(np.float32))
    blind = qualities(peculiar, predicted_unseen(peculiar, QUICK))
    assert all(each.auc < 0.7 for each in blind)


def test_few_objects_cannot_be_left_out():
    """The error says how many there are."""
    with pytest.raises(InvalidRequest, match='2 objects'):
        predicted_unseen(Examples.of(measured_table(objects=2, grasps=5)), QUICK)
