# SPDX-License-Identifier: Apache-2.0
"""A world has room for all contacts of an object of many pieces."""

from itertools import product

import mujoco
import numpy as np

from dexlite_ros.offline.physics.world import add_object, add_table, compile_spec, configure


def test_hundreds_of_contacts_all_count():
    """144 cubes on a table touch it at 576 corners, and each of these contacts pushes."""
    spec = mujoco.MjSpec()
    configure(spec.option, 0.002)
    spec.option.gravity = (0.0, 0.0, -9.81)
    cube = 0.004 * np.array(list(product((-0.5, 0.5), repeat=3)))
    pieces = [cube + (0.005 * row, 0.005 * column, 0.002)
              for row in range(12) for column in range(12)]
    add_object(spec, pieces, 0.1)
    add_table(spec, 0.0)
    model = compile_spec(spec)
    data = mujoco.MjData(model)
    mujoco.mj_step(model, data)
    assert data.ncon == 576
    assert data.nefc >= 576, 'without room for them they would be left out with a warning'
