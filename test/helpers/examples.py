# SPDX-License-Identifier: Apache-2.0
"""Made-up labelled grasps: one feature decides whether they hold."""

import numpy as np
import pyarrow as pa

from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.ranking.success_model import FEATURES

JOINTS = len(SHADOW_RIGHT.joint_names)


def measured_table(objects: int = 8, grasps: int = 60, seed: int = 0) -> pa.Table:
    """Return grasps that hold if their stiffness is positive; of some, under all conditions."""
    rng = np.random.default_rng(seed)
    count = objects * grasps
    features = rng.normal(size=(count, len(FEATURES))).astype(np.float32)
    held = features[:, FEATURES.index('stiffness')] > 0
    place = np.arange(count) // grasps
    judged = np.arange(count) % 3 == 0

    def perturbed(values: np.ndarray) -> list[object]:
        return [value if also else None for value, also in zip(values.tolist(), judged)]

    return pa.table({
        'scene': [f'thing_{each}/table' for each in place],
        'object': [f'thing_{each}' for each in place], 'kind': ['table kinect'] * count,
        'hand': [SHADOW_RIGHT.name] * count,
        'number': np.arange(count) % grasps, 'near_miss': np.arange(count) % 10 == 9,
        'choice': pa.nulls(count, pa.int16()), 'contact_pattern': ['tips'] * count,
        'reason': ['held'] * count,
        'joints': pa.FixedSizeListArray.from_arrays(
            rng.normal(size=count * JOINTS).astype(np.float32), JOINTS),
        'held': held, 'held_mild': perturbed(np.where(held, 0.75, 0.25)),
        'held_noise': perturbed(np.where(held, 0.5, 0.0)), 'held_low_friction': perturbed(held),
        'held_heavy': perturbed(held), 'heavy_mass': np.full(count, 0.5, np.float32),
        **{f'feature_{name}': features[:, index] for index, name in enumerate(FEATURES)}})
