# SPDX-License-Identifier: Apache-2.0
"""``dexlite hand import``: a hand profile from MJCF or URDF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.hand.profile import FILE_NAME, write_hand
from dexlite_ros.offline.commands.command_line import parse


@dataclass(frozen=True, kw_only=True)
class HandImport:
    """
    Make a hand profile from a robot description; units are SI.

    What the file does not tell is guessed and printed, and can be edited in the profile.
    """

    file: tyro.conf.Positional[Path]
    """MJCF or URDF; meshes are looked for beside it."""
    palm: str
    """Link whose pose is that of the hand; what lies between it and the world is the arm's."""
    tips: Annotated[tuple[str, ...], tyro.conf.arg(metavar='LINK [LINK ...]')]
    """Links of the fingertips."""
    output: Path
    """Folder for hand.yaml, and for hand.png: the axes of the palm and the contact regions."""
    name: str = ''
    """Name of the hand; empty: that of the file."""
    free_followers: bool = False
    """Plan for joints that follow others by another ratio than 1 as if they were free."""


def main(argv: list[str]) -> int:
    """Run ``dexlite hand import``."""
    options = parse(HandImport, 'dexlite hand import', argv)
    from dexlite_ros.offline.hands.hand_import import import_hand
    from dexlite_ros.output.hand_picture import render_hand

    imported = import_hand(
        options.file, options.palm, options.tips, print, name=options.name,
        free_followers=options.free_followers)
    path = write_hand(imported.hand, options.output / FILE_NAME)
    link = max(imported.errors, key=imported.errors.__getitem__)
    joints = len(imported.hand.joints)
    print(f"{imported.hand.name}: {joints} joints, {len(imported.hand.links)} links; surfaces are "
          f"{1e3 * max(imported.errors.values()):.2f} mm from the meshes in the mean at most "
          f"('{link}')")
    print(path)
    print(render_hand(options.output / 'hand.png', find_hand(str(path)).name))
    return 0
