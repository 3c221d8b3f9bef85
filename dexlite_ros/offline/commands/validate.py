# SPDX-License-Identifier: Apache-2.0
"""``dexlite validate``: simulate each grasp and report whether it holds the object."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from functools import partial
from inspect import getdoc
import json
from pathlib import Path
import sys
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
import trimesh
import tyro

from dexlite_ros.files import plain
from dexlite_ros.object.geometry_file import MENDED
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Cached, Parallel, Printed
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, FINITE, POSITIVE, Range
from dexlite_ros.offline.objects.mesh_folder import load_pieces, ObjectFile
from dexlite_ros.offline.physics.closing import Verdict
from dexlite_ros.offline.physics.closing_choice import Closing, ClosingWay, Wrist
from dexlite_ros.offline.physics.judge import Conditions, TestName, TESTS, USUAL
from dexlite_ros.offline.physics.trial import judge_all, Trial
from dexlite_ros.offline.workers.processes import run_tasks
from dexlite_ros.output.plan_file import read_grasps

MASS = Range('a mass from 0.001 to 10 kg', 0.001, 10.0)
FRICTION = Range('a coefficient from 0.01 to 5', 0.01, 5.0)


@dataclass(frozen=True, kw_only=True)
class Validate(Parallel, Cached, Printed):
    """Simulate grasps in MuJoCo and report which hold; units are SI."""

    grasps: tyro.conf.Positional[Path]
    """Plan file (JSON) written by dexlite plan or dexlite import."""
    mesh: Annotated[Path, tyro.conf.arg(name='object')]
    """Mesh of the object, in the frame of the grasps (OBJ, STL, PLY, OFF, GLB, GLTF, DAE)."""
    scale: Annotated[float | None, POSITIVE] = None
    """Factor that converts the mesh to metres; None: that of the plan file, else 1."""
    test: Annotated[tuple[TestName, ...], tyro.conf.arg(metavar='TEST [TEST ...]')] = (
        'six-forces',)
    """Tests to run; see above."""
    mass: Annotated[float | None, MASS] = None
    """Mass of the object, 0.001 to 10 kg; forces and torques are proportional to it.
    None: 0.1 kg."""
    friction: Annotated[float | None, FRICTION] = None
    """Friction coefficient of every contact, 0.01 to 5; None: 0.6, in low-friction 0.3."""
    closing: ClosingWay = 'straight'
    """How the hand closes: straight from stage to stage; touch: from the grasp slowly, each
    finger until its joints are held back; stop: also before, when its tip feels contact."""
    wrist: Wrist = 'stiff'
    """How its wrist is held meanwhile; soft: by springs, as by an arm in impedance control."""
    table: Annotated[float | None, FINITE] = None
    """Height of the table in the test lift [m]; None: no table."""
    seed: Annotated[int, AT_LEAST_0] = 0
    """Seed of the noise."""
    output: Path | None = None
    """Write the verdicts as JSON here; an existing file is continued."""
    grasp: int = 0
    """Rank of the grasp in picture and video; the best is 0."""
    picture: Path | None = None
    """Write a PNG of the start and the end of the first test here."""
    video: Path | None = None
    """Write a video of the first test here, .mp4 or .gif."""


def main(argv: list[str]) -> int:
    """Run ``dexlite validate``; return 0 once all is judged, regardless of the verdicts."""
    meanings = '\n'.join(f'  {name}: {test.meaning}' for name, test in TESTS.items())
    options = parse(
        Validate, 'dexlite validate', argv, f'{getdoc(Validate)}\n\nTests:\n{meanings}')
    options.choose_cache()
    grasp_set = read_grasps(options.grasps)
    mesh, pieces = _load(
        options, grasp_set.scale if options.scale is None else options.scale)
    trial = Trial(
        grasp_set, pieces, options.test, options.table, options.seed,
        Conditions(options.mass, options.friction, Closing(options.closing, options.wrist)))
    _show(options, trial, mesh)
    verdicts = judge_all(trial, options.workers, options.output, options.time_limit)
    if options.json:
        rows = {name: [plain(asdict(each)) for each in row] for name, row in verdicts.items()}
        print(json.dumps({'worlds': trial.worlds(), 'tests': rows}, allow_nan=False))
    else:
        print(_table(verdicts, trial))
    return 0


def _load(
    options: Validate, scale: float
) -> tuple[trimesh.Trimesh, list[NDArray[np.float64]]]:
    """Return the mesh and its convex pieces; cutting them has the time limit of a task."""
    target = ObjectFile(options.mesh.stem, options.mesh)
    ((_, (mesh, pieces)),) = run_tasks(
        partial(load_pieces, scale=scale), [target], workers=1, unit='object',
        limit=options.time_limit)
    if mesh.metadata[MENDED]:
        print(f'{options.mesh} was mended: {"; ".join(mesh.metadata[MENDED])}', file=sys.stderr)
    return mesh, pieces


def _show(options: Validate, trial: Trial, mesh: trimesh.Trimesh) -> None:
    """Write picture and video of one grasp in the first test."""
    if not (options.picture or options.video):
        return
    from dexlite_ros.offline.physics.filmed_grasp import FilmedGrasp

    filmed = FilmedGrasp.of(trial, mesh, options.grasp)
    if options.picture:
        print(f'picture: {filmed.write_picture(options.picture)}', file=sys.stderr)
    if options.video:
        print(f'video: {filmed.write_film(options.video)}', file=sys.stderr)


def _table(verdicts: dict[str, list[Verdict]], trial: Trial) -> str:
    lines = ['grasp  ' + '  '.join(f'{name:<18}' for name in verdicts)]
    for index, verdict_of_each in enumerate(zip(*verdicts.values())):
        lines.append(f'{index:5d}  ' + '  '.join(
            f'{("+ " if each.passed else "- ") + each.reason:<18}'
            for each in verdict_of_each).rstrip())
    for name, row in verdicts.items():
        passed = sum(each.passed for each in row)
        reasons = Counter(each.reason for each in row if not each.passed)
        why = ', '.join(f'{reason} {count}' for reason, count in reasons.most_common())
        lines.append(
            f'{name}: {passed} of {len(row)} hold ({100 * passed / max(len(row), 1):.1f} %)'
            + (f'; not: {why}' if why else '') + (
                '' if trial.conditions == USUAL else
                '; {mass:g} kg, friction {friction:g}, '.format(**trial.worlds()[name])
                + 'closing {way}, wrist {wrist}'.format(**vars(trial.conditions.closing))))
    return '\n'.join(lines)
