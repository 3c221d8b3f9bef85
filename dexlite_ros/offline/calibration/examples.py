# SPDX-License-Identifier: Apache-2.0
"""
Examples for the success model: a grasp's features, the conditions, and whether it held.

One labelled grasp gives up to five examples: as planned, with wrists perturbed by two levels, with
less friction, with a heavier object. N is the number of examples, F that of inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import math

import numpy as np
from numpy.typing import NDArray
import pyarrow as pa

from dexlite_ros.conditions import Conditions, Uncertainty
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.dataset.schema import matrix, numbers
from dexlite_ros.offline.labels.judged import LOW_FRICTION
from dexlite_ros.offline.physics.judge import find_test, TestName
from dexlite_ros.ranking.success_model import FEATURES

Words = NDArray[np.str_]
MEASURED = tuple(f'feature_{name}' for name in FEATURES)


@dataclass(frozen=True)
class Level:
    """A column of labels, and the conditions that it is for."""

    column: str
    conditions: Callable[[float], Conditions]
    """Of the mass of the scene's heavy object [kg]."""
    weight: float = 1.0
    """Of an example: the mean of several verdicts tells more."""


def _error(name: TestName) -> Uncertainty:
    """Return the standard deviations of a test's perturbations, also of uniform ones."""
    test = find_test(name)
    # Uniform ones are uniform in each of three components: that of an angle is root 3 of theirs.
    position = test.position_noise / math.sqrt(3) if test.bounded else test.position_noise
    return Uncertainty(position, test.rotation_noise)


LEVELS = {
    'as planned': Level('held', lambda _: Conditions()),
    'wrist mild': Level(
        'held_mild', lambda _: Conditions(_error('table-lift-mild')), 2.0),
    'wrist noise': Level(
        'held_noise', lambda _: Conditions(_error('table-lift-noise')), 2.0),
    'friction 0.3': Level('held_low_friction', lambda _: Conditions(friction=LOW_FRICTION)),
    'heavy': Level('held_heavy', lambda mass: Conditions(mass=mass)),
}


@dataclass(frozen=True)
class Examples:
    """N examples."""

    inputs: NDArray[np.float32]
    """(N, F) features, joints and conditions, as the success model takes them."""
    held: NDArray[np.float32]
    """(N,) share that held."""
    weight: NDArray[np.float32]
    """(N,)"""
    object: Words
    scene: Words
    kind: Words
    """Of the scene, such as 'table kinect'."""
    level: Words
    """(N,) name of the conditions in ``LEVELS``."""
    found: NDArray[np.bool_]
    """(N,) whether a search found the grasp; near misses are made."""

    def __len__(self) -> int:
        return len(self.held)

    def __getitem__(self, index: NDArray[np.integer] | NDArray[np.bool_]) -> Examples:
        """Select examples."""
        return Examples(**{name: value[index] for name, value in vars(self).items()})

    @classmethod
    def of(cls, table: pa.Table) -> Examples:
        """
        Return all examples of a table of measured grasps (``measured_labels``).

        Grasps of several hands come without joints.

        :raises InvalidRequest: for a table without these features, or without a grasp
        """
        missing = [name for name in MEASURED if name not in table.column_names]
        if missing or not len(table):
            raise InvalidRequest(
                'labels', f'{len(table)} grasps without {missing}' if missing else 'no grasps',
                'labelled grasps with the features of this release')
        features = np.stack([numbers(table[name]) for name in MEASURED], 1)
        if 'joints' in table.column_names:
            features = np.concatenate([features, matrix(table, 'joints')], 1)
        words = {name: np.array(table[name].to_pylist(), str)
                 for name in ('object', 'scene', 'kind')}
        mass = numbers(table['heavy_mass'])
        made = numbers(table['near_miss']) > 0
        parts = []
        for name, level in LEVELS.items():
            held = numbers(table[level.column])
            rows = np.flatnonzero(np.isfinite(held) & np.isfinite(features).all(1))
            known = [level.conditions(mass[row]).inputs() for row in rows]
            parts.append(cls(
                np.concatenate(
                    [features[rows], np.array(known).reshape(len(rows), -1)], 1,
                    dtype=np.float32),
                held[rows].astype(np.float32), np.full(len(rows), level.weight, np.float32),
                **{key: value[rows] for key, value in words.items()},
                level=np.full(len(rows), name), found=~made[rows]))
        return cls.joined(parts)

    @classmethod
    def joined(cls, parts: Sequence[Examples]) -> Examples:
        """Return all examples of several."""
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts])
                      for name in vars(parts[0])})
