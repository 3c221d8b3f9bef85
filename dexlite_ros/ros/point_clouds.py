# SPDX-License-Identifier: Apache-2.0
"""
PointCloud2 messages as arrays and back.

The reader uses a numpy structured dtype over the bytes of the message. It therefore handles
padding between fields, rows and points, big-endian data, organised clouds, float64 and extra
fields at no extra cost and without a Python loop. Only positions are read: the planner estimates
normals itself, so those of a message do not matter. N is the number of points.
"""

from __future__ import annotations

from array import array

from builtin_interfaces.msg import Time
import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from dexlite_ros.errors import BadCloud
from dexlite_ros.object.cloud import organised_pixels, PointCloud

POSITION = ('x', 'y', 'z')
NORMAL = ('normal_x', 'normal_y', 'normal_z')
OBJECT, OBSTACLES, SCENE = 'object', 'obstacle', 'scene'
_FLOAT_TYPES = {PointField.FLOAT32: 'f4', PointField.FLOAT64: 'f8'}


def is_unset(cloud: PointCloud2) -> bool:
    """Return True for a message that was never filled: no fields, no data, no width or height."""
    return not len(cloud.fields) and not len(cloud.data) and cloud.width * cloud.height == 0


def finite_points(cloud: PointCloud2, subject: str = OBJECT) -> np.ndarray:
    """
    Return the finite points (N, 3) [m]; other fields than x, y and z are not read.

    :param cloud: any layout of x, y, z as float32 or float64.
    :param subject: which cloud it is, for the error: OBJECT or OBSTACLES.
    :raises BadCloud: no points, no x/y/z, another datatype, or fewer bytes than the header states.
    """
    points, finite = _some_finite(cloud, subject)
    return points[finite]


def finite_cloud(
    cloud: PointCloud2, viewpoint: np.ndarray | None = None, subject: str = OBJECT
) -> PointCloud:
    """
    Return the finite points of a cloud, with their pixels if it is organised.

    :param viewpoint: (3,) stated position of the sensor [m].
    :param subject: which cloud it is, for the error: OBJECT or SCENE.
    :raises BadCloud: as ``finite_points``.
    """
    points, finite = _some_finite(cloud, subject)
    if cloud.width < 2 or cloud.height < 2:
        return PointCloud(points[finite], viewpoint=viewpoint)
    pixels = organised_pixels(cloud.width, cloud.height)[finite]
    return PointCloud(
        points[finite], viewpoint=viewpoint, pixels=pixels,
        image_size=(cloud.width, cloud.height))


def usable_points(cloud: PointCloud2, subject: str = OBJECT) -> np.ndarray:
    """
    Return the finite points (N, 3) [m], where N may be 0.

    :raises BadCloud: as ``finite_points``, but not for a cloud without finite points.
    """
    points, finite = _read(cloud, subject)
    return points[finite]


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


def _some_finite(cloud: PointCloud2, subject: str) -> tuple[np.ndarray, np.ndarray]:
    """Return all points and a mask of the finite ones, of which there is one at least."""
    points, finite = _read(cloud, subject)
    if not finite.any():
        count = cloud.width * cloud.height
        raise BadCloud(
            f'none of its {count} points is finite' if count else 'it is empty', subject)
    return points, finite


def _read(cloud: PointCloud2, subject: str) -> tuple[np.ndarray, np.ndarray]:
    """Return all points (N, 3) [m], and a mask (N,) of the finite ones."""
    points: np.ndarray = np.zeros((0, 3))
    if not is_unset(cloud):
        _check_layout(cloud, subject)
        if len(cloud.data):
            points = _columns(cloud, subject)
    return points, np.isfinite(points).all(axis=1)


def _check_layout(cloud: PointCloud2, subject: str) -> None:
    names = [field.name for field in cloud.fields]
    missing = [name for name in POSITION if name not in names]
    if missing:
        raise BadCloud(f'it has no field {", ".join(missing)}; its fields are {names}', subject)
    if cloud.row_step < cloud.width * cloud.point_step:
        raise BadCloud(
            f'row_step is {cloud.row_step}, less than width x point_step = '
            f'{cloud.width} x {cloud.point_step}', subject)
    held, stated = len(cloud.data), cloud.width * cloud.height
    needed = (cloud.height - 1) * cloud.row_step + cloud.width * cloud.point_step if stated else 0
    if held < needed or (held and not stated):
        raise BadCloud(
            f'its data has {held} bytes, its header promises {needed} for '
            f'{cloud.height} x {cloud.width} points', subject)


def _columns(cloud: PointCloud2, subject: str) -> np.ndarray:
    """Return x, y and z of all points as (N, 3) float64 in machine order."""
    dtype = _point_dtype(cloud, subject)
    grid = np.ndarray(
        shape=(cloud.height, cloud.width),
        dtype=dtype,
        buffer=memoryview(cloud.data),
        strides=(cloud.row_step, cloud.point_step),
    )
    return np.stack([grid[name].astype(np.float64).ravel() for name in POSITION], axis=1)


def _point_dtype(cloud: PointCloud2, subject: str) -> np.dtype:
    fields = {field.name: field for field in cloud.fields}
    order = '>' if cloud.is_bigendian else '<'
    formats, offsets = [], []
    for name in POSITION:
        field = fields[name]
        if field.datatype not in _FLOAT_TYPES:
            raise BadCloud(
                f"field '{name}' has datatype {field.datatype}; expected float32 or 64", subject)
        kind = np.dtype(order + _FLOAT_TYPES[field.datatype])
        if field.offset + kind.itemsize > cloud.point_step:
            raise BadCloud(
                f"field '{name}' ends past point_step = {cloud.point_step}", subject)
        formats.append(kind)
        offsets.append(field.offset)
    return np.dtype(
        {
            'names': list(POSITION),
            'formats': formats,
            'offsets': offsets,
            'itemsize': cloud.point_step,
        }
    )
