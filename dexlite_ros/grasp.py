# SPDX-License-Identifier: Apache-2.0
"""
Grasps as data: wrist pose and finger joints, for one stage or for all three.

Only ``GraspBatch`` knows how a grasp is laid out as one vector. The wrist pose is the pose of the
palm link in the frame of the object's cloud. Letters: B grasps, J joints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Literal

import torch
from torch import Tensor

from dexlite_ros.rotations import rotmat_to_unitquat, unitquat_to_rotmat

Stage = Literal['pregrasp', 'grasp', 'squeeze']
STAGES: tuple[Stage, ...] = ('pregrasp', 'grasp', 'squeeze')


@dataclass(frozen=True)
class GraspBatch:
    """Wrist poses and finger joints of B grasps; p_object = rotation @ p_palm + translation."""

    translation: Tensor
    """(B, 3) position of the palm link [m]."""
    rotation: Tensor
    """(B, 3, 3) rotation of the palm link, R_object_palm."""
    joints: Tensor
    """(B, J) finger joints in the hand's order [rad]."""

    def __len__(self) -> int:
        return self.translation.shape[0]

    def __getitem__(self, index: slice | Tensor | list[int]) -> GraspBatch:
        """Select grasps; an index keeps the batch dimension."""
        return GraspBatch(self.translation[index], self.rotation[index], self.joints[index])

    def to(self, *args: object, **kwargs: object) -> GraspBatch:
        """Move or cast all parts as ``Tensor.to`` does."""
        return GraspBatch(*(getattr(self, f.name).to(*args, **kwargs) for f in fields(self)))

    def transformed(self, rotation: Tensor, translation: Tensor | None = None) -> GraspBatch:
        """
        Return the grasps moved by a rigid transform, p -> rotation @ p + translation.

        :param rotation: (3, 3), or one for each grasp (B, 3, 3)
        :param translation: (3,) or (B, 3) [m]; None: zero, a rotation about the origin
        """
        position = (rotation @ self.translation[:, :, None]).squeeze(2)
        if translation is not None:
            position = position + translation
        return replace(self, translation=position, rotation=rotation @ self.rotation)

    def perturbed(self, shift: Tensor, rotation: Tensor) -> GraspBatch:
        """
        Return the grasps with perturbed wrist poses, each palm rotated about its own origin.

        :param shift: (3,) or (B, 3), along the axes of the object frame [m]
        :param rotation: (3, 3) or (B, 3, 3), about the axes of the object frame
        """
        return replace(
            self, translation=self.translation + shift, rotation=rotation @ self.rotation)

    def where(self, mask: Tensor, other: GraspBatch) -> GraspBatch:
        """Return these grasps where the mask (B,) is true, those of ``other`` elsewhere."""
        wide = mask[:, None]
        return GraspBatch(
            torch.where(wide, self.translation, other.translation),
            torch.where(wide[:, :, None], self.rotation, other.rotation),
            torch.where(wide, self.joints, other.joints))

    def isfinite(self) -> Tensor:
        """Return a mask (B,) of the grasps without NaN and infinity."""
        finite = self.translation.isfinite().all(1) & self.rotation.isfinite().all(2).all(1)
        return finite & self.joints.isfinite().all(1)

    def with_rows(self, index: Tensor, rows: GraspBatch) -> GraspBatch:
        """Return these grasps with those at an index (N,) replaced by N others."""
        return GraspBatch(*(
            own.index_copy(0, index, other)
            for own, other in zip(vars(self).values(), vars(rows).values(), strict=True)))

    def quat_xyzw(self) -> Tensor:
        """Return the wrist rotations as unit quaternions (B, 4), w last and not negative."""
        quat = rotmat_to_unitquat(self.rotation)
        return torch.where(quat[:, 3:] < 0, -quat, quat)

    def to_vector(self) -> Tensor:
        """
        Return the exchange layout (B, 6 + J): translation, Euler angles, joints.

        The angles are extrinsic xyz [rad], the convention DexGraspNet stores.
        """
        import roma  # Slow to import, and only for this layout.

        euler = roma.rotmat_to_euler('xyz', self.rotation)
        return torch.cat([self.translation, euler, self.joints], dim=1)

    @classmethod
    def from_vector(cls, vector: Tensor) -> GraspBatch:
        """Read the exchange layout (B, 6 + J) that ``to_vector`` writes."""
        import roma

        rotation = roma.euler_to_rotmat('xyz', vector[:, 3:6])
        return cls(vector[:, :3], rotation, vector[:, 6:])

    @classmethod
    def from_quat_xyzw(cls, translation: Tensor, quat: Tensor, joints: Tensor) -> GraspBatch:
        """Build grasps from wrist quaternions (B, 4), w last, which need not be normalised."""
        return cls(translation, unitquat_to_rotmat(quat / quat.norm(dim=-1, keepdim=True)), joints)

    @classmethod
    def cat(cls, batches: list[GraspBatch]) -> GraspBatch:
        """Join batches in order."""
        return cls(*(torch.cat([getattr(b, f.name) for b in batches]) for f in fields(cls)))


@dataclass(frozen=True)
class StagedGrasp:
    """B grasps at the three stages that a controller executes in turn."""

    pregrasp: GraspBatch
    """Open hand, clear of the object."""
    grasp: GraspBatch
    """Links touch the object."""
    squeeze: GraspBatch
    """Commanded past contact, so that the position controllers exert force."""

    def __len__(self) -> int:
        return len(self.grasp)

    def __getitem__(self, index: slice | Tensor | list[int]) -> StagedGrasp:
        """Select grasps; an index keeps the batch dimension."""
        return self.each(lambda batch: batch[index])

    def to(self, *args: object, **kwargs: object) -> StagedGrasp:
        """Move or cast all stages as ``Tensor.to`` does."""
        return self.each(lambda batch: batch.to(*args, **kwargs))

    def each(self, change: Callable[[GraspBatch], GraspBatch]) -> StagedGrasp:
        """Return the result of ``change`` for each stage."""
        return StagedGrasp(change(self.pregrasp), change(self.grasp), change(self.squeeze))
