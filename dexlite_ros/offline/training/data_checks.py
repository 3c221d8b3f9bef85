# SPDX-License-Identifier: Apache-2.0
"""
Checks of a dataset before it is trained on: one bad number would spoil the network silently.

``dexlite dataset verify`` checks more, and takes longer. Letters: M grasps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
import pyarrow as pa
import pyarrow.compute as pc

from dexlite_ros.errors import FileError
from dexlite_ros.hand.description import Joint
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.offline.dataset.checks import LIMIT_TOLERANCE, SPLITS
from dexlite_ros.offline.dataset.schema import matrix
from dexlite_ros.offline.dataset.store import GraspDataset

LENGTH_TOLERANCE = 1e-4
"""Tolerated deviation of a quaternion's length from 1."""
JOINTS = ('joints', 'pregrasp_joints', 'squeeze_joints')
VECTORS = ('position', 'quat_xyzw', 'pregrasp_position', *JOINTS)
NEEDED = ('object', 'split', 'scale', 'associated_point', 'six_forces', 'lift', *VECTORS)
KEY = ('object', 'scale', 'mode', 'seed', 'number')

Fault = tuple[NDArray[np.bool_], Callable[[int], str]]
"""Which of M rows have a fault (M,), and the sentence for one of them."""


def check_training_data(dataset: GraspDataset) -> None:
    """
    Check all grasps of a dataset and the clouds of its objects.

    :raises FileError: for the first fault; it names the row, and how many rows have the same
    """
    points = _points(dataset)
    table = dataset.grasps()
    for wrong, sentence in _faults(dataset, table, points):
        rows = np.flatnonzero(wrong)
        if len(rows):
            others = f'; so are {len(rows) - 1} more rows' if len(rows) > 1 else ''
            raise FileError(
                dataset.folder / 'grasps',
                f'row {_name(table, int(rows[0]))}: {sentence(int(rows[0]))}{others}; '
                'see dexlite dataset verify')


def _faults(dataset: GraspDataset, table: pa.Table, points: dict[str, int]) -> Iterator[Fault]:
    """Yield each kind of fault; later ones rely on the absence of earlier ones."""
    yield from (_missing(table, name) for name in NEEDED)
    objects, splits = table['object'].to_pylist(), table['split'].to_pylist()
    unknown = np.array([name not in points for name in objects], bool)
    yield unknown, lambda row: f"object '{objects[row]}' is not in the table of objects"
    odd = np.array([name not in SPLITS for name in splits], bool)
    yield odd, lambda row: f"split is '{splits[row]}', not {' or '.join(SPLITS)}"
    scale = table['scale'].to_numpy()
    yield ~(np.isfinite(scale) & (scale > 0)), lambda row: f'scale is {scale[row]:g}, not positive'
    yield from _vector_faults(table)
    joints = find_hand(dataset.hand).joints
    yield from (_beyond_limits(name, matrix(table, name), joints) for name in JOINTS)
    point = table['associated_point'].to_numpy()
    count = np.array([points[name] for name in objects], np.int64)
    yield (point < 0) | (point >= count), lambda row: (
        f'associated_point is {point[row]}, outside the {count[row]} points of its object')


def _missing(table: pa.Table, name: str) -> Fault:
    return pc.is_null(table[name]).to_numpy(), lambda _: f"'{name}' is missing"


def _vector_faults(table: pa.Table) -> Iterator[Fault]:
    yield from (_not_finite(name, matrix(table, name)) for name in VECTORS)
    length = np.linalg.norm(matrix(table, 'quat_xyzw'), axis=1)
    yield np.abs(length - 1) > LENGTH_TOLERANCE, lambda row: (
        f'quat_xyzw has length {length[row]:g}, not 1')


def _not_finite(name: str, values: NDArray[np.float64]) -> Fault:
    finite = np.isfinite(values)

    def sentence(row: int) -> str:
        place = int(finite[row].argmin())
        return f"'{name}' is not finite: its number {place} is {values[row, place]}"

    return ~np.asarray(finite.all(axis=1)), sentence


def _beyond_limits(name: str, values: NDArray[np.float64], joints: tuple[Joint, ...]) -> Fault:
    lower, upper = (np.array([getattr(each, side) for each in joints])
                    for side in ('lower', 'upper'))
    beyond = np.maximum(lower - values, values - upper)

    def sentence(row: int) -> str:
        worst = int(beyond[row].argmax())
        return (f"'{name}' has {joints[worst].name} at {values[row, worst]:.4g} rad, outside "
                f'{lower[worst]:.4g} to {upper[worst]:.4g}')

    return (beyond > LIMIT_TOLERANCE).any(axis=1), sentence


def _points(dataset: GraspDataset) -> dict[str, int]:
    """
    Return the number of points of every object's cloud.

    :raises FileError: for a cloud without points or normals, of another size than the first, or
        for pieces that are none
    """
    counts: dict[str, int] = {}
    for row in dataset.objects().select(['object', 'points', 'normals', 'pieces']).to_pylist():
        points, normals = (np.array(row[name], np.float64) for name in ('points', 'normals'))
        first = next(iter(counts.values()), len(points) // 3)
        corners = np.array([value for piece in row['pieces'] or () for value in piece], np.float64)
        whole = (
            len(points) == len(normals) == 3 * first > 0 and len(corners) > 0
            and np.isfinite(points).all() and np.isfinite(corners).all()
            and normals.reshape(-1, 3).any(1).all())
        if not whole:
            raise FileError(
                dataset.folder / 'objects', f"row '{row['object']}': its cloud, normals or convex "
                'pieces are not whole; see dexlite dataset verify')
        counts[row['object']] = first
    return counts


def _name(table: pa.Table, row: int) -> str:
    """Return a row's key, as far as it has one, and its place in the table."""
    key = [table[name][row].as_py() for name in KEY]
    texts = [f'{each:g}' if isinstance(each, float) else str(each) for each in key]
    return f'{"/".join(texts)} (number {row} of {len(table)})'
