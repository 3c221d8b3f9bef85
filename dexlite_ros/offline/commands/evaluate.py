# SPDX-License-Identifier: Apache-2.0
"""``dexlite evaluate``: plan on many objects, judge every grasp, write one report."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
import shlex
from typing import Annotated, ClassVar

import tyro

from dexlite_ros.offline.commands.command_line import parse
from dexlite_ros.offline.commands.common_options import (
    Cached,
    Listed,
    OfHand,
    OnDevice,
    Parallel,
    Printed,
)
from dexlite_ros.offline.commands.proposer_options import ProposerOptions
from dexlite_ros.offline.commands.ranges import AT_LEAST_0, AT_LEAST_1, POSITIVE
from dexlite_ros.offline.commands.scene_options import SceneOptions
from dexlite_ros.offline.commands.score_options import ScoreOptions
from dexlite_ros.offline.evaluation.cell_list import Extent
from dexlite_ros.offline.evaluation.evaluation import Evaluation
from dexlite_ros.offline.evaluation.figures import ALL
from dexlite_ros.offline.evaluation.grasp_source import grasp_source
from dexlite_ros.offline.evaluation.question import Question
from dexlite_ros.offline.evaluation.report import markdown
from dexlite_ros.offline.objects.measured_cloud import Setup, View
from dexlite_ros.offline.physics.closing_choice import Closing, ClosingWay, Wrist
from dexlite_ros.offline.physics.judge import TestName
from dexlite_ros.proposal.network_proposer import TEMPERATURE

USUAL: tuple[TestName, ...] = ('six-forces', 'lift', 'noise')
USUAL_IN_SCENES: tuple[TestName, ...] = ('table-lift',)


@dataclass(frozen=True, kw_only=True)
class Evaluate(
    ProposerOptions, ScoreOptions, SceneOptions, OfHand, Listed, OnDevice, Parallel, Cached,
    Printed,
):
    """
    Plan on clouds of known objects, judge all grasps in MuJoCo, and write a report.

    The output is report.md, report.json, report.png and contact_sheet.png, with scenes also
    surfaces.png. After an interruption, the same command resumes where it stopped.
    """

    without_scenes: ClassVar[tuple[str, ...]] = ('views', 'no_table', 'points', 'noise')
    only: Annotated[
        tuple[str, ...] | None, tyro.conf.arg(metavar='NAME [NAME ...]')] = None
    """Names of the objects to take; None: all."""
    scales: Annotated[tuple[float, ...], POSITIVE, tyro.conf.arg(metavar='S [S ...]')] = (1.0,)
    """Factors that convert the meshes to metres."""
    planner: str = 'default'
    """The preset default or dexlite, or a folder written by dexlite import, whose grasps are
    judged instead."""
    temperature: Annotated[float, AT_LEAST_0] = TEMPERATURE
    """Standard deviation of the network's latent codes; it was trained with 1."""
    unranked: Annotated[int | None, tyro.conf.arg(metavar='STEPS')] = None
    """Judge all --max-grasps proposals after this many refinement steps, without filtering;
    None: judge refined, filtered and ranked grasps."""
    oracle: bool = False
    """In scenes: plan on the true mesh and table instead of the object's cloud."""
    views: View = 'full'
    """Clouds seen from all sides, or from one camera above a table."""
    no_table: bool = False
    """One camera: plan without the table, as if the object floated."""
    points: Annotated[int, AT_LEAST_1] = 2048
    """Points of a full cloud."""
    noise: Annotated[float | None, AT_LEAST_0] = None
    """Standard deviation per coordinate, or along the camera rays [m];
    None: 0 for full, 0.001 for single."""
    seeds: int = 1
    """Plans per object."""
    max_grasps: int | None = None
    """Grasps per plan, best first; None: 20, or all if imported."""
    tests: Annotated[
        tuple[TestName, ...] | None, tyro.conf.arg(metavar='TEST [TEST ...]')] = None
    """Some of six-forces, six-torques, lift, noise, mild, low-friction, uneven-j0, own-motors,
    six-forces-quick, noise-quick, mild-quick, lift-quick, table-lift, table-lift-noise,
    table-lift-mild; 'dexlite validate --help' explains them. None: table-lift in scenes, else
    six-forces, lift and noise."""
    closing: ClosingWay = 'straight'
    """How the judge's hand closes: straight from stage to stage; touch: from the grasp slowly,
    each finger until its joints are held back; stop: also before, when its tip feels contact."""
    wrist: Wrist = 'stiff'
    """How its wrist is held meanwhile; soft: by springs, as by an arm in impedance control."""
    output: Path
    """Folder for the results."""

    def question(self) -> Question:
        """Return the question that the evaluation answers."""
        source = grasp_source(
            self.planner, self.known_hand(), self.known_method(), self.weights, self.temperature,
            self.unranked, self.backend, self.conditions(), self.set or ())
        scene = self.viewed_scene(self.oracle)
        usual = ALL if isinstance(source, Path) else 20
        return Question(
            objects=self.objects, split=self.split, tier=self.tier, source=source,
            views=self.views, support=not self.no_table, points=self.points,
            noise=Setup.usual_noise(self.views) if self.noise is None else self.noise,
            max_grasps=usual if self.max_grasps is None else self.max_grasps,
            tests=self.tests or (USUAL_IN_SCENES if scene else USUAL),
            device=self.device, scene=scene, closing=Closing(self.closing, self.wrist))


def main(argv: list[str]) -> int:
    """Run ``dexlite evaluate``."""
    options = parse(Evaluate, 'dexlite evaluate', argv)
    options.choose_cache()
    extent = Extent(options.only, options.limit, options.scales, options.seeds)
    evaluation = Evaluation.run(
        options.question(), extent, options.output, options.workers, options.time_limit)
    figures = evaluation.report(shlex.join(['dexlite', 'evaluate', *argv]), options.workers)
    sheets = evaluation.contact_sheet(), evaluation.surface_sheet()
    print(json.dumps(figures, allow_nan=False) if options.json else markdown(figures))
    if not options.json:
        pictures = ''.join(f', pictures: {sheet}' for sheet in sheets if sheet)
        print(f'report: {options.output / "report.md"}{pictures}')
    return 0
