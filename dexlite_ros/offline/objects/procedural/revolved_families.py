# SPDX-License-Identifier: Apache-2.0
"""Families based on solids of revolution. Sizes are drawn from household ranges [m]."""

from __future__ import annotations

import numpy as np

from dexlite_ros.offline.objects.procedural.solids import bar, moved, Parts, revolved, shell


def bottle(rng: np.random.Generator) -> Parts:
    """Return a body, a shoulder, a neck and a cap."""
    radius, height = rng.uniform(0.022, 0.042), rng.uniform(0.09, 0.17)
    neck = radius * rng.uniform(0.3, 0.6)
    shoulder = rng.uniform(0.015, 0.04)
    cap = neck * rng.uniform(1.1, 1.4)
    top = height + shoulder + rng.uniform(0.01, 0.03)
    return revolved([
        (radius * 0.92, 0), (radius, 0.004), (radius, height), (neck, height + shoulder),
        (neck, top), (cap, top + 0.001), (cap, top + 0.015)])


def can(rng: np.random.Generator) -> Parts:
    """Return a cylinder with beaded edges."""
    radius, height = rng.uniform(0.022, 0.045), rng.uniform(0.04, 0.17)
    bead = rng.uniform(0.001, 0.004)
    return revolved([
        (radius - bead, 0), (radius, bead), (radius, height - bead), (radius - bead, height)])


def jar(rng: np.random.Generator) -> Parts:
    """Return a wide body with a lid of a different width."""
    radius, height = rng.uniform(0.028, 0.048), rng.uniform(0.05, 0.1)
    lid = radius * rng.uniform(0.75, 1.08)
    neck = min(radius, lid) * 0.92
    return revolved([
        (radius * 0.9, 0), (radius, 0.006), (radius, height), (neck, height + 0.006),
        (neck, height + 0.01), (lid, height + 0.011), (lid, height + rng.uniform(0.02, 0.03))])


def goblet(rng: np.random.Generator) -> Parts:
    """Return a foot, a stem and a filled cup."""
    foot, stem = rng.uniform(0.024, 0.036), rng.uniform(0.006, 0.012)
    length, cup = rng.uniform(0.03, 0.07), rng.uniform(0.025, 0.042)
    depth = rng.uniform(0.04, 0.08)
    return revolved([
        (foot, 0), (foot, 0.004), (stem, 0.012), (stem, 0.012 + length),
        (cup * 0.8, 0.012 + length + depth * 0.3), (cup, 0.012 + length + depth * 0.65),
        (cup * rng.uniform(0.8, 1.0), 0.012 + length + depth)])


def cone(rng: np.random.Generator) -> Parts:
    """Return a truncated cone."""
    radius, height = rng.uniform(0.028, 0.048), rng.uniform(0.05, 0.16)
    return revolved([(radius, 0), (radius, 0.004), (radius * rng.uniform(0.1, 0.7), height)])


def fruit(rng: np.random.Generator) -> Parts:
    """Return a smooth body between an apple and a pear."""
    width, height = rng.uniform(0.026, 0.042), rng.uniform(0.06, 0.11)
    waist = rng.uniform(0.0, 0.45)
    way = np.linspace(0, 1, 13)
    radius = width * np.sqrt(np.clip(1 - (2 * way - 1) ** 2, 0, None)) * (1 - waist * way ** 2)
    return revolved(np.column_stack([np.maximum(radius, 0.003), way * height]))


def screwdriver(rng: np.random.Generator) -> Parts:
    """Return a grip and a shaft."""
    grip, length = rng.uniform(0.011, 0.018), rng.uniform(0.07, 0.12)
    shaft, reach = rng.uniform(0.003, 0.006), rng.uniform(0.05, 0.12)
    return revolved([
        (grip * 0.7, 0), (grip, 0.01), (grip * rng.uniform(0.75, 0.95), length * 0.5),
        (grip, length * 0.85), (grip * 0.6, length), (shaft, length + 0.001),
        (shaft, length + reach)], sections=12)


def dumbbell(rng: np.random.Generator) -> Parts:
    """Return a bar between two weights."""
    handle, grip = rng.uniform(0.01, 0.016), rng.uniform(0.05, 0.1)
    weight, width = rng.uniform(0.022, 0.04), rng.uniform(0.018, 0.035)
    return revolved([
        (weight, 0), (weight, width), (handle, width + 0.002), (handle, width + grip),
        (weight, width + grip + 0.002), (weight, 2 * width + grip + 0.002)])


def bulb(rng: np.random.Generator) -> Parts:
    """Return a globe on a socket."""
    globe, socket = rng.uniform(0.024, 0.04), rng.uniform(0.011, 0.016)
    length = rng.uniform(0.02, 0.035)
    height = np.cos(np.linspace(2.4, 0.15, 9)) * globe
    radius = np.sqrt(globe ** 2 - height ** 2)
    bottom = [(socket, 0), (socket, length)]
    middle = length + 0.012 - height[0]
    return revolved([*bottom, *zip(np.maximum(radius, 0.002), middle + height)])


def bowl(rng: np.random.Generator) -> Parts:
    """Return an open bowl with a wall."""
    radius, depth = rng.uniform(0.045, 0.07), rng.uniform(0.03, 0.055)
    wall = rng.uniform(0.004, 0.008)
    angle = np.linspace(0.45, np.pi / 2, 5)
    outer = np.column_stack([radius * np.sin(angle), depth * (1 - np.cos(angle))])
    inner = np.column_stack([
        (radius - wall) * np.sin(angle), wall + (depth - wall) * (1 - np.cos(angle))])
    # The floor is as high as the lowest ring of the wall.
    foot = revolved([outer[0], inner[0]], 20) if inner[0, 1] > outer[0, 1] else []
    return shell(outer, inner, 20) + foot


def mug(rng: np.random.Generator) -> Parts:
    """Return a hollow cup with a handle."""
    radius, height = rng.uniform(0.032, 0.043), rng.uniform(0.07, 0.11)
    wall, base = rng.uniform(0.0035, 0.006), 0.006
    parts = shell(
        [(radius, base), (radius, height)], [(radius - wall, base), (radius - wall, height)])
    parts += revolved([(radius, 0), (radius, base)])
    reach, half = rng.uniform(0.022, 0.034), height * rng.uniform(0.25, 0.36)
    angle = np.linspace(-np.pi / 2, np.pi / 2, 9)
    line = np.column_stack([
        radius - wall / 2 + reach * np.cos(angle), 0 * angle, height / 2 + half * np.sin(angle)])
    return parts + bar(line, rng.uniform(0.005, 0.008), sides=8)


def plate(rng: np.random.Generator) -> Parts:
    """Return a flat dish with a raised rim."""
    radius, thickness = rng.uniform(0.05, 0.08), rng.uniform(0.006, 0.012)
    floor, rise = radius * rng.uniform(0.5, 0.7), rng.uniform(0.008, 0.02)
    rim = shell(
        [(floor, 0), (radius, rise)], [(floor, thickness), (radius, rise + thickness * 0.7)], 20)
    return rim + revolved([(floor, 0), (floor, thickness)], 20)


def torus(rng: np.random.Generator) -> Parts:
    """Return a ring."""
    radius, thickness = rng.uniform(0.026, 0.05), rng.uniform(0.009, 0.018)
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    line = radius * np.column_stack([np.cos(angle), 0 * angle, np.sin(angle)])
    return moved(bar(line, thickness, closed=True), about=(np.pi / 2, 0, 0))
