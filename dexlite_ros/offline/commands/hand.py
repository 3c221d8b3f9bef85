"""``dexlite hand``: the hand as a model file for simulators and robot_state_publisher."""

from __future__ import annotations

import argparse
from pathlib import Path

from dexlite_ros.files import replaced
from dexlite_ros.hand.known_hands import HANDS
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.hand.urdf import write_urdf


def parser() -> argparse.ArgumentParser:
    """Return the command line of ``dexlite hand``."""
    parser = argparse.ArgumentParser(
        prog='dexlite hand', description='Write the hand as MJCF, URDF or picture; SI units.')
    parser.add_argument('--hand', choices=sorted(HANDS), default='shadow_right')
    parser.add_argument('--mjcf', type=Path, help='write a MuJoCo model here')
    parser.add_argument(
        '--urdf', type=Path, help="write a URDF here, its meshes into '<name>_meshes' beside it")
    parser.add_argument('--picture', type=Path, help='draw the palm link and its axes here')
    parser.add_argument('--stiffness', type=float, default=5.0,
                        help='gain of the MuJoCo position actuators [N m/rad] (5)')
    parser.add_argument('--free-joints', action='store_true',
                        help='URDF: leave out the mimic tags that couple J1 to J2')
    return parser


def main(argv: list[str]) -> int:
    """Run ``dexlite hand``."""
    command = parser()
    args = command.parse_args(argv)
    if args.mjcf is None and args.urdf is None and args.picture is None:
        command.error('nothing to write: give --mjcf, --urdf or --picture FILE')
    hand = HANDS[args.hand]
    if args.mjcf is not None:
        with replaced(args.mjcf) as temporary:
            temporary.write_text(write_mjcf(hand, stiffness=args.stiffness))
        print(args.mjcf)
    if args.urdf is not None:
        print(write_urdf(hand, args.urdf, coupled=not args.free_joints))
    if args.picture is not None:
        from dexlite_ros.output.picture import render_hand

        print(render_hand(args.picture, args.hand))
    return 0
