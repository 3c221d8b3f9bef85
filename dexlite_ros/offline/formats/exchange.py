# SPDX-License-Identifier: Apache-2.0
"""Convert grasps from and to the files of other projects, selected by format name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.known_hands import DEFAULT_HAND
from dexlite_ros.offline.formats import dexgraspbench, dexgraspnet
from dexlite_ros.offline.formats.skipping import Skip
from dexlite_ros.output.plan_file import GraspSet

Format = Literal['dexgraspbench', 'dexgraspnet']


def read(
    format_name: Format, source: Path, skip: Skip | None = None, hand: str = DEFAULT_HAND
) -> list[GraspSet]:
    """
    Return the grasps in files of another project, one set per object and scale.

    :param source: a .npy file, or a folder of .npy files
    :param skip: called with the reason for each file or grasp that is left out; None: such a file
        is an error
    :param hand: name of the hand that the files are for; they do not say it
    :raises FileError: when nothing can be read
    :raises UnsupportedHand: for a hand that the format has no place for
    """
    if format_name == 'dexgraspbench':
        return dexgraspbench.read(source, skip, hand)
    dexgraspnet.check_hand(hand)
    return dexgraspnet.read(source, skip)


def write(format_name: Format, sets: Sequence[GraspSet], folder: Path) -> list[Path]:
    """
    Write sets in another project's format and return the paths.

    :raises InvalidRequest: for sets of several objects, if a file of the format holds only one
    :raises UnsupportedHand: for a hand that the format has no place for
    """
    if format_name == 'dexgraspbench':
        return [path for each in sets for path in dexgraspbench.write(each, folder)]
    names = {each.name for each in sets}
    if len(names) > 1:
        raise InvalidRequest('grasps', sorted(names), 'plan files of one object')
    return [dexgraspnet.write(list(sets), folder / f'{sets[0].name}.npy')]
