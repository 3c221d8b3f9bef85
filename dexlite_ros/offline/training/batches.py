# SPDX-License-Identifier: Apache-2.0
"""
Batches: a few clouds, many grasps on each, so that every cloud is encoded once.

All random numbers of an epoch derive from the run's seed, the epoch and the process's rank, so a
resumed run gives the same result as an uninterrupted one. Shapes: O clouds, B grasps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.network.cloud_frame import CloudFrames, FrameKind
from dexlite_ros.offline.training.augmentation import augment, Augmentation
from dexlite_ros.offline.training.examples import Examples


@dataclass(frozen=True)
class BatchSettings:
    """How grasps are grouped into batches."""

    grasps: int = 256
    """Grasps per step and process."""
    grasps_per_cloud: int = 32
    """Grasps that share a cloud; 1: each grasp has its own cloud."""
    balanced: bool = True
    """Sample sparsely covered places of an object more often; False: all grasps equally."""


@dataclass(frozen=True)
class Batch:
    """B grasps on O augmented clouds, and on the original objects."""

    points: Tensor
    """(O, P, 3) augmented clouds [m]."""
    frames: CloudFrames
    cloud: Tensor
    """(B,) index of each grasp's cloud."""
    point: Tensor
    """(B,) index of its associated point in the augmented cloud."""
    grasps: GraspBatch
    """(B) grasps in the frame of the augmented cloud."""
    rotation: Tensor
    """(B, 3, 3) rotation from the object's frame to that of the augmented cloud."""
    object: Tensor
    scale: Tensor
    active: Tensor

    def on_object(self, grasps: GraspBatch) -> GraspBatch:
        """Transform grasps (B) from the frame of the augmented cloud to that of the object."""
        return grasps.transformed(self.rotation.mT)


class Batches:
    """The batches of every epoch."""

    def __init__(
        self,
        examples: Examples,
        settings: BatchSettings,
        augmentation: Augmentation,
        num_points: int,
        frame: FrameKind,
    ) -> None:
        self._examples = examples
        self._settings = settings
        self._augmentation = augmentation
        self._num_points = num_points
        self._frame = frame

    def epoch(self, seed: int, epoch: int, rank: int = 0, world: int = 1) -> Iterator[Batch]:
        """
        Yield the batches of an epoch.

        :param rank: rank of this process among ``world``; all get the same number of batches
        :raises InvalidRequest: for more processes than groups of grasps
        """
        schedule = torch.Generator().manual_seed(_mixed(seed, epoch, 0))
        device = self._examples.object.device
        generator = torch.Generator(device).manual_seed(_mixed(seed, epoch, 1 + rank))
        groups = self._groups(schedule)
        if len(groups) < world:
            raise InvalidRequest('processes', world, f'{len(groups)} at most for this dataset')
        mine = groups[rank::world][:len(groups) // world]
        size = max(1, self._settings.grasps // self._settings.grasps_per_cloud)
        for first in range(0, len(mine), size):
            yield self._batch(mine[first:first + size], generator)

    def _groups(self, generator: torch.Generator) -> list[Tensor]:
        """
        Return the groups that share a cloud: indices of grasps of one object at one scale.

        There are enough groups to draw each grasp about once. If balanced, all objects are drawn
        equally often and rare places more often; otherwise, all grasps are drawn equally often.
        """
        settings, examples = self._settings, self._examples
        size = settings.grasps_per_cloud
        lengths = torch.tensor([len(group) for group in examples.groups], dtype=torch.float64)
        total = max(len(lengths), round(len(examples) / size))
        if settings.balanced:
            rounds = torch.cat([
                torch.randperm(len(lengths), generator=generator)
                for _ in range(-(-total // len(lengths)))])
            chosen = rounds[:total]
        else:
            chosen = lengths.multinomial(total, replacement=True, generator=generator)
        groups = []
        for index in chosen.tolist():
            group = examples.groups[index]
            weight = torch.ones(len(group))
            if settings.balanced:
                weight = examples.rarity[group].cpu()
            drawn = weight.multinomial(size, replacement=True, generator=generator)
            groups.append(group[drawn.to(group.device)])
        return groups

    def _batch(self, groups: list[Tensor], generator: torch.Generator) -> Batch:
        examples = self._examples
        rows = torch.cat(groups)
        first = torch.stack([group[0] for group in groups])
        cloud = torch.arange(len(groups), device=rows.device).repeat_interleave(
            torch.tensor([len(group) for group in groups], device=rows.device))
        scale = examples.scale[first]
        augmented = augment(
            examples.points[examples.object[first]] * scale[:, None, None],
            examples.normals[examples.object[first]], self._num_points, self._augmentation,
            generator)
        rotation = augmented.rotation[cloud]
        place = examples.points[examples.object[rows], examples.point[rows]]
        place = (rotation @ (place * examples.scale[rows][:, None])[:, :, None]).squeeze(2)
        # The associated points are always present, even if the augmentation removed them.
        size = len(groups[0])
        points = torch.cat(
            [augmented.points[:, :-size], place.view(len(groups), size, 3)], dim=1)
        point = torch.arange(size, device=rows.device).repeat(len(groups))
        return Batch(
            points, CloudFrames.along(points, self._frame, generator), cloud,
            points.shape[1] - size + point, examples.grasps[rows].transformed(rotation),
            rotation,
            examples.object[rows], examples.scale[rows], examples.active[rows])


def _mixed(seed: int, epoch: int, stream: int) -> int:
    """Return a seed that differs for each stream of each epoch of each run."""
    return (seed * 1_000_003 + epoch) * 1_009 + stream
