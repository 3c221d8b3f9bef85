# SPDX-License-Identifier: Apache-2.0
"""One unit of work: one object, one scale, one seed."""

from __future__ import annotations

from dataclasses import dataclass
import hashlib

from dexlite_ros.hand.known_hands import DEFAULT_HAND
from dexlite_ros.offline.generation.expansion import Parents
from dexlite_ros.offline.objects.sources import Target

SYNTHESIS, EXPANSION = 'synthesis', 'expansion'


def scale_text(scale: float) -> str:
    """Return a scale as written in names and keys, unaffected by single precision."""
    return f'{scale:g}'


@dataclass(frozen=True)
class GenerationTask:
    """Grasps of one object at one scale, from one seed; the same task gives the same grasps."""

    target: Target
    scale: float
    seed: int
    candidates: int
    """Number of initial candidates."""
    grasps: int
    """Maximum number of grasps to judge."""
    device: str = 'cpu'
    parents: Parents | None = None
    """Grasps to expand; None: synthesis."""
    network: str = ''
    """Path of the weights that decode parents at other points; empty: move them rigidly."""
    model_id: str = ''
    """Expected model identifier of these weights."""
    hand: str = DEFAULT_HAND
    """Name of the hand, or path of its profile."""
    digest: str = ''
    """Digest of the mesh if the dataset already has the object; empty: also return the object."""

    @property
    def mode(self) -> str:
        """How grasps are proposed: 'synthesis', or 'expansion:' with network and parents."""
        if self.parents is None:
            return SYNTHESIS
        by = f'{self.model_id}:' if self.network else ''
        return f'{EXPANSION}:{by}{self.parents.source}'

    @property
    def name(self) -> str:
        """Return a name unique among the tasks of the object."""
        mode = self.mode.replace(':', '_')
        return f'{mode}_scale_{scale_text(self.scale)}_seed_{self.seed}'

    @property
    def random_seed(self) -> int:
        """Seed of all its random numbers; depends only on the task itself."""
        text = f'{self.target.name}/{self.name}'
        return int(hashlib.sha256(text.encode()).hexdigest()[:7], 16)
