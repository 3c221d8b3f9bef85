# SPDX-License-Identifier: Apache-2.0
"""``dexlite import`` and ``dexlite export``: convert plan files to and from other formats."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
import sys
from typing import Annotated

import tyro

from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.hand.known_hands import DEFAULT_HAND
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.ranges import POSITIVE
from dexlite_ros.offline.formats import exchange
from dexlite_ros.output.plan_file import GraspSet, read_grasps, write_grasps


@dataclass(frozen=True, kw_only=True)
class Import:
    """
    Read grasps of other projects and write plan files.

    Each object and scale gets one file: OUTPUT/OBJECT/scale_S.json. Files that cannot be read are
    named and left out; the exit code is 1 when there is no other.
    """

    source: tyro.conf.Positional[Path]
    """A .npy file, or a folder of .npy files."""
    format: exchange.Format
    """Format of the source."""
    output: Path
    """Folder for the plan files."""
    hand: str = DEFAULT_HAND
    """Hand that the grasps are for, which the files do not say. DexGraspBench: shadow_right,
    allegro_right or leap_right; DexGraspNet: shadow_right."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """
    Write the grasps of plan files for other projects.

    DexGraspBench: OUTPUT/OBJECT/scale<100 S>_pose000/<rank>.npy, for the right Shadow, Allegro or
    LEAP Hand. DexGraspNet: OUTPUT/OBJECT.npy, the grasp stage only, for the right Shadow Hand.
    """

    grasps: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar='FILE [FILE ...]')]
    """Plan files (JSON) of one object."""
    format: exchange.Format
    """Format to write."""
    output: Path
    """Folder to write to."""
    name: Annotated[str, tyro.conf.arg(name='object')] = ''
    """Name of the object in the output; empty: that of the plan file."""
    scale: Annotated[float | None, POSITIVE] = None
    """Factor that converts its mesh to metres; None: that of the plan file, else 1."""


def import_main(argv: list[str]) -> int:
    """Run ``dexlite import``; the exit code is 1 only when nothing could be read."""
    options = parse(Import, 'dexlite import', argv)
    skipped: list[FileError] = []
    try:
        sets = exchange.read(options.format, options.source, skipped.append, options.hand)
    finally:
        for error in skipped:
            print(f'left out: {error}', file=sys.stderr)
        if skipped:
            print(f'left out: {len(skipped)} in all', file=sys.stderr)
    for grasp_set in sets:
        path = options.output / grasp_set.name / f'scale_{grasp_set.scale:g}.json'
        print(f'{len(grasp_set.grasps):5d} grasps: {write_grasps(grasp_set, path)}')
    return 0


def export_main(argv: list[str]) -> int:
    """Run ``dexlite export``."""
    options = parse(Export, 'dexlite export', argv)
    sets = [_read(path, options) for path in options.grasps]
    paths = exchange.write(options.format, sets, options.output)
    print(f'{sum(len(each.grasps) for each in sets)} grasps in {len(paths)} files below '
          f'{options.output}')
    return 0


def _read(path: Path, options: Export) -> GraspSet:
    """Return the grasps of a plan file, with name and scale overridden by the options."""
    found = read_grasps(path)
    name = options.name or found.name
    if not name:
        raise InvalidRequest('object', '', f'a name: {path} does not say which object it is')
    return replace(found, name=name, scale=found.scale if options.scale is None else options.scale)
