# SPDX-License-Identifier: Apache-2.0
"""
Invariants that every dataset must satisfy.

Each check returns the rows that violate it, so a report can name them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
import pyarrow as pa
import torch

from dexlite_ros.grasp import StagedGrasp, STAGES
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.object.solidity import broken_law
from dexlite_ros.offline.dataset.associated_point import palm_rays, ray_costs
from dexlite_ros.offline.dataset.schema import matrix, stages_from_table, TESTS
from dexlite_ros.offline.dataset.store import GraspDataset, keys, objects_by_name
from dexlite_ros.offline.objects.prepared_object import PreparedObject
from dexlite_ros.offline.physics.simulation import GraspScene

LIMIT_TOLERANCE = 1e-5
"""Tolerance for joints beyond their limits, due to single precision [rad]."""
POSITION_TOLERANCE = 1e-5
"""Maximum disagreement between two kinematics of a hand [m]."""
HULL_TOLERANCE = 0.01
"""Tolerance of the laws of mass, since cloud and pieces cut the corners of the mesh, relative."""
POINT_TOLERANCE = 1e-4
"""Tolerated extra cost of a stored point over the best one, as clouds are rounded [m]."""
SPLITS = ('train', 'val')
SCALARS = ('scale', 'success_probability', 'energy', 'residual', 'penetration',
           'self_penetration', 'pregrasp_clearance')
CORNER = np.array([[-0.01], [0.0], [0.01]])
Key = TypeVar('Key', bound=Hashable)


@dataclass(frozen=True)
class Check:
    """The outcome of one check."""

    name: str
    rows: int
    """Number of rows checked."""
    broken: list[str]
    """Keys, or names, of the rows that violate the invariant."""

    @property
    def passed(self) -> bool:
        """Whether no row violates the invariant."""
        return not self.broken


@dataclass(frozen=True)
class Content:
    """A dataset in memory."""

    hand: str
    grasps: pa.Table
    keys: list[str]
    staged: StagedGrasp
    objects: pa.Table
    prepared: dict[str, PreparedObject]

    @classmethod
    def of(cls, dataset: GraspDataset) -> Content:
        """
        Read a dataset.

        :raises FileError: for a file of another format
        """
        grasps, objects = dataset.grasps(), dataset.objects()
        return cls(dataset.hand, grasps, keys(grasps), stages_from_table(grasps), objects,
                   objects_by_name(objects))

    def names(self) -> list[str]:
        """Return the object of each grasp."""
        return self.grasps['object'].to_pylist()


def verify(content: Content, rng: np.random.Generator) -> list[Check]:
    """Return the outcome of every check; ``rng`` draws the grasps compared with MuJoCo."""
    checks: list[Callable[[Content], Check]] = [
        keys_are_unique, objects_are_known, objects_are_whole, masses_are_possible,
        splits_do_not_mix,
        joints_are_within_limits, coupled_joints_are_equal, numbers_are_finite,
        no_grasp_is_there_twice, verdicts_have_reasons, points_are_those_of_the_hand]
    return [*(check(content) for check in checks), kinematics_agree(content, rng)]


def keys_are_unique(content: Content) -> Check:
    """Check that no two grasps have the same object, scale, mode, seed and number."""
    return Check('keys are unique', len(content.keys), _repeated(content.keys))


def objects_are_known(content: Content) -> Check:
    """Check that the object of every grasp is in the table of objects."""
    lost = sorted({name for name in content.names() if name not in content.prepared})
    return Check('objects are known', len(content.prepared), lost)


def objects_are_whole(content: Content) -> Check:
    """Check that objects have a cloud with normals, and pieces that enclose it."""
    broken = [
        name for name, each in content.prepared.items()
        if len(each.points) != len(each.normals) or not len(each.pieces)
        or _outside(each) > 0.005 or each.rests != any(p.verdict.passed for p in each.poses)]
    return Check('objects are whole', len(content.prepared), broken)


def masses_are_possible(content: Content) -> Check:
    """Check that volume, centre of mass and inertia can be those of a body inside its hull."""
    broken = [
        f'{name} ({why})' for name, each in content.prepared.items() if (why := broken_law(
            each.volume, each.centre_of_mass, each.inertia,
            np.concatenate([each.points, *each.pieces]), HULL_TOLERANCE))]
    return Check('masses are possible', len(content.prepared), broken)


def splits_do_not_mix(content: Content) -> Check:
    """Check that grasps have the split of their object, and no object or mesh is in two splits."""
    splits = dict(zip(
        content.objects['object'].to_pylist(), content.objects['split'].to_pylist()))
    broken = {name for name, split in splits.items() if split not in SPLITS}
    rows = zip(content.names(), content.grasps['split'].to_pylist())
    broken |= {name for name, split in rows if split != splits.get(name)}
    shapes: dict[str, set[str]] = {}
    for name, each in content.prepared.items():
        shapes.setdefault(each.digest, set()).add(splits[name])
    broken |= {name for name, each in content.prepared.items() if len(shapes[each.digest]) > 1}
    broken |= set(_repeated(content.objects['object'].to_pylist()))
    return Check('splits do not mix', len(splits), sorted(broken))


def joints_are_within_limits(content: Content) -> Check:
    """Check the limits of all joints at all stages."""
    kinematics = HandKinematics(find_hand(content.hand))
    margin = torch.stack([
        kinematics.limit_margin(getattr(content.staged, stage).joints) for stage in STAGES])
    return _check(
        'joints are within limits', content, (margin.amin(0) < -LIMIT_TOLERANCE).numpy())


def coupled_joints_are_equal(content: Content) -> Check:
    """Check that joints driven by one motor are equal, at all stages."""
    pairs = np.array(find_hand(content.hand).coupled_indices, int).reshape(-1, 2)
    joints = np.stack([getattr(content.staged, stage).joints.numpy() for stage in STAGES])
    apart = np.abs(joints[..., pairs[:, 0]] - joints[..., pairs[:, 1]]).max((0, 2), initial=0.0)
    return _check('coupled joints are equal', content, apart > LIMIT_TOLERANCE)


def numbers_are_finite(content: Content) -> Check:
    """Check that poses and joints are finite, and quaternions have unit length."""
    columns = [field.name for field in content.grasps.schema if pa.types.is_fixed_size_list(
        field.type)]
    bad = np.zeros(len(content.keys), bool)
    for name in columns:
        bad |= ~np.isfinite(matrix(content.grasps, name)).all(1)
    for name in SCALARS:
        bad |= ~np.isfinite(content.grasps[name].to_numpy())
    length = np.linalg.norm(matrix(content.grasps, 'quat_xyzw'), axis=1)
    return _check('numbers are finite', content, bad | (np.abs(length - 1) > 1e-4))


def no_grasp_is_there_twice(content: Content) -> Check:
    """Check that no two grasps of an object agree to 0.1 mm and 1 mrad."""
    pose = np.concatenate([
        np.round(np.nan_to_num(matrix(content.grasps, name)) / step).astype(np.int64)
        for name, step in (('position', 1e-4), ('quat_xyzw', 1e-3), ('joints', 1e-3))], axis=1)
    scale = content.grasps['scale'].to_numpy()
    rows = [(name, size, *numbers) for name, size, numbers in zip(
        content.names(), scale, pose.tolist())]
    twice = set(_repeated(rows))
    return _check('no grasp is there twice', content, np.array([row in twice for row in rows]))


def verdicts_have_reasons(content: Content) -> Check:
    """Check that a grasp passed a test if and only if its reason is 'held'."""
    bad = np.zeros(len(content.keys), bool)
    for test in TESTS:
        reasons = np.array(content.grasps[f'{test}_reason'].to_pylist(), dtype=object)
        bad |= (reasons == 'held') != content.grasps[test].to_numpy()
    return _check('verdicts have reasons', content, bad)


def points_are_those_of_the_hand(content: Content) -> Check:
    """Check that the stored point is the grasp's associated point in the object's cloud."""
    kinematics = HandKinematics(find_hand(content.hand))
    names, scale = np.array(content.names()), content.grasps['scale'].to_numpy()
    stored = content.grasps['associated_point'].to_numpy()
    bad = np.zeros(len(names), bool)
    for name, size in sorted(set(zip(names.tolist(), scale.tolist()))):
        rows = np.flatnonzero((names == name) & (scale == size))
        if name not in content.prepared:
            continue
        cloud = torch.from_numpy(content.prepared[name].points * size)
        grasps = content.staged.grasp[torch.from_numpy(rows)].to(torch.float32)
        cost = ray_costs(*palm_rays(kinematics, grasps), cloud.float()).numpy()
        chosen = cost[np.arange(len(rows)), stored[rows]]
        bad[rows] = chosen > cost.min(1) + POINT_TOLERANCE
    return _check('points are those of the hand', content, bad)


def kinematics_agree(content: Content, rng: np.random.Generator, count: int = 50) -> Check:
    """Check on random grasps that MuJoCo places the links as our kinematics do."""
    hand = find_hand(content.hand)
    grasps = content.staged.grasp
    rows = rng.choice(len(grasps), min(count, len(grasps)), replace=False)
    scene = GraspScene(hand, [np.array(np.meshgrid(*[CORNER] * 3)).reshape(3, -1).T])
    ours = HandKinematics(hand)(grasps[torch.from_numpy(rows)].to(torch.float32)).position
    broken = []
    for row, links in zip(rows, ours.numpy()):
        scene.pose(grasps, int(row))
        poses = scene.link_poses()
        theirs = np.array([poses[name][:3, 3] for name in hand.link_names])
        if np.abs(theirs - links).max() > POSITION_TOLERANCE:
            broken.append(content.keys[row])
    return Check('kinematics agree with MuJoCo', len(rows), broken)


def _check(name: str, content: Content, bad: NDArray[np.bool_]) -> Check:
    return Check(name, len(bad), [content.keys[row] for row in np.flatnonzero(bad)])


def _repeated(values: list[Key]) -> list[Key]:
    """Return the values that occur more than once."""
    return [value for value, count in Counter(values).items() if count > 1]


def _outside(prepared: PreparedObject) -> float:
    """Return how far the cloud extends beyond the bounding box of the pieces [m]."""
    corners = np.concatenate(prepared.pieces)
    return float(np.maximum(
        corners.min(0) - prepared.points.min(0), prepared.points.max(0) - corners.max(0)).max())
