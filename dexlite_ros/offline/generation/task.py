"""What one piece of work is: one object, one scale, one seed."""

from __future__ import annotations

from dataclasses import dataclass
import hashlib

from dexlite_ros.hand.known_hands import DEFAULT_HAND
from dexlite_ros.offline.generation.expansion import Parents
from dexlite_ros.offline.objects.sources import Target

HAND = DEFAULT_HAND
SYNTHESIS, EXPANSION = 'synthesis', 'expansion'


def scale_text(scale: float) -> str:
    """Return a scale as names and keys have it; single precision does not change it."""
    return f'{scale:g}'


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
    network: str = ''
    """Path of the weights that decode parents about other points; empty: they are carried."""
    model_id: str = ''
    """What these weights have to be."""
    digest: str = ''
    """Of the object's mesh, where grasps of it are kept already; empty: return the object, too."""

    @property
    def mode(self) -> str:
        """How grasps are proposed: 'synthesis', or 'expansion:', by whom, of which parents."""
        if self.parents is None:
            return SYNTHESIS
        by = f'{self.model_id}:' if self.network else ''
        return f'{EXPANSION}:{by}{self.parents.source}'

    @property
    def name(self) -> str:
        """A name that no other task of the object has."""
        mode = self.mode.replace(':', '_')
        return f'{mode}_scale_{scale_text(self.scale)}_seed_{self.seed}'

    @property
    def random_seed(self) -> int:
        """Where all its random numbers come from; depends on nothing but what it is."""
        text = f'{self.target.name}/{self.name}'
        return int(hashlib.sha256(text.encode()).hexdigest()[:7], 16)
