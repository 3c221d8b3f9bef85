# SPDX-License-Identifier: Apache-2.0
"""What is generated for each object."""

from __future__ import annotations

from dataclasses import dataclass
import math
from pathlib import Path

from dexlite_ros import __version__
from dexlite_ros.errors import InvalidRequest
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.network.checkpoint import read_checkpoint
from dexlite_ros.offline.generation.candidates import generation_settings, REFINED
from dexlite_ros.offline.generation.judged import JUDGES
from dexlite_ros.offline.generation.task import scale_text
from dexlite_ros.offline.physics.judge import find_test
from dexlite_ros.offline.provenance import fingerprint
from dexlite_ros.ranking.success_model import SuccessModel

Settings = dict[str, int | str | None]


@dataclass(frozen=True)
class GenerationRequest:
    """Scales and seeds of every object, and how grasps are proposed."""

    scales: tuple[float, ...] = (1.0,)
    """Scale factors applied to each object."""
    seed: int = 0
    """The first seed."""
    seeds: int = 1
    """Number of seeds."""
    candidates: int = 512
    """Initial candidates per object, scale and seed."""
    grasps: int = 40
    """Maximum of judged grasps per object, scale and seed."""
    expand: Path | None = None
    """Dataset whose grasps that held are expanded; None: start from scratch."""
    hand: str = DEFAULT_HAND
    """Name of the hand, or path of its profile."""
    network: str = ''
    """Path of the weights that decode old grasps at other points; empty: move them rigidly."""

    def __post_init__(self) -> None:
        check_whole('seed', self.seed, 0, 10**9)
        check_whole('seeds', self.seeds, 1, 10**6)
        check_whole('candidates', self.candidates, 1, 10**6)
        check_whole('grasps', self.grasps, 1, REFINED)
        texts = {scale_text(scale) for scale in self.scales}
        positive = all(0 < scale < math.inf for scale in self.scales)
        if not positive or len(texts) < len(self.scales):
            raise InvalidRequest('scales', self.scales, 'different positive numbers')
        if self.network and not self.expand:
            raise InvalidRequest('network', self.network, 'a dataset to --expand as well')

    def all_seeds(self) -> range:
        """Return every seed."""
        return range(self.seed, self.seed + self.seeds)

    def settings(self) -> Settings:
        """Return the settings that all grasps of a dataset must share, as plain data."""
        hand = find_hand(self.hand)
        model = SuccessModel.of(hand)
        planned = generation_settings('network' if self.network else 'hull')
        return {
            'hand': hand.name,
            'candidates': self.candidates,
            'grasps': self.grasps,
            'settings': fingerprint(
                __version__, planned, model.digest,
                [(name, find_test(test).key()) for name, test in JUDGES.items()]),
            'network': (
                read_checkpoint(self.network, hand).model_id if self.network else None)}


def check_whole(name: str, value: int | None, least: int, most: int) -> None:
    """
    Check that a number is in its range; None, an option not given, is accepted.

    :raises InvalidRequest: when it is out of range
    """
    if value is not None and not least <= value <= most:
        raise InvalidRequest(name, value, f'a whole number from {least} to {most}')
