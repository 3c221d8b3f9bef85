# SPDX-License-Identifier: Apache-2.0
"""The question of an evaluation: every setting on which the figures of a cell depend."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from dexlite_ros import __version__
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.offline.evaluation.grasp_source import GraspSource, source_key
from dexlite_ros.offline.objects.measured_cloud import Setup, View
from dexlite_ros.offline.physics.closing_choice import Closing, USUAL_CLOSING
from dexlite_ros.offline.physics.judge import Conditions, find_test, TestName
from dexlite_ros.offline.planner_choice import PlannerChoice
from dexlite_ros.offline.provenance import claim, fingerprint
from dexlite_ros.offline.scenes.sight import Scene, Viewing
from dexlite_ros.ranking.success_model import SuccessModel

BUILTIN = 'builtin'
"""Stands in place of a folder for six shapes generated on demand."""


@dataclass(frozen=True)
class Question:
    """How often grasps hold, for given objects, source, views and tests."""

    objects: str
    """Source of objects, or BUILTIN; of no use with recorded scenes."""
    split: str | None
    """Split in the manifest; None: all."""
    tier: str | None
    """Tier in the manifest; None: all."""
    source: GraspSource
    views: View
    support: bool
    """Whether the planner knows the table, with one camera."""
    points: int
    """Number of points of a full cloud."""
    noise: float
    """Standard deviation per coordinate, or along the camera rays [m]."""
    max_grasps: int
    """Grasps per plan, best first."""
    tests: tuple[TestName, ...]
    device: str
    """One of auto, cpu, cuda, cuda:N."""
    scene: Scene | None = None
    """Scenes on a table, in place of views, support, points and noise."""
    # Not in ``repr``, so that the usual closing changes no key.
    closing: Closing = field(default=USUAL_CLOSING, repr=False)
    """How the hand closes when it is judged."""

    def __post_init__(self) -> None:
        if self.max_grasps < 1:
            raise InvalidRequest('max-grasps', self.max_grasps, '1 or more')
        steps = self.source.unranked if isinstance(self.source, PlannerChoice) else None
        if steps is not None and (self.scene or self.views == 'single' and self.support):
            raise InvalidRequest(
                'unranked', steps, '--no-table: near a table, proposals are filtered')
        if self.scene and isinstance(self.source, Path):
            raise InvalidRequest(
                'planner', str(self.source), 'a planner: imported grasps are for no scene')

    def viewing(self, seed: int) -> Viewing:
        """Return how objects are seen, for one seed."""
        if self.scene:
            return replace(self.scene, seed=seed)
        return Setup(self.views, self.points, self.noise, self.support, seed)

    def key(self) -> str:
        """Return a short hash, which also covers the release and the success model."""
        hand = DEFAULT_HAND if isinstance(self.source, Path) else self.source.hand
        model = SuccessModel.of(find_hand(hand))
        return fingerprint(
            __version__, self, [
                (name, find_test(name).under(Conditions(closing=self.closing)).key())
                for name in self.tests],
            *source_key(self.source, self.max_grasps), model.digest)

    def claim(self, folder: Path) -> None:
        """
        Mark a folder as belonging to this question.

        :raises InvalidRequest: when it belongs to another question
        """
        claim(folder / 'cells' / 'question.json', self.key(), asked=repr(self),
              closing=asdict(self.closing))
