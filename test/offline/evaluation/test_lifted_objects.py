# SPDX-License-Identifier: Apache-2.0
"""Lifts with two hands go on where they stopped."""

from dataclasses import replace
import json

import pytest

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.hand.known_hands import DEFAULT_PAIR
from dexlite_ros.offline.evaluation.lifted_objects import lift_objects
from dexlite_ros.offline.evaluation.pair_lifts import PairLifts
from dexlite_ros.offline.objects.sources import ProceduralObject

LIFTS = PairLifts(DEFAULT_PAIR, 1.0, 0.6, 0, 0.0, 1)
BOX = ProceduralObject('moving_box', 20)


def test_what_is_done_is_not_done_again(tmp_path):
    """It is read as it was written; other settings, and a torn file, are told."""
    before, = lift_objects([BOX], LIFTS, tmp_path, workers=1)
    path = tmp_path / 'objects' / f'{BOX.name}.json'
    assert lift_objects([BOX], LIFTS, tmp_path, workers=1) == [before]
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {'seconds': 99.0}))
    assert lift_objects([BOX], LIFTS, tmp_path, workers=1) == [replace(before, seconds=99.0)]
    with pytest.raises(InvalidRequest, match='other settings'):
        lift_objects([BOX], replace(LIFTS, mass=2.0), tmp_path)
    del content['verdicts']
    for torn, why in ('{', 'not JSON'), (json.dumps(content), 'no lifted object'):
        path.write_text(torn)
        with pytest.raises(FileError, match=why):
            lift_objects([BOX], LIFTS, tmp_path)
