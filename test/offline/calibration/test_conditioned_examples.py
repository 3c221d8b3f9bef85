# SPDX-License-Identifier: Apache-2.0
"""Examples are the labelled grasps under each of their conditions."""

from examples import JOINTS, measured_table
import numpy as np
import pytest

from dexlite_ros.conditions import Conditions
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.calibration.examples import Examples, LEVELS
from dexlite_ros.ranking.success_model import CONDITIONS, FEATURES


def test_a_grasp_is_an_example_of_each_condition_it_was_judged_under():
    """All as planned, a third under the four others; near misses are marked."""
    examples = Examples.of(measured_table(objects=2, grasps=30))
    counts = {name: int((examples.level == name).sum()) for name in LEVELS}
    assert counts == {name: 60 if name == 'as planned' else 20 for name in LEVELS}
    assert examples.inputs.shape == (140, len(FEATURES) + JOINTS + len(CONDITIONS))
    planned = examples[examples.level == 'as planned']
    assert (~planned.found).sum() == 6
    stiffness = planned.inputs[:, FEATURES.index('stiffness')]
    np.testing.assert_array_equal(planned.held, stiffness > 0)


@pytest.mark.parametrize(('level', 'expected'), [
    ('as planned', Conditions().inputs()),
    ('wrist noise', (5.0, 5.0, 0.6, 0.0)),
    ('wrist mild', (5.0 / 3**0.5, 5.0, 0.6, 0.0)),
    ('friction 0.3', (0.0, 0.0, 0.3, 0.0)),
    ('heavy', (0.0, 0.0, 0.6, np.log(5.0)))])
def test_conditions_of_the_tests(level, expected):
    """Those that the verdicts are for: of uniform errors, the standard deviation."""
    examples = Examples.of(measured_table(objects=1, grasps=3))
    known = examples.inputs[examples.level == level][:, -len(CONDITIONS):]
    np.testing.assert_allclose(known, np.tile(expected, (len(known), 1)), rtol=1e-5)


def test_other_tables_are_refused():
    """Without the features of this release, or without a grasp."""
    table = measured_table(objects=1, grasps=3)
    with pytest.raises(InvalidRequest, match='feature_spread'):
        Examples.of(table.drop_columns(['feature_spread']))
    with pytest.raises(InvalidRequest, match='no grasps'):
        Examples.of(table.slice(0, 0))
