# SPDX-License-Identifier: Apache-2.0
"""Write a hand as a MuJoCo model (MJCF)."""

from __future__ import annotations

from xml.etree import ElementTree

from dexlite_ros.hand.description import Geom, HandDescription, JointDynamics, Link


def write_mjcf(
    hand: HandDescription,
    *,
    stiffness: float = 5.0,
    torque_limit: float = 3.0,
) -> str:
    """
    Return the hand as MJCF text: one body per link, the root fixed to the world.

    Each free joint and each coupled pair has a position actuator; a coupled pair is driven
    through a fixed tendon on the sum of its joints.

    :param stiffness: proportional gain of the position actuators [N m/rad]
    :param torque_limit: largest actuator torque [N m]
    """
    root = ElementTree.Element('mujoco', model=hand.name)
    ElementTree.SubElement(root, 'compiler', angle='radian', autolimits='true')
    assets = ElementTree.SubElement(root, 'asset')
    bodies: dict[str | None, ElementTree.Element] = {
        None: ElementTree.SubElement(root, 'worldbody')}
    for link in hand.links:
        bodies[link.name] = _body(bodies[link.parent], assets, link, hand.joint_dynamics)
    contact = ElementTree.SubElement(root, 'contact')
    # MuJoCo ignores contacts between a link and its parent, unless the parent is fixed to the
    # world, as the palm is.
    beside_palm = [(hand.palm_link, each.name) for each in hand.links
                   if each.parent == hand.palm_link]
    for first, second in (*hand.collision_exclusions, *beside_palm):
        ElementTree.SubElement(contact, 'exclude', body1=first, body2=second)
    _actuation(root, hand, stiffness, torque_limit)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding='unicode') + '\n'


def _numbers(values: tuple[float, ...]) -> str:
    return ' '.join(f'{value:.9g}' for value in values)


def _body(
    parent: ElementTree.Element, assets: ElementTree.Element, link: Link,
    dynamics: JointDynamics,
) -> ElementTree.Element:
    body = ElementTree.SubElement(
        parent, 'body', name=link.name, pos=_numbers(link.position),
        quat=_numbers(link.quat_wxyz))
    if link.joint is not None:
        ElementTree.SubElement(
            body, 'joint', name=link.joint.name, type='hinge', axis=_numbers(link.joint.axis),
            range=_numbers((link.joint.lower, link.joint.upper)), damping=str(dynamics.damping),
            armature=str(dynamics.armature), frictionloss=str(dynamics.friction_loss))
    for index, geom in enumerate(link.geoms):
        _geom(body, assets, link, geom, f'{link.name}_hull_{index}')
    return body


def _geom(
    body: ElementTree.Element, assets: ElementTree.Element, link: Link, geom: Geom, name: str
) -> None:
    """Add a shape to a body; name: of its mesh, if it is a hull."""
    # The link's mass is shared evenly among its shapes.
    mass = f'{link.mass / len(link.geoms):.9g}'
    element = ElementTree.SubElement(
        body, 'geom', pos=_numbers(geom.position), quat=_numbers(geom.quat_wxyz), mass=mass)
    if geom.shape == 'hull':
        flat = tuple(value for vertex in geom.vertices for value in vertex)
        ElementTree.SubElement(assets, 'mesh', name=name, vertex=_numbers(flat))
        element.set('type', 'mesh')
        element.set('mesh', name)
    else:
        element.set('type', geom.shape)
        element.set('size', _numbers(geom.size))


def _actuation(
    root: ElementTree.Element, hand: HandDescription, stiffness: float, torque_limit: float
) -> None:
    """Add tendons and position actuators, in the order of the joint vector."""
    tendons = ElementTree.SubElement(root, 'tendon')
    actuators = ElementTree.SubElement(root, 'actuator')
    pair_of = {name: pair for pair in hand.couplings for name in pair.joints}
    limits = {joint.name: (joint.lower, joint.upper) for joint in hand.joints}
    force = _numbers((-torque_limit, torque_limit))
    for name in hand.joint_names:
        pair = pair_of.get(name)
        if pair is None:
            ElementTree.SubElement(
                actuators, 'position', name=name, joint=name, kp=str(stiffness),
                ctrlrange=_numbers(limits[name]), forcerange=force)
        elif name == pair.joints[0]:
            tendon = ElementTree.SubElement(tendons, 'fixed', name=pair.name)
            for joint in pair.joints:
                ElementTree.SubElement(tendon, 'joint', joint=joint, coef='1')
            span = tuple(sum(ends) for ends in zip(*(limits[j] for j in pair.joints)))
            ElementTree.SubElement(
                actuators, 'position', name=pair.name, tendon=pair.name, kp=str(stiffness),
                ctrlrange=_numbers(span), forcerange=force)
