# SPDX-License-Identifier: Apache-2.0
"""The success model is taught by evaluations that have what it wants to know."""

import json

import pytest

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.evaluation.calibration import calibrate
from dexlite_ros.ranking.success_model import FEATURES


def cell(folder, name, passed, features):
    """Write the figures of one object, two grasps each."""
    (folder / 'cells').mkdir(exist_ok=True)
    grasps = [{'features': {key: value + index for key, value in features.items()},
               'verdicts': {'six-forces': {'passed': index < passed}}} for index in range(2)]
    (folder / 'cells' / f'{name}.json').write_text(json.dumps({'object': name, 'grasps': grasps}))


def test_features_of_another_release_are_refused(tmp_path):
    """With the folder and what to do, before anything is fitted."""
    cell(tmp_path, 'can', 1, {'wrong_residual': 0.5})
    with pytest.raises(InvalidRequest, match=f'{tmp_path.name}.*repeat'):
        calibrate([tmp_path])


def test_both_outcomes_are_needed(tmp_path):
    """Objects that hold and objects that do not; nothing judged is nothing to learn from."""
    with pytest.raises(InvalidRequest, match='judged grasps'):
        calibrate([tmp_path])
    for name in ('can', 'cup'):
        cell(tmp_path, name, 2, dict.fromkeys(FEATURES, 0.0))
    with pytest.raises(InvalidRequest, match='0 that were not'):
        calibrate([tmp_path])
