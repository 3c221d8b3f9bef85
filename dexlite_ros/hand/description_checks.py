# SPDX-License-Identifier: Apache-2.0
"""What must be true of a hand beyond the types of its fields, as far as data can be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np

from dexlite_ros.hand.description import Geom, HandDescription, Joint, Link, Shape

GROUPS = ('tip', 'middle', 'proximal', 'palm')
"""Kinds of contact regions."""
PATTERNS = ('tips', 'tips_palm', 'wrap')
"""Contact patterns that every hand has."""
SIZES: dict[Shape, int] = {'sphere': 1, 'capsule': 2, 'cylinder': 2, 'box': 3, 'hull': 0}
"""How many numbers the size of a shape has."""
UNIT = 1e-3
"""How far from 1 the length of a quaternion or of a direction may be, for rounded numbers."""
THIN = 1e-4
"""Vertices of a hull lie at least this far out of their common plane [m]."""


@dataclass(frozen=True)
class Fault:
    """A value that cannot be right."""

    key: str
    """Where it is, such as 'links[3].joint.upper'."""
    value: object
    expected: str

    def __str__(self) -> str:
        return f"'{self.key}' is {_short(self.value)}; expected {self.expected}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f'{text[:77]}...'


def faults(hand: HandDescription) -> Iterator[Fault]:
    """Yield all that is wrong with a hand, in the order of its fields."""
    if not hand.name:
        yield Fault('name', hand.name, 'a name')
    yield from _links(hand)
    yield from _couplings(hand)
    yield from _contacts(hand)
    yield from _places(hand)
    for name, value in vars(hand.joint_dynamics).items():
        if value < 0 or (name in ('effort', 'velocity', 'stiffness') and value == 0):
            yield Fault(f'joint_dynamics.{name}', value, 'a positive number')


def _links(hand: HandDescription) -> Iterator[Fault]:
    if not hand.links:
        yield Fault('links', (), 'at least the palm')
    before: list[str] = []
    for index, link in enumerate(hand.links):
        key = f'links[{index}]'
        if link.name in before:
            yield Fault(f'{key}.name', link.name, 'a name of its own')
        if index == 0 and link.parent is not None:
            yield Fault(f'{key}.parent', link.parent, 'null: the first link is the palm')
        elif index and link.parent not in before:
            yield Fault(f'{key}.parent', link.parent,
                        'the name of a link before it: list parents before their children')
        if (index == 0) != (link.joint is None):
            yield Fault(f'{key}.joint', link.joint, (
                'a joint' if index else 'null: the palm is where the arm puts it'))
        yield from _link(key, link)
        before.append(link.name)
    yield from _twice(
        (f'links[{index}].joint.name', link.joint.name)
        for index, link in enumerate(hand.links) if link.joint is not None)


def _link(key: str, link: Link) -> Iterator[Fault]:
    yield from _unit(f'{key}.quat_wxyz', link.quat_wxyz)
    if link.mass <= 0:
        yield Fault(f'{key}.mass', link.mass, 'a positive number [kg]')
    if link.joint is not None:
        yield from _joint(f'{key}.joint', link.joint)
    if not link.geoms:
        yield Fault(f'{key}.geoms', (), 'at least one shape')
    for number, geom in enumerate(link.geoms):
        yield from _geom(f'{key}.geoms[{number}]', geom)


def _joint(key: str, joint: Joint) -> Iterator[Fault]:
    if not any(joint.axis):
        yield Fault(f'{key}.axis', joint.axis, 'a vector that is not zero')
    if joint.lower >= joint.upper:
        yield Fault(f'{key}.upper', joint.upper,
                    f"more than 'lower', which is {joint.lower}: are they reversed?")
    elif not joint.lower <= joint.open <= joint.upper:
        yield Fault(f'{key}.open', joint.open,
                    f'an angle within its limits, [{joint.lower}, {joint.upper}] rad')


def _geom(key: str, geom: Geom) -> Iterator[Fault]:
    yield from _unit(f'{key}.quat_wxyz', geom.quat_wxyz)
    if len(geom.size) != SIZES[geom.shape] or any(size <= 0 for size in geom.size):
        yield Fault(f'{key}.size', geom.size,
                    f"{SIZES[geom.shape]} positive numbers [m] for the shape '{geom.shape}'")
    if geom.shape == 'hull':
        if len(geom.vertices) < 4 or _thickness(geom.vertices) < THIN:
            yield Fault(f'{key}.vertices', geom.vertices,
                        'four vertices or more, not all of them in a plane')
    elif geom.vertices:
        yield Fault(f'{key}.vertices', geom.vertices,
                    f"none for the shape '{geom.shape}', only for 'hull'")


def _thickness(vertices: Sequence[tuple[float, float, float]]) -> float:
    """Return how far vertices spread across the plane through them, as a standard deviation."""
    points = np.array(vertices)
    return float(np.linalg.svd(points - points.mean(0), compute_uv=False)[-1])


def _couplings(hand: HandDescription) -> Iterator[Fault]:
    for index, pair in enumerate(hand.couplings):
        for number, joint in enumerate(pair.joints):
            if joint not in hand.joint_names:
                yield Fault(f'couplings[{index}].joints[{number}]', joint,
                            f'the name of a joint: {", ".join(hand.joint_names)}')
    yield from _twice(
        (f'couplings[{index}].joints[{number}]', joint)
        for index, pair in enumerate(hand.couplings) for number, joint in enumerate(pair.joints))
    yield from _twice(
        (f'couplings[{index}].name', pair.name) for index, pair in enumerate(hand.couplings))


def _contacts(hand: HandDescription) -> Iterator[Fault]:
    for index, region in enumerate(hand.contact_regions):
        key = f'contact_regions[{index}]'
        yield from _known(hand, f'{key}.link', region.link)
        if region.group not in GROUPS:
            yield Fault(f'{key}.group', region.group, f'one of {", ".join(GROUPS)}')
        for number, space in enumerate(region.side):
            yield from _unit(f'{key}.side[{number}].normal', space.normal)
    yield from _twice(
        (f'contact_regions[{index}].link', each.link)
        for index, each in enumerate(hand.contact_regions))
    touching = {each.link for each in hand.contact_regions}
    for name in PATTERNS:
        if not hand.contact_patterns.get(name):
            yield Fault('contact_patterns', list(hand.contact_patterns),
                        f"a pattern '{name}' with its links")
    for name, links in hand.contact_patterns.items():
        if not set(links) <= touching:
            yield Fault(f'contact_patterns.{name}', links,
                        f'links that have a contact region: {", ".join(sorted(touching))}')
    for index, pair in enumerate(hand.collision_exclusions):
        for number, link in enumerate(pair):
            yield from _known(hand, f'collision_exclusions[{index}][{number}]', link)


def _places(hand: HandDescription) -> Iterator[Fault]:
    for index, (link, _) in enumerate(hand.pinch_points):
        yield from _known(hand, f'pinch_points[{index}][0]', link)
    yield from _twice(
        (f'pinch_points[{index}][0]', link) for index, (link, _) in enumerate(hand.pinch_points))
    yield from _unit('palmar_direction', hand.palmar_direction)
    yield from _unit('finger_direction', hand.finger_direction)
    if abs(np.dot(hand.palmar_direction, hand.finger_direction)) > UNIT:
        yield Fault('finger_direction', hand.finger_direction,
                    f"a direction across 'palmar_direction', {hand.palmar_direction}")


def _known(hand: HandDescription, key: str, link: str) -> Iterator[Fault]:
    if link not in hand.link_names:
        yield Fault(key, link, f'the name of a link: {", ".join(hand.link_names)}')


def _unit(key: str, vector: Sequence[float]) -> Iterator[Fault]:
    length = hypot(*vector)
    if abs(length - 1) > UNIT:
        yield Fault(key, vector, f'numbers whose length is 1, not {length:.4g}: divide by it')


def _twice(named: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    """Yield a fault for each name (key, name) that an earlier one has, too."""
    seen: dict[str, str] = {}
    for key, name in named:
        if name in seen:
            yield Fault(key, name, f"a name that '{seen[name]}' does not have")
        seen.setdefault(name, key)
