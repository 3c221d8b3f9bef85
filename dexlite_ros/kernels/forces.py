# SPDX-License-Identifier: Apache-2.0
"""The balance of contact forces of one grasp; the arithmetic of ``mechanics.contact_forces``."""

from __future__ import annotations

import numpy as np

from dexlite_ros.compiled import compiled
from dexlite_ros.kernels.numbers import ONE, ZERO

SLIP = np.float32(1e-9)
SMALLEST_BOUND = np.float32(1e-6)


@compiled
def cross(ax, ay, az, bx, by, bz):
    """Return the cross product (3)."""
    return ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx


@compiled
def _project(fx, fy, fz, nx, ny, nz, limits):
    """Return a force (3) projected onto the friction cone and the limits."""
    mu = limits.friction
    push = -(fx * nx + fy * ny + fz * nz)
    tx, ty, tz = fx + push * nx, fy + push * ny, fz + push * nz
    slip = np.sqrt(tx * tx + ty * ty + tz * tz)
    push = push if slip <= mu * push else (push + mu * slip) / (ONE + mu * mu)
    push = min(max(push, limits.min_force), limits.max_force)
    scale = min(mu * push / max(slip, SLIP), ONE)
    return scale * tx - push * nx, scale * ty - push * ny, scale * tz - push * nz


@compiled
def _eigenvalue_bound(lever, count):
    """Return a bound on the largest eigenvalue of the quadratic form, from levers (C, 3)."""
    s0, s1, s2 = ZERO, ZERO, ZERO
    xx, yy, zz, xy, xz, yz = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
    for c in range(count):
        x, y, z = lever[c, 0], lever[c, 1], lever[c, 2]
        s0, s1, s2 = s0 + x, s1 + y, s2 + z
        xx, yy, zz = xx + x * x, yy + y * y, zz + z * z
        xy, xz, yz = xy + x * y, xz + x * z, yz + y * z
    trace = xx + yy + zz
    second = xx * xx + yy * yy + zz * zz + np.float32(2) * (xy * xy + xz * xz + yz * yz)
    number = np.float32(count)
    bound = np.float32(3) * number * number + trace * trace + second
    bound += np.float32(4) * (s0 * s0 + s1 * s1 + s2 * s2)
    return max(np.sqrt(bound), SMALLEST_BOUND)


@compiled
def net_wrench(lever, force, count):
    """Return net force (3) and moment over the torque length (3) of forces (C, 3) at levers."""
    n0, n1, n2, m0, m1, m2 = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
    for c in range(count):
        fx, fy, fz = force[c, 0], force[c, 1], force[c, 2]
        n0, n1, n2 = n0 + fx, n1 + fy, n2 + fz
        x, y, z = cross(lever[c, 0], lever[c, 1], lever[c, 2], fx, fy, fz)
        m0, m1, m2 = m0 + x, m1 + y, m2 + z
    return n0, n1, n2, m0, m1, m2


@compiled
def balance(lever, normal, count, limits, steps, force, previous, ahead):
    """
    Bring the forces of C active contacts nearest to equilibrium by accelerated projection.

    :param lever: (C, 3) from the centre of mass, over the torque length
    :param normal: (C, 3) unit, out of the object
    :param force: (C, 3) the forces to begin with; changed
    :param previous, ahead: (C, 3) to work in
    """
    step = ONE / _eigenvalue_bound(lever, count)
    for c in range(count):
        force[c, 0], force[c, 1], force[c, 2] = _project(
            force[c, 0], force[c, 1], force[c, 2], normal[c, 0], normal[c, 1], normal[c, 2],
            limits)
        for i in range(3):
            previous[c, i] = force[c, i]
    for iteration in range(steps):
        momentum = np.float32(iteration) / np.float32(iteration + 3)
        for c in range(count):
            for i in range(3):
                ahead[c, i] = force[c, i] + momentum * (force[c, i] - previous[c, i])
                previous[c, i] = force[c, i]
        n0, n1, n2, m0, m1, m2 = net_wrench(lever, ahead, count)
        for c in range(count):
            gx, gy, gz = cross(m0, m1, m2, lever[c, 0], lever[c, 1], lever[c, 2])
            force[c, 0], force[c, 1], force[c, 2] = _project(
                ahead[c, 0] - step * (n0 + gx), ahead[c, 1] - step * (n1 + gy),
                ahead[c, 2] - step * (n2 + gz), normal[c, 0], normal[c, 1], normal[c, 2], limits)
