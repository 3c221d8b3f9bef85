# SPDX-License-Identifier: Apache-2.0
"""The hands that can be planned for: those of the package by name, others from their files."""

from __future__ import annotations

import os
from pathlib import Path

from dexlite_ros.errors import FileError, UnsupportedHand
from dexlite_ros.hand.allegro_hand import ALLEGRO_RIGHT
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.leap_hand import LEAP_RIGHT
from dexlite_ros.hand.shadow_hand import SHADOW_LEFT, SHADOW_RIGHT

DEFAULT_HAND = SHADOW_RIGHT.name
DEFAULT_PAIR = SHADOW_LEFT.name, SHADOW_RIGHT.name
HANDS: dict[str, HandDescription] = {
    hand.name: hand for hand in (SHADOW_RIGHT, SHADOW_LEFT, ALLEGRO_RIGHT, LEAP_RIGHT)}
"""Those of the package, and all that were read from files since."""
OWN_HANDS = tuple(HANDS)
"""Names of those of the package."""
FOLDERS = 'DEXLITE_HANDS'
"""Variable of the environment: folders, separated as in PATH, of NAME.yaml or NAME/hand.yaml."""


def find_hand(name: str) -> HandDescription:
    """
    Return a hand.

    :param name: of a hand of the package, of one that was read before or lies in a folder of the
        variable DEXLITE_HANDS; or the path of a profile (.yaml), or of its folder
    :raises UnsupportedHand: when there is no such hand
    :raises FileError: when a profile cannot be read, or has the name of another hand
    """
    if name in HANDS:
        return HANDS[name]
    path = _profile(name)
    if path is None:
        raise UnsupportedHand(
            name, tuple(HANDS), 'others need the path of their profile (.yaml), or its folder in '
            f'the variable {FOLDERS}')
    # Here, because pydantic takes a while to load and few need it.
    from dexlite_ros.hand.profile import read_hand

    hand = read_hand(path)
    if hand.name in OWN_HANDS and hand != HANDS[hand.name]:
        raise FileError(
            path, f"'name' is '{hand.name}', a hand of the package that differs; choose another")
    if hand.name != name and path != Path(name):
        raise FileError(path, f"'name' is '{hand.name}'; expected '{name}', by which it was found")
    HANDS[hand.name] = hand
    return hand


def from_anywhere(name: str) -> str:
    """
    Return what ``find_hand`` understands in every folder and process.

    :param name: as for ``find_hand``; the hand is read, so that errors come early
    :return: the absolute path if it is the path of a profile, else the name itself
    """
    known = name in HANDS
    find_hand(name)
    path = None if known else _profile(name)
    return name if path != Path(name) else str(path.resolve())


def _profile(name: str) -> Path | None:
    """Return the path of a profile that is meant by a name; None: there is none."""
    if name.endswith(('.yaml', '.yml')) or (name and Path(name).is_dir()):
        return Path(name)
    if os.sep in name or not name:
        return None
    for folder in filter(None, os.environ.get(FOLDERS, '').split(os.pathsep)):
        for path in (Path(folder, f'{name}.yaml'), Path(folder, name, 'hand.yaml')):
            if path.is_file():
                return path
    return None
