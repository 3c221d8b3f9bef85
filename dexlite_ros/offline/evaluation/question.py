"""What an evaluation asks: all that decides a figure of a cell, and so may be continued."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path

from dexlite_ros import __version__
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.files import write_json
from dexlite_ros.offline.evaluation.grasp_source import GraspSource, source_key
from dexlite_ros.offline.objects.measured_cloud import Setup, View
from dexlite_ros.offline.physics.judge import find_test, TestName
from dexlite_ros.offline.planner_choice import PlannerChoice
from dexlite_ros.offline.provenance import fingerprint
from dexlite_ros.ranking.success_model import SuccessModel

BUILTIN = 'builtin'
"""Instead of a folder: six shapes that are made on the spot."""


@dataclass(frozen=True)
class Question:
    """How often do grasps hold? On which objects, found how, seen how, by which tests."""

    objects: str
    """Folder of meshes or with a manifest.csv, or BUILTIN."""
    split: str | None
    """Of the manifest; None: all."""
    tier: str | None
    """Of the manifest; None: all."""
    source: GraspSource
    views: View
    support: bool
    """Whether one camera's planner knows of the table."""
    points: int
    """Of a full cloud."""
    noise: float
    """Of each coordinate, or along the rays of the camera [m]."""
    max_grasps: int
    """Grasps per plan, best first."""
    tests: tuple[TestName, ...]
    device: str
    """One of auto, cpu, cuda, cuda:N."""

    def __post_init__(self) -> None:
        if self.max_grasps < 1:
            raise InvalidRequest('max-grasps', self.max_grasps, '1 or more')
        steps = self.source.unranked if isinstance(self.source, PlannerChoice) else None
        if steps is not None and self.views == 'single' and self.support:
            raise InvalidRequest(
                'unranked', steps, '--no-table: beside a table not all proposals are kept')

    def setup(self, seed: int) -> Setup:
        """Return how clouds are measured for one seed."""
        return Setup(self.views, self.points, self.noise, self.support, seed)

    def key(self) -> str:
        """Return a short name; what the code and the success model are is part of it."""
        model = SuccessModel.read()
        return fingerprint(
            __version__, self, [(name, find_test(name).key()) for name in self.tests],
            *source_key(self.source, self.max_grasps), sorted(model.weights.items()), model.bias)

    def claim(self, folder: Path) -> None:
        """
        Mark a folder as that of this question.

        :raises InvalidRequest: when another question was asked there
        """
        path, key = folder / 'cells' / 'question.json', self.key()
        if not path.exists():
            write_json(path, {'question': key, 'asked': repr(self)})
        elif json.loads(path.read_text())['question'] != key:
            raise InvalidRequest(
                'output', str(folder),
                'a new folder: what is in it was made with other settings or another release')
