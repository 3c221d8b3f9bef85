# SPDX-License-Identifier: Apache-2.0
"""
PointCloud2 messages as arrays and back.

The reader uses a numpy structured dtype over the bytes of the message. It therefore handles
padding between fields, rows and points, big-endian data, organised clouds, float64 and extra
fields at no extra cost and without a Python loop. N is the number of points.
"""

from __future__ import annotations

from array import array

from builtin_interfaces.msg import Time
import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from dexlite_ros.errors import BadCloud

POSITION = ('x', 'y', 'z')
NORMAL = ('normal_x', 'normal_y', 'normal_z')
_FLOAT_TYPES = {PointField.FLOAT32: 'f4', PointField.FLOAT64: 'f8'}


def points_and_normals(cloud: PointCloud2) -> tuple[np.ndarray, np.ndarray | None]:
    """
    Return the finite points (N, 3) [m] and, where the cloud has them, their normals (N, 3).

    :param cloud: any layout of x, y, z as float32 or float64, optionally normal_x, _y, _z.
    :raises BadCloud: no points, no x/y/z, another datatype, or fewer bytes than the header states.
    """
    _check_layout(cloud)
    points = _columns(cloud, POSITION)
    finite = np.isfinite(points).all(axis=1)
    if not finite.any():
        raise BadCloud(f'none of its {len(points)} points is finite')
    normals = _columns(cloud, NORMAL) if _has_fields(cloud, NORMAL) else None
    if normals is not None:
        finite &= np.isfinite(normals).all(axis=1)
        if not finite.any():  # some drivers declare normals but leave them NaN
            return points[np.isfinite(points).all(axis=1)], None
    return points[finite], None if normals is None else normals[finite]


def point_cloud_message(
    points: np.ndarray,  # (N, 3) [m]
    frame: str,
    stamp: Time,
    normals: np.ndarray | None = None,  # (N, 3) unit
) -> PointCloud2:
    """Return an unorganised float32 cloud in ``frame``, with normals where given."""
    columns = points if normals is None else np.concatenate([points, normals], axis=1)
    names = POSITION if normals is None else POSITION + NORMAL
    data = np.ascontiguousarray(columns, dtype='<f4')
    return PointCloud2(
        header=Header(stamp=stamp, frame_id=frame),
        height=1,
        width=len(data),
        fields=[
            PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1)
            for i, name in enumerate(names)
        ],
        is_bigendian=False,
        point_step=4 * len(names),
        row_step=4 * len(names) * len(data),
        data=array('B', data.tobytes()),
        is_dense=bool(np.isfinite(data).all()),
    )


def _check_layout(cloud: PointCloud2) -> None:
    if cloud.width * cloud.height == 0 or len(cloud.data) == 0:
        raise BadCloud('it is empty')
    names = [field.name for field in cloud.fields]
    missing = [name for name in POSITION if name not in names]
    if missing:
        raise BadCloud(f'it has no field {", ".join(missing)}; its fields are {names}')
    if cloud.row_step < cloud.width * cloud.point_step:
        raise BadCloud(
            f'row_step is {cloud.row_step}, less than width x point_step = '
            f'{cloud.width} x {cloud.point_step}'
        )
    needed = (cloud.height - 1) * cloud.row_step + cloud.width * cloud.point_step
    if len(cloud.data) < needed:
        raise BadCloud(f'its data has {len(cloud.data)} bytes, its header promises {needed}')


def _has_fields(cloud: PointCloud2, names: tuple[str, ...]) -> bool:
    fields = {field.name: field.datatype for field in cloud.fields}
    return all(fields.get(name) in _FLOAT_TYPES for name in names)


def _columns(cloud: PointCloud2, names: tuple[str, ...]) -> np.ndarray:
    """Return the named fields of all points as (N, len(names)) float64 in machine order."""
    dtype = _point_dtype(cloud, names)
    grid = np.ndarray(
        shape=(cloud.height, cloud.width),
        dtype=dtype,
        buffer=memoryview(cloud.data),
        strides=(cloud.row_step, cloud.point_step),
    )
    return np.stack([grid[name].astype(np.float64).ravel() for name in names], axis=1)


def _point_dtype(cloud: PointCloud2, names: tuple[str, ...]) -> np.dtype:
    fields = {field.name: field for field in cloud.fields}
    order = '>' if cloud.is_bigendian else '<'
    formats, offsets = [], []
    for name in names:
        field = fields[name]
        if field.datatype not in _FLOAT_TYPES:
            raise BadCloud(f"field '{name}' has datatype {field.datatype}; expected float32 or 64")
        kind = np.dtype(order + _FLOAT_TYPES[field.datatype])
        if field.offset + kind.itemsize > cloud.point_step:
            raise BadCloud(f"field '{name}' ends past point_step = {cloud.point_step}")
        formats.append(kind)
        offsets.append(field.offset)
    return np.dtype(
        {
            'names': list(names),
            'formats': formats,
            'offsets': offsets,
            'itemsize': cloud.point_step,
        }
    )
