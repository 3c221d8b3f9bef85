# SPDX-License-Identifier: Apache-2.0
"""
The labelled objects of recorded scenes are found.

A folder of scenes as ``dexlite evaluate --scenes`` reads them is named by the environment
variable DEXLITE_RECORDED_SCENES; none comes with the package.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.object.segmentation import segment
from dexlite_ros.offline.scenes.recorded_scene import list_scenes, read_scene

VARIABLE = 'DEXLITE_RECORDED_SCENES'
FOLDER = Path(os.environ.get(VARIABLE) or 'none')
NAMES = [each.name for each in list_scenes(FOLDER)] if FOLDER.is_dir() else []


@pytest.mark.skipif(not NAMES, reason=f'needs recorded scenes: {VARIABLE} names no folder of them')
@pytest.mark.parametrize('known', [False, True], ids=['', 'up'])
def test_the_labelled_objects_are_found(known):
    """Nearly pure and complete, on the table that was labelled, in every scene."""
    for name in NAMES:
        scene = read_scene(FOLDER, name)
        points = np.concatenate([scene.cloud.points, scene.rest])
        found = segment(PointCloud(points), up=scene.camera[2, :3] if known else None)
        assert found.support.normal @ scene.camera[2, :3] > np.cos(np.deg2rad(3.0)), name
        own = [np.count_nonzero(index < len(scene.cloud)) for index in found.objects]
        best = int(np.argmax(own))
        assert own[best] > 0.97 * len(found.objects[best]), name
        assert own[best] > 0.95 * len(scene.cloud), name
