# SPDX-License-Identifier: Apache-2.0
"""One unit of work: the grasps of one object in one scene."""

from __future__ import annotations

from dataclasses import dataclass
import hashlib

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.known_hands import DEFAULT_HAND
from dexlite_ros.offline.generation.task import scale_text
from dexlite_ros.offline.labels.scene_choice import SceneChoice
from dexlite_ros.offline.objects.sources import Target


@dataclass(frozen=True)
class Effort:
    """How many grasps of a scene are judged, and how often."""

    grasps: int = 100
    """Largest number of candidates that are judged; the plan's own are among them."""
    perturbed: int = 16
    """Number of these that are judged with the wrist perturbed and with little friction, too."""
    wrists: int = 4
    """Number of perturbed wrists of each of them, at each level."""
    near_misses: int = 4
    """Largest number of copies of grasps that held, moved a little."""

    def __post_init__(self) -> None:
        for name, least in (('grasps', 1), ('perturbed', 0)):
            if getattr(self, name) < least:
                raise InvalidRequest(name, getattr(self, name), f'{least} or more')


@dataclass(frozen=True)
class LabelTask:
    """One scene; the same task gives the same labels."""

    target: Target
    source: str
    """Source of the object, as ``find_objects`` understands it."""
    scale: float
    scene: SceneChoice
    seed: int
    effort: Effort
    hand: str = DEFAULT_HAND
    """Name of the hand, or path of its profile."""
    neighbours: tuple[tuple[Target, str], ...] = ()
    """Objects that stand beside it, each with its source."""

    @property
    def name(self) -> str:
        """Return a name unique among the tasks of the object."""
        return f'{self.scene.name}_scale_{scale_text(self.scale)}_seed_{self.seed}'

    @property
    def key(self) -> str:
        """Return a name unique among all tasks."""
        return f'{self.target.name}/{self.name}'

    @property
    def random_seed(self) -> int:
        """Seed of the scene, the plan and all choices; depends only on the task itself."""
        return int(hashlib.sha256(self.key.encode()).hexdigest()[:7], 16)
