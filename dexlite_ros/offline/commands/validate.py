# SPDX-License-Identifier: Apache-2.0
"""``dexlite validate``: simulate each grasp and report whether it holds the object."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, fields
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

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.files import plain
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.object.geometry_file import MENDED
from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import Cached, Parallel, Printed
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, FINITE, POSITIVE, Range
from dexlite_ros.offline.objects.mesh_folder import load_pieces, ObjectFile
from dexlite_ros.offline.physics.closing import Verdict
from dexlite_ros.offline.physics.closing_choice import Closing, ClosingWay, Wrist
from dexlite_ros.offline.physics.judge import Conditions, TestName, TESTS, USUAL
from dexlite_ros.offline.physics.pair_judge import NAME as PAIR_TEST
from dexlite_ros.offline.physics.pair_judge import PairTrial
from dexlite_ros.offline.physics.simulation import SimulationSettings
from dexlite_ros.offline.physics.trial import judge_all, Trial
from dexlite_ros.offline.physics.verdict_file import Verdicts, write_verdicts
from dexlite_ros.offline.workers.processes import run_tasks
from dexlite_ros.output.pair_file import holds_pairs, read_pairs
from dexlite_ros.output.plan_file import read_grasps

MASS = Range('a mass from 0.001 to 10 kg', 0.001, 10.0)
USUAL_TEST: tuple[TestName, ...] = ('six-forces',)
FRICTION = Range('a coefficient from 0.01 to 5', 0.01, 5.0)


@dataclass(frozen=True, kw_only=True)
class Validate(Parallel, Cached, Printed):
    """Simulate grasps in MuJoCo and report which hold; units are SI."""

    grasps: tyro.conf.Positional[Path]
    """Plan file (JSON) written by dexlite plan or dexlite import. With two hands, both lift the
    object from the table by 10 cm, held by springs, and there is no other test."""
    mesh: Annotated[Path, tyro.conf.arg(name='object')]
    """Mesh of the object, in the frame of the grasps (OBJ, STL, PLY, OFF, GLB, GLTF, DAE)."""
    scale: Annotated[float | None, POSITIVE] = None
    """Factor that converts the mesh to metres; None: that of the plan file, else 1."""
    test: Annotated[tuple[TestName, ...], tyro.conf.arg(metavar='TEST [TEST ...]')] = (
        USUAL_TEST)
    """Tests to run; see above."""
    mass: Annotated[float | None, MASS] = None
    """Mass of the object, 0.001 to 10 kg; forces and torques are proportional to it.
    None: 0.1 kg; with two hands, what the plan is for."""
    friction: Annotated[float | None, FRICTION] = None
    """Friction coefficient of every contact, 0.01 to 5; None: 0.6, in low-friction 0.3."""
    closing: ClosingWay = 'straight'
    """How the hand closes: straight from stage to stage; touch: from the grasp slowly, each
    finger until its joints are held back; stop: also before, when its tip feels contact."""
    wrist: Wrist = 'stiff'
    """How its wrist is held meanwhile; soft: by springs, as by an arm in impedance control."""
    table: Annotated[float | None, FINITE] = None
    """Height of the table in the test lift [m]; None: no table; with two hands, where the object
    is lowest."""
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
    if holds_pairs(options.grasps):
        return _validate_pairs(options)
    grasp_set = read_grasps(options.grasps)
    mesh, pieces = _load(
        options, grasp_set.scale if options.scale is None else options.scale)
    trial = Trial(
        grasp_set, pieces, options.test, options.table, options.seed,
        Conditions(options.mass, options.friction, Closing(options.closing, options.wrist)))
    _show(options, trial, mesh)
    verdicts = judge_all(trial, options.workers, options.output, options.time_limit)
    if options.json:
        _print_json(verdicts, trial.worlds())
    else:
        print(_table(verdicts, '' if trial.conditions == USUAL else (
            ', closing {way}, wrist {wrist}'.format(**vars(trial.conditions.closing))),
            {} if trial.conditions == USUAL else trial.worlds()))
    return 0


def _validate_pairs(options: Validate) -> int:
    """Judge a plan of two hands."""
    usual = {each.name: each.default for each in fields(options)}
    for name in ('test', 'closing', 'wrist', 'picture', 'video'):
        if getattr(options, name) != usual[name]:
            raise InvalidRequest(
                name, getattr(options, name), 'nothing for a plan of two hands: it has one test')
    pairs = read_pairs(options.grasps)
    _, pieces = _load(options, 1.0 if options.scale is None else options.scale)
    simulation = SimulationSettings(
        mass=pairs.mass if options.mass is None else options.mass,
        **({} if options.friction is None else {'friction': options.friction}))
    trial = PairTrial(
        (find_hand(pairs.first.hand), find_hand(pairs.second.hand)), pieces, simulation,
        options.table)
    grasps = pairs.first.grasps, pairs.second.grasps
    verdicts, worlds = {PAIR_TEST: trial.judge(grasps)}, {PAIR_TEST: trial.world()}
    if options.output:
        rows: Verdicts = {name: list(row) for name, row in verdicts.items()}
        write_verdicts(options.output, trial.key(grasps), rows, worlds)
    if options.json:
        _print_json(verdicts, worlds)
    else:
        print(_table(verdicts, '', worlds))
    return 0


def _print_json(
    verdicts: dict[str, list[Verdict]], worlds: dict[str, dict[str, float]]
) -> None:
    rows = {name: [plain(asdict(each)) for each in row] for name, row in verdicts.items()}
    print(json.dumps({'worlds': worlds, 'tests': rows}, allow_nan=False))


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


def _table(
    verdicts: dict[str, list[Verdict]], closing: str, worlds: dict[str, dict[str, float]]
) -> str:
    """
    Return a line for each grasp, and one for each test.

    :param closing: how the hand closes, where it is not the usual way
    :param worlds: mass and friction in each test; empty: the usual ones
    """
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
                '; {mass:g} kg, friction {friction:g}'.format(**worlds[name]) + closing
                if worlds else ''))
    return '\n'.join(lines)
