"""What one piece of work is: one object, one scale, one seed."""

from __future__ import annotations

from dataclasses import dataclass
import hashlib
from typing import Literal

from dexlite_ros.offline.generation.expansion import Parents
from dexlite_ros.offline.object_source import Target

Mode = Literal['synthesis', 'expansion']


@dataclass(frozen=True)
class GenerationTask:
    """Grasps of one object at one scale, from one seed; the same task gives the same grasps."""

    target: Target
    scale: float
    seed: int
    candidates: int
    """How many to start from."""
    grasps: int
    """How many to judge, at most."""
    device: str = 'cpu'
    parents: Parents | None = None
    """For expansion; None: synthesis."""
    describe: bool = False
    """Also return the object itself."""

    @property
    def mode(self) -> Mode:
        """How grasps are proposed."""
        return 'synthesis' if self.parents is None else 'expansion'

    @property
    def name(self) -> str:
        """A name that no other task of the object has."""
        return f'{self.mode}_scale_{self.scale:g}_seed_{self.seed}'

    @property
    def random_seed(self) -> int:
        """Where all its random numbers come from; depends on nothing but what it is."""
        text = f'{self.target.name}/{self.name}'
        return int(hashlib.sha256(text.encode()).hexdigest()[:7], 16)
