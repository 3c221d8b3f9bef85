# SPDX-License-Identifier: Apache-2.0
"""The terms of the energy that depend on the contacts: their gaps, and whether they balance."""

from __future__ import annotations

from dexlite_ros.compiled import compiled
from dexlite_ros.kernels.field import curvature, distance, normal
from dexlite_ros.kernels.forces import balance, cross, net_wrench
from dexlite_ros.kernels.hand import add_force, place
from dexlite_ros.kernels.numbers import ONE, TWO, ZERO
from dexlite_ros.kernels.rows import fill_rows

FIRST_FORCE_STEPS = 30
"""Steps of the force balance of the first evaluation."""


@compiled
def touch(hand, field, memory, count, numbers):
    """Write the contacts at the chosen points; return the weighted sum of their gaps."""
    total = ZERO
    length = numbers.forces.torque_length
    for c in range(count):
        index = memory.chosen[c]
        link, radius = hand.point_link[index], hand.radius[index]
        x, y, z = place(memory.rotation[link], memory.position[link], hand.point[index])
        value, sx, sy, sz, _ = distance(field, x, y, z)
        nx, ny, nz = normal(field, x, y, z)
        excess = value - radius - numbers.margin
        total += abs(excess)
        pull = numbers.contact_distance
        pull = pull if excess > ZERO else (-pull if excess < ZERO else ZERO)
        add_force(memory.wrench, link, x, y, z, pull * sx, pull * sy, pull * sz)
        point, outward, lever = memory.contact[0, c], memory.contact[1, c], memory.contact[2, c]
        point[0], point[1], point[2] = x, y, z
        outward[0], outward[1], outward[2] = nx, ny, nz
        lever[0] = (x - radius * nx - field.centre[0]) / length
        lever[1] = (y - radius * ny - field.centre[1]) / length
        lever[2] = (z - radius * nz - field.centre[2]) / length
    return numbers.contact_distance * total


@compiled
def _net_square(memory, count, force, share, length, weight, turning):
    """
    Return weight (|net force|^2 + share |net moment|^2), moments over the torque length.

    Adds its gradient along the contacts' points and normals to the memory's rows 3 and 4.

    :param turning: whether the forces turn with their normals, or are the inward normals
    """
    outward, lever = memory.contact[1], memory.contact[2]
    at_point, at_normal = memory.contact[3], memory.contact[4]
    n0, n1, n2, m0, m1, m2 = net_wrench(lever, force, count)
    twice = TWO * weight
    for c in range(count):
        f0, f1, f2 = force[c, 0], force[c, 1], force[c, 2]
        g0, g1, g2 = cross(m0, m1, m2, lever[c, 0], lever[c, 1], lever[c, 2])
        g0, g1, g2 = n0 + share * g0, n1 + share * g1, n2 + share * g2
        if turning:
            g0, g1, g2 = cross(f0, f1, f2, g0, g1, g2)
            g0, g1, g2 = cross(g0, g1, g2, outward[c, 0], outward[c, 1], outward[c, 2])
        else:
            g0, g1, g2 = -g0, -g1, -g2
        p0, p1, p2 = cross(f0, f1, f2, m0, m1, m2)
        scale = twice * share / length
        at_point[c, 0] += scale * p0
        at_point[c, 1] += scale * p1
        at_point[c, 2] += scale * p2
        at_normal[c, 0] += twice * g0
        at_normal[c, 1] += twice * g1
        at_normal[c, 2] += twice * g2
    return weight * (
        n0 * n0 + n1 * n1 + n2 * n2 + share * (m0 * m0 + m1 * m1 + m2 * m2))


@compiled
def _push_contacts(hand, field, memory, count):
    """Add the forces that follow from the gradients along the contacts' points and normals."""
    for c in range(count):
        index = memory.chosen[c]
        link, radius = hand.point_link[index], hand.radius[index]
        point, at_point, at_normal = (
            memory.contact[0, c], memory.contact[3, c], memory.contact[4, c])
        x, y, z = point[0], point[1], point[2]
        # The contact is the point less its radius times the normal.
        h0, h1, h2 = curvature(
            field, x, y, z, at_normal[0] - radius * at_point[0],
            at_normal[1] - radius * at_point[1], at_normal[2] - radius * at_point[2])
        add_force(
            memory.wrench, link, x, y, z, at_point[0] + h0, at_point[1] + h1, at_point[2] + h2)


@compiled
def balance_energy(hand, field, memory, count, numbers, force, fresh):
    """Balance the contact forces (C, 3), and return the weighted terms that depend on them."""
    length = numbers.forces.torque_length
    outward, lever = memory.contact[1], memory.contact[2]
    at_point, at_normal = memory.contact[3], memory.contact[4]
    if numbers.equilibrium > ZERO:
        steps = numbers.force_steps
        if fresh:
            steps = FIRST_FORCE_STEPS
            for c in range(count):
                for i in range(3):
                    force[c, i] = -numbers.forces.min_force * outward[c, i]
        balance(lever, outward, count, numbers.forces, steps, force, at_point, at_normal)
    fill_rows(at_point, ZERO)
    fill_rows(at_normal, ZERO)
    total = ZERO
    if numbers.equilibrium > ZERO:
        total += _net_square(
            memory, count, force, ONE, length, numbers.equilibrium, True)
    if numbers.force_closure > ZERO:
        push = memory.contact[5]
        for c in range(count):
            for i in range(3):
                push[c, i] = -outward[c, i]
        total += _net_square(
            memory, count, push, length * length, length, numbers.force_closure, False)
    _push_contacts(hand, field, memory, count)
    return total
