# SPDX-License-Identifier: Apache-2.0
"""Sources of candidates by name: the network, starts around the hull, or all together."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Protocol

import torch

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.mirroring import mirrored_grasps, mirrored_points, original
from dexlite_ros.network.checkpoint import hand_of, read_checkpoint, WEIGHTS
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.proposal.hull_proposer import HullProposer
from dexlite_ros.proposal.network_proposer import NetworkProposer, TEMPERATURE
from dexlite_ros.proposal.opposite_proposer import OppositeProposer

Method = Literal['network', 'hull', 'both']
METHODS: tuple[Method, ...] = ('network', 'hull', 'both')
DEFAULT_METHOD: Method = 'both'
MethodName = Literal[Method, 'optimise']
"""A method, or its name in release 0.1, which the next release will no longer accept."""
OLD_NAMES: dict[str, Method] = {'optimise': 'hull'}
"""Names of release 0.1, which the next release will no longer accept."""


OPPOSITE_SHARE = 0.5
"""Largest share of the starts around the hull that pairs of opposite points usually replace."""


class Proposer(Protocol):
    """Anything that can propose grasps for an object."""

    model_id: str

    def propose(
        self, surface: ObjectSurface, count: int, generator: torch.Generator
    ) -> GraspBatch:
        """Return ``count`` grasps in the frame of the surface, on the CPU."""


class AlternatingProposer:
    """Takes proposals from two proposers in alternation."""

    def __init__(self, first: Proposer, second: Proposer) -> None:
        self._parts = first, second
        self.model_id = f'{first.model_id}+{second.model_id}'

    def propose(
        self, surface: ObjectSurface, count: int, generator: torch.Generator
    ) -> GraspBatch:
        """Return ``count`` grasps in the frame of the surface, on the CPU."""
        half = (count + 1) // 2
        both = GraspBatch.cat([part.propose(surface, half, generator) for part in self._parts])
        order = torch.arange(2 * half).view(2, half).T.flatten()
        return both[order[:count]]


class PartlyOpposite:
    """Takes a share of the proposals from pairs of opposite points, where there are any."""

    def __init__(
        self, others: Proposer, opposite: Proposer, share: float = OPPOSITE_SHARE
    ) -> None:
        self._others, self._opposite, self._share = others, opposite, share
        self.model_id = f'{others.model_id}+{opposite.model_id}'

    def propose(
        self, surface: ObjectSurface, count: int, generator: torch.Generator
    ) -> GraspBatch:
        """Return ``count`` grasps in the frame of the surface, on the CPU, in random order."""
        wanted = int(self._share * count)
        found = self._opposite.propose(surface, wanted, generator)
        others = self._others.propose(surface, count - len(found), generator)
        order = torch.randperm(count, generator=generator)
        return GraspBatch.cat([found, others])[order]


class MirroredProposer:
    """Shows the mirror image of an object to a proposer, and mirrors what it proposes."""

    def __init__(self, proposer: Proposer) -> None:
        """
        Wrap a proposer.

        :param proposer: of the hand that another one is the mirror image of
        """
        self._proposer = proposer
        self.model_id = f'mirrored:{proposer.model_id}'

    def propose(
        self, surface: ObjectSurface, count: int, generator: torch.Generator
    ) -> GraspBatch:
        """Return ``count`` grasps of the mirror image in the frame of the surface, on the CPU."""
        # The opposite order keeps faces counter-clockwise seen from outside.
        image = replace(
            surface, vertices=mirrored_points(surface.vertices),
            faces=surface.faces[:, ::-1].copy())
        return mirrored_grasps(self._proposer.propose(image, count, generator))


def find_method(name: str) -> Method:
    """
    Return the method of that name; old names are accepted.

    :raises InvalidRequest: when there is no such method
    """
    for method in METHODS:
        if OLD_NAMES.get(name, name) == method:
            return method
    raise InvalidRequest('method', name, f'one of {", ".join(METHODS)}')


def make_proposer(
    method: Method,
    weights: str,
    kinematics: HandKinematics,
    device: torch.device,
    temperature: float = TEMPERATURE,
    opposite_share: float = OPPOSITE_SHARE,
) -> Proposer:
    """
    Return the proposer of a method.

    A mirror image takes the proposals of its original on the mirror image of the object, unless
    the weights are its own. 'both' does without the network for a hand that has none.

    :param weights: path of the network's weights; empty: those that come with the package
    :param device: device of the network
    :param temperature: standard deviation of the network's latent codes
    :param opposite_share: of the other starts, at most, from pairs of opposite points
    :raises ModelError: when the network is needed, and its weights are missing or do not fit
    """
    hand = kinematics.description
    if hand.mirror_of is not None and (
            method == 'hull' or not weights or hand_of(weights) != hand.name):
        return MirroredProposer(make_proposer(
            method, weights, HandKinematics(original(hand)), device, temperature, opposite_share))
    if method == 'hull':
        return HullProposer(kinematics)
    own = WEIGHTS / f'{hand.name}.safetensors'
    starts = PartlyOpposite(
        HullProposer(kinematics), OppositeProposer(kinematics), opposite_share)
    if method == 'both' and not weights and not own.is_file():
        return starts
    checkpoint = read_checkpoint(weights or own, hand)
    network = NetworkProposer(kinematics, checkpoint, device, temperature)
    return network if method == 'network' else AlternatingProposer(network, starts)
