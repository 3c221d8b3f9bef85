# SPDX-License-Identifier: Apache-2.0
"""Queries of a distance field at single points; the arithmetic of ``object.distance_field``."""

from __future__ import annotations

import numpy as np

from dexlite_ros.compiled import compiled, Entry
from dexlite_ros.kernels.numbers import ONE, TINY, TWO, ZERO

NEAR = np.float32(1e-9)


@compiled
def _cell(coordinate, origin, scale, size):
    """Return along one axis the cell, the place in it, and how far beyond the grid [cells]."""
    grid = (coordinate - origin) * scale
    held = min(max(grid, ZERO), np.float32(size - 1))
    cell = min(np.int32(held), np.int32(size - 2))
    return cell, held - np.float32(cell), grid - held


@compiled
def _corners(field, cx, cy, cz):
    """Return the index of a cell's first node, and the steps along x and y to its other nodes."""
    # Unsigned: numba need not look for negative indices.
    row = np.uintp(field.shape[2])
    plane = np.uintp(field.shape[1]) * row
    return np.uintp(cx) * plane + np.uintp(cy) * row + np.uintp(cz), plane, row


@compiled
def distance(field, x, y, z):
    """
    Return the signed distance at a point [m], its gradient (3), and the part inside the grid [m].

    The last is the distance at the nearest point of the grid, the same for points inside it.
    """
    scale = ONE / field.spacing
    cx, fx, ox = _cell(x, field.origin[0], scale, field.shape[0])
    cy, fy, oy = _cell(y, field.origin[1], scale, field.shape[1])
    cz, fz, oz = _cell(z, field.origin[2], scale, field.shape[2])
    first, plane, row = _corners(field, cx, cy, cz)
    one = np.uintp(1)
    values = field.values
    v000, v010 = values[first], values[first + row]
    v100, v110 = values[first + plane], values[first + plane + row]
    d00, d01 = values[first + one] - v000, values[first + row + one] - v010
    d10, d11 = values[first + plane + one] - v100, values[first + plane + row + one] - v110
    v00, v01, v10, v11 = v000 + fz * d00, v010 + fz * d01, v100 + fz * d10, v110 + fz * d11
    e0, e1 = v01 - v00, v11 - v10
    v0, v1 = v00 + fy * e0, v10 + fy * e1
    d0, d1 = d00 + fy * (d01 - d00), d10 + fy * (d11 - d10)
    sx, sy, sz = (v1 - v0) * scale, (e0 + fx * (e1 - e0)) * scale, (d0 + fx * (d1 - d0)) * scale
    held = v0 + fx * (v1 - v0)
    # Beyond the grid the distance to the grid is added; without a branch, which would be slower.
    beyond = np.sqrt(ox * ox + oy * oy + oz * oz)
    stretch = ONE / max(beyond, NEAR)
    sx = sx if ox == ZERO else ox * stretch
    sy = sy if oy == ZERO else oy * stretch
    sz = sz if oz == ZERO else oz * stretch
    return held + beyond * field.spacing, sx, sy, sz, held


@compiled
def normal(field, x, y, z):
    """Return the unit normal (3) out of the object at a point [m]."""
    scale = ONE / field.spacing
    cx, fx, _ = _cell(x, field.origin[0], scale, field.shape[0])
    cy, fy, _ = _cell(y, field.origin[1], scale, field.shape[1])
    cz, fz, _ = _cell(z, field.origin[2], scale, field.shape[2])
    first, plane, row = _corners(field, cx, cy, cz)
    sx, sy, sz, unused = ZERO, ZERO, ZERO, ZERO
    for i in range(2):
        for j in range(2):
            start = first + np.uintp(i) * plane + np.uintp(j) * row
            across = (fx if i else ONE - fx) * (fy if j else ONE - fy)
            for k in range(2):
                weight = across * (fz if k else ONE - fz)
                slope = field.slopes[start + np.uintp(k)]
                sx += weight * slope[0]
                sy += weight * slope[1]
                sz += weight * slope[2]
                unused += weight * slope[3]
    scale = ONE / max(np.sqrt(sx * sx + sy * sy + sz * sz + unused), TINY)
    return sx * scale, sy * scale, sz * scale


@compiled
def curvature(field, x, y, z, vx, vy, vz):
    """Return the change (3) of the normal at a point [m] along a vector: the Hessian times it."""
    length = np.sqrt(vx * vx + vy * vy + vz * vz)
    step = field.normal_step / max(length, TINY)
    ax, ay, az = normal(field, x + step * vx, y + step * vy, z + step * vz)
    bx, by, bz = normal(field, x - step * vx, y - step * vy, z - step * vz)
    scale, limit = ONE / (TWO * field.normal_step), field.curvature_limit
    return (
        length * min(max((ax - bx) * scale, -limit), limit),
        length * min(max((ay - by) * scale, -limit), limit),
        length * min(max((az - bz) * scale, -limit), limit))


@compiled
def _steepest(values, node, along, across, other):
    """Return the largest squared difference along the four parallel edges of a cell."""
    largest = ZERO
    for start in (node, node + across, node + other, node + across + other):
        change = values[start + along] - values[start]
        largest = max(largest, change * change)
    return largest


@Entry
def steepness(values, shape, spacing):
    """
    Return a bound on the change of a field's distance per distance moved inside its grid.

    Within a cell each component of the gradient lies between the differences along four edges.

    :param values: (nodes,) [m]
    :param shape: (3,) nodes along each axis
    :param spacing: [m]
    """
    row = np.uintp(shape[2])
    plane = np.uintp(shape[1]) * row
    largest = ZERO
    for cx in range(shape[0] - 1):
        for cy in range(shape[1] - 1):
            for cz in range(shape[2] - 1):
                node = np.uintp(cx) * plane + np.uintp(cy) * row + np.uintp(cz)
                square = (
                    _steepest(values, node, plane, row, np.uintp(1))
                    + _steepest(values, node, row, plane, np.uintp(1))
                    + _steepest(values, node, np.uintp(1), plane, row))
                largest = max(largest, square)
    return np.sqrt(largest) / spacing
