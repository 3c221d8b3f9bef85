# SPDX-License-Identifier: Apache-2.0
"""Which of the objects in a scene is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

TargetChoice = Literal['largest', 'nearest', 'point']


def chosen(
    objects: Sequence[NDArray[np.float64]], choice: TargetChoice, place: NDArray[np.float64]
) -> int:
    """
    Return the index of the object that is meant.

    :param objects: points (M, 3) of each, one object at least [m]
    :param choice: 'largest': the one with the most points; 'nearest': to the sensor, at the
        origin; 'point': to a place
    :param place: (3,) [m]
    """
    if choice == 'largest':
        return int(np.argmax([len(each) for each in objects]))
    aim = np.zeros(3) if choice == 'nearest' else place
    return int(np.argmin([np.linalg.norm(each - aim, axis=1).min() for each in objects]))
