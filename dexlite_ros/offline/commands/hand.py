# SPDX-License-Identifier: Apache-2.0
"""``dexlite hand``: a hand as a model file for simulators and robot_state_publisher."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from dexlite_ros.files import replaced
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.hand.urdf import write_urdf
from dexlite_ros.offline.commands.command_line import parse, refuse
from dexlite_ros.offline.commands.ranges import POSITIVE


@dataclass(frozen=True, kw_only=True)
class Hand:
    """
    Write a hand as MJCF, URDF, profile or picture; units are SI.

    ``dexlite hand import --help`` tells how a robot description becomes a profile.
    """

    hand: str = DEFAULT_HAND
    """Name of a hand, or path of a hand profile (.yaml)."""
    mjcf: Path | None = None
    """Write a MuJoCo model here."""
    urdf: Path | None = None
    """Write a URDF here, and its meshes into '<name>_meshes' next to it."""
    mesh_prefix: str = ''
    """What the paths of the meshes begin with in the URDF, such as package://my_hand/urdf; empty:
    they are relative to the URDF's folder. RViz needs package:// or file://."""
    picture: Path | None = None
    """Write a PNG of the axes of the palm link, and of the contact regions, here."""
    profile: Path | None = None
    """Write all that is known of the hand here, as YAML that can be edited and planned with."""
    stiffness: Annotated[float, POSITIVE] = 5.0
    """Gain of the MuJoCo position actuators [N m/rad]."""
    free_joints: bool = False
    """Leave the mimic tags that couple J1 to J2 out of the URDF."""


def main(argv: list[str]) -> int:
    """Run ``dexlite hand``, or ``dexlite hand import``."""
    if argv[:1] == ['import']:
        from dexlite_ros.offline.commands.hand_import import main as import_main

        return import_main(argv[1:])
    options = parse(Hand, 'dexlite hand', argv)
    if not any((options.mjcf, options.urdf, options.picture, options.profile)):
        refuse(
            'dexlite hand', 'nothing to write: give --mjcf, --urdf, --picture or --profile FILE')
    hand = find_hand(options.hand)
    if options.mjcf is not None:
        with replaced(options.mjcf) as temporary:
            temporary.write_text(write_mjcf(hand, stiffness=options.stiffness))
        print(options.mjcf)
    if options.urdf is not None:
        print(write_urdf(
            hand, options.urdf, coupled=not options.free_joints,
            mesh_prefix=options.mesh_prefix))
    if options.profile is not None:
        from dexlite_ros.hand.profile import write_hand

        print(write_hand(hand, options.profile))
    if options.picture is not None:
        from dexlite_ros.output.hand_picture import render_hand

        print(render_hand(options.picture, hand.name))
    return 0
