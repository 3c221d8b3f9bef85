# SPDX-License-Identifier: Apache-2.0
"""
The columns of a dataset: one table of grasps, one of objects.

Lengths are in metres, angles in radians. Grasps are in the frame of the scaled object mesh.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
import pyarrow as pa
import torch

from dexlite_ros.errors import FileError
from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.description import HandDescription

FORMAT = 'dexlite_ros/dataset'
VERSION = 1
RESOLUTION = 1e-5
"""Resolution of cloud coordinates, which are stored as integers [m]."""
NORMAL_UNIT = 127
"""Length of a normal as stored in integers."""
TESTS = ('six_forces', 'lift')


def _vector(size: int) -> pa.DataType:
    return pa.list_(pa.float32(), size)


def grasp_schema(joints: int) -> pa.Schema:
    """Return the columns of grasps of a hand with this many joints."""
    verdicts = [
        pa.field(f'{test}{suffix}', kind) for test in TESTS for suffix, kind in (
            ('', pa.bool_()), ('_reason', pa.dictionary(pa.int8(), pa.string())),
            ('_moved', pa.float32()), ('_turned', pa.float32()))]
    return pa.schema([
        ('object', pa.dictionary(pa.int32(), pa.string())),
        ('split', pa.dictionary(pa.int8(), pa.string())),
        ('scale', pa.float32()),
        ('seed', pa.int32()),
        ('number', pa.int16()),
        ('mode', pa.dictionary(pa.int8(), pa.string())),
        ('parent', pa.string()),
        ('position', _vector(3)),
        ('quat_xyzw', _vector(4)),
        ('joints', _vector(joints)),
        ('pregrasp_position', _vector(3)),
        ('pregrasp_joints', _vector(joints)),
        ('squeeze_joints', _vector(joints)),
        ('associated_point', pa.int16()),
        ('point_count', pa.int32()),
        ('success_probability', pa.float32()),
        ('energy', pa.float32()),
        ('residual', pa.float32()),
        ('penetration', pa.float32()),
        ('self_penetration', pa.float32()),
        ('pregrasp_clearance', pa.float32()),
        *verdicts,
        ('lift_rise', pa.float32()),
    ])


def object_schema() -> pa.Schema:
    """Return the columns of the objects."""
    pose = pa.struct([
        ('pose', _vector(16)), ('held', pa.bool_()), ('reason', pa.string()),
        ('moved', pa.float32()), ('turned', pa.float32())])
    return pa.schema([
        ('object', pa.string()), ('split', pa.string()), ('family', pa.string()),
        ('licence', pa.string()), ('digest', pa.string()), ('rests', pa.bool_()),
        ('points', pa.list_(pa.int16())), ('normals', pa.list_(pa.int8())),
        ('pieces', pa.list_(pa.list_(pa.float32()))), ('volume', pa.float32()),
        ('centre_of_mass', _vector(3)), ('inertia', _vector(9)), ('poses', pa.list_(pose))])


def stages_to_columns(grasps: StagedGrasp) -> dict[str, pa.Array]:
    """
    Return the columns of the three stages.

    The wrist must not rotate between stages, nor move between grasp and squeeze.

    :raises ValueError: when it does
    """
    grasp = grasps.grasp
    same = (
        (grasps.pregrasp.rotation, grasp.rotation), (grasps.squeeze.rotation, grasp.rotation),
        (grasps.squeeze.translation, grasp.translation))
    if not all(torch.allclose(first, second) for first, second in same):
        raise ValueError('the wrist turns between the stages, or moves in the squeeze')
    return {
        'position': vectors(grasp.translation.numpy()),
        'quat_xyzw': vectors(grasp.quat_xyzw().numpy()),
        'joints': vectors(grasp.joints.numpy()),
        'pregrasp_position': vectors(grasps.pregrasp.translation.numpy()),
        'pregrasp_joints': vectors(grasps.pregrasp.joints.numpy()),
        'squeeze_joints': vectors(grasps.squeeze.joints.numpy()),
    }


def stages_from_table(table: pa.Table) -> StagedGrasp:
    """Return the three stages of the rows of a table, in double precision."""
    columns = {
        name: torch.from_numpy(matrix(table, name)) for name in (
            'position', 'quat_xyzw', 'joints', 'pregrasp_position', 'pregrasp_joints',
            'squeeze_joints')}
    grasp = GraspBatch.from_quat_xyzw(
        columns['position'], columns['quat_xyzw'], columns['joints'])
    return StagedGrasp(
        GraspBatch(columns['pregrasp_position'], grasp.rotation, columns['pregrasp_joints']),
        grasp,
        GraspBatch(grasp.translation, grasp.rotation, columns['squeeze_joints']))


def vectors(values: NDArray[np.floating]) -> pa.Array:
    """Return a column of vectors from (N, D)."""
    flat = pa.array(np.ascontiguousarray(values, np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def matrix(table: pa.Table, name: str) -> NDArray[np.float64]:
    """Return a column of vectors as (N, D)."""
    column = table.column(name).combine_chunks()
    size = column.type.list_size
    values = column.flatten().to_numpy(zero_copy_only=False)
    return values.astype(np.float64).reshape(-1, size)


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return a column of numbers or truths (N,), NaN where it is null."""
    return np.array(column.cast(pa.float64()).to_numpy(), float)


def with_format(schema: pa.Schema, hand: HandDescription) -> pa.Schema:
    """Return the schema with format metadata for readers."""
    return schema.with_metadata({
        'format': FORMAT, 'version': str(VERSION), 'hand': hand.name,
        'hand_link': hand.palm_link, 'joint_names': ' '.join(hand.joint_names)})


def check_format(path: object, schema: pa.Schema, expected: pa.Schema) -> None:
    """
    Check that a file has the format of this release.

    :raises FileError: when it has not
    """
    metadata = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
    if metadata.get('format') != FORMAT:
        raise FileError(path, f"it is not of the format '{FORMAT}'")
    if metadata.get('version') != str(VERSION):
        raise FileError(
            path, f'version {metadata.get("version")}; this release reads {VERSION}')
    for name in ('hand', 'joint_names'):
        if metadata.get(name, '').encode() != expected.metadata[name.encode()]:
            raise FileError(path, f"its '{name}' is '{metadata.get(name)}', not ours")
    if not schema.equals(expected, check_metadata=False):
        wrong = sorted(
            {field.name for field in schema if field not in expected}
            | {field.name for field in expected if field not in schema})
        raise FileError(
            path, f'its columns ({", ".join(wrong) or "their order or types"}) are not those of '
            f'version {VERSION}')
