# SPDX-License-Identifier: Apache-2.0
"""
A dataset in the form used for training: tensors on one device, and a distance field per object.

Shapes: N objects, P points, M grasps, G contact groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from dexlite_ros.errors import FileError
from dexlite_ros.grasp import GraspBatch
from dexlite_ros.hand.geometry import HandGeometry
from dexlite_ros.mechanics.grasp_energy import EnergySettings, GraspEnergy
from dexlite_ros.object.distance_field import DistanceField
from dexlite_ros.object.field_bank import FieldBank
from dexlite_ros.offline.dataset.coverage import local_counts, rarity
from dexlite_ros.offline.dataset.schema import stages_from_table
from dexlite_ros.offline.dataset.store import GraspDataset, held
from dexlite_ros.offline.objects.prepared_object import PreparedObject
from dexlite_ros.offline.objects.procedural.solids import union

TOUCHING = 0.004
"""Links of a known grasp closer to the object than this count as touching [m]."""
FIELD_NODES = 60
"""Nodes of a distance field along its longest side; fewer than in planning, for speed."""
CHUNK = 256


@dataclass(frozen=True)
class Examples:
    """M grasps that held, on N objects."""

    points: Tensor
    """(N, P, 3) clouds at scale 1 [m]."""
    normals: Tensor
    """(N, P, 3) outward unit normals."""
    bank: FieldBank
    grasps: GraspBatch
    """(M) grasps in the frame of the scaled cloud."""
    object: Tensor
    """(M,) index of the object."""
    scale: Tensor
    """(M,) scale factors from cloud to metres."""
    point: Tensor
    """(M,) index of the associated point."""
    active: Tensor
    """(M, G) 1 for the contact groups that touch."""
    rarity: Tensor
    """(M,) 1 / (n + 1), where n grasps are near the associated point."""
    groups: tuple[Tensor, ...]
    """Indices of the grasps of each object at each scale."""

    def __len__(self) -> int:
        return len(self.object)

    @classmethod
    def read(
        cls, dataset: GraspDataset, split: str, geometry: HandGeometry, device: torch.device
    ) -> Examples:
        """
        Return the grasps of one split of a dataset that held.

        :param split: 'train' or 'val'
        :raises FileError: when no grasp of that split held
        """
        table = dataset.grasps()
        table = table.filter(held(table) & np.equal(table['split'].to_pylist(), split))
        if not len(table):
            raise FileError(dataset.folder, f"no grasp of its split '{split}' held")
        prepared = dataset.prepared(table)
        names = sorted(set(table['object'].to_pylist()))
        objects = [prepared[name] for name in names]
        places = {name: index for index, name in enumerate(names)}
        index = np.array([places[name] for name in table['object'].to_pylist()])
        scale = table['scale'].to_numpy().astype(np.float64)
        point = table['associated_point'].to_numpy().astype(np.int64)
        groups, rare = _grouped(objects, index, scale, point)
        bank = FieldBank([
            _field(each) for each in tqdm(
                objects, desc=f'distance fields of {split}', unit='object', disable=None,
                leave=False)]).to(device)
        grasps = stages_from_table(table).grasp.to(device, torch.float32)
        parts = {
            'object': torch.from_numpy(index), 'scale': torch.from_numpy(scale).float(),
            'point': torch.from_numpy(point), 'rarity': torch.from_numpy(rare).float()}
        parts = {name: part.to(device) for name, part in parts.items()}
        active = _touching(geometry, bank, grasps, parts['object'], parts['scale'])
        points, normals = (
            torch.from_numpy(np.stack([getattr(each, name) for each in objects])).float()
            .to(device) for name in ('points', 'normals'))
        return cls(
            points, normals, bank, grasps=grasps, active=active,
            groups=tuple(group.to(device) for group in groups), **parts)


def _grouped(
    objects: list[PreparedObject], index: np.ndarray, scale: np.ndarray, point: np.ndarray
) -> tuple[list[Tensor], np.ndarray]:
    """Return indices of the grasps of each object at each scale, and each one's rarity (M,)."""
    groups, rare = [], np.zeros(len(index))
    for number, size in sorted(set(zip(index.tolist(), scale.tolist()))):
        rows = np.flatnonzero((index == number) & (scale == size))
        cloud = objects[number].points * size
        rare[rows] = rarity(local_counts(cloud, point[rows])[point[rows]])
        groups.append(torch.from_numpy(rows))
    return groups, rare


def _field(prepared: PreparedObject) -> DistanceField:
    mesh = union(prepared.pieces)
    return DistanceField.from_mesh(
        np.asarray(mesh.vertices), np.asarray(mesh.faces), FIELD_NODES)


def _touching(
    geometry: HandGeometry, bank: FieldBank, grasps: GraspBatch, objects: Tensor, scale: Tensor
) -> Tensor:
    found = []
    for rows in torch.arange(len(objects), device=objects.device).split(CHUNK):
        energy = GraspEnergy(geometry, bank.of(objects[rows], scale[rows]), EnergySettings())
        found.append(energy.place(grasps[rows]).touching(TOUCHING).active)
    return torch.cat(found)
