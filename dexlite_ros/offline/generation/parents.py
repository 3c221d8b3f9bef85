# SPDX-License-Identifier: Apache-2.0
"""Find the grasps of a dataset that can be expanded: those that held."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from dexlite_ros.offline.dataset.coverage import local_counts
from dexlite_ros.offline.dataset.schema import stages_from_table
from dexlite_ros.offline.dataset.store import GraspDataset, held, keys
from dexlite_ros.offline.generation.expansion import Parents
from dexlite_ros.offline.generation.task import scale_text
from dexlite_ros.offline.provenance import fingerprint


def find_parents(dataset: GraspDataset) -> dict[tuple[str, str], Parents]:
    """
    Return the grasps that held, by name and scale of their object.

    :raises FileError: when an object's row is missing
    """
    table = dataset.grasps()
    table = table.filter(held(table))
    objects, source = dataset.prepared(table), fingerprint(keys(table))[:8]
    found = {}
    for name in sorted(set(table['object'].to_pylist())):
        of_object = table.filter(pc.equal(table['object'].cast('string'), name))
        for scale in sorted(set(of_object['scale'].to_pylist())):
            rows = of_object.filter(pc.equal(of_object['scale'], scale))
            points = rows['associated_point'].to_numpy().astype(np.int64)
            cloud = objects[name].points * scale
            found[name, scale_text(scale)] = Parents(
                source, cloud, objects[name].normals, tuple(keys(rows)),
                stages_from_table(rows).grasp, points, local_counts(cloud, points))
    return found
