# SPDX-License-Identifier: Apache-2.0
"""Read a robot from MJCF, as MuJoCo compiles it."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.hand.description import Geom, Shape
from dexlite_ros.hand.description_checks import SIZES
from dexlite_ros.offline.hands.robot_model import (
    Body,
    Follower,
    HandImportError,
    Hinge,
    Part,
    RobotModel,
    Transform,
)

KINDS = {
    int(mujoco.mjtJoint.mjJNT_FREE): 'free', int(mujoco.mjtJoint.mjJNT_BALL): 'ball',
    int(mujoco.mjtJoint.mjJNT_SLIDE): 'slide'}
"""Joints that a hand cannot have."""
PRIMITIVES: dict[int, Shape] = {
    int(mujoco.mjtGeom.mjGEOM_SPHERE): 'sphere', int(mujoco.mjtGeom.mjGEOM_CAPSULE): 'capsule',
    int(mujoco.mjtGeom.mjGEOM_CYLINDER): 'cylinder', int(mujoco.mjtGeom.mjGEOM_BOX): 'box'}


def read_mjcf(path: Path) -> RobotModel:
    """
    Return the robot of an MJCF file.

    :raises HandImportError: when MuJoCo cannot compile it; its message names missing meshes
    """
    try:
        model = mujoco.MjModel.from_xml_path(str(path))
    except ValueError as error:
        raise HandImportError(path, ' '.join(str(error).split())) from error
    bodies = tuple(_body(model, index) for index in range(1, model.nbody))
    followers = (*_equalities(model), *_tendons(model))
    pairs = tuple(
        (model.body(signature >> 16).name, model.body(signature & 0xFFFF).name)
        for signature in model.exclude_signature.tolist())
    return RobotModel(
        str(path), path.stem, bodies, followers, pairs, _dynamics(model), _loops(model))


def _transform(position: NDArray[np.float64], quat: NDArray[np.float64]) -> Transform:
    found = trimesh.transformations.quaternion_matrix(quat)
    found[:3, 3] = position
    return np.asarray(found)


def _body(model: mujoco.MjModel, index: int) -> Body:
    parent = int(model.body_parentid[index])
    first, count = int(model.body_jntadr[index]), int(model.body_jntnum[index])
    joints = range(first, first + count)
    hinges = tuple(
        _hinge(model, each) for each in joints
        if model.jnt_type[each] == mujoco.mjtJoint.mjJNT_HINGE)
    others = tuple(
        f"{KINDS[int(model.jnt_type[each])]} joint '{model.joint(each).name}'"
        for each in joints if int(model.jnt_type[each]) in KINDS)
    return Body(
        model.body(index).name or f'body_{index}',
        (model.body(parent).name or f'body_{parent}') if parent else None,
        _transform(model.body_pos[index], model.body_quat[index]), hinges,
        float(model.body_mass[index]), _parts(model, index), others)


def _hinge(model: mujoco.MjModel, index: int) -> Hinge:
    limited = bool(model.jnt_limited[index])
    lower, upper = model.jnt_range[index].tolist() if limited else (None, None)
    return Hinge(
        model.joint(index).name or f'joint_{index}', tuple(model.jnt_axis[index].tolist()),
        tuple(model.jnt_pos[index].tolist()), lower, upper,
        float(model.qpos0[model.jnt_qposadr[index]]))


def _parts(model: mujoco.MjModel, body: int) -> tuple[Part, ...]:
    """Return the shapes that collide; without any, those that are seen."""
    own = [each for each in range(model.ngeom) if model.geom_bodyid[each] == body]
    colliding = [each for each in own if model.geom_contype[each] or model.geom_conaffinity[each]]
    parts = (_part(model, each) for each in colliding or own)
    return tuple(each for each in parts if each is not None)


def _part(model: mujoco.MjModel, geom: int) -> Part | None:
    place = _transform(model.geom_pos[geom], model.geom_quat[geom])
    kind, size = int(model.geom_type[geom]), model.geom_size[geom]
    if kind in PRIMITIVES:
        shape = PRIMITIVES[kind]
        return Part(place, Geom(shape, tuple(size[:SIZES[shape]].tolist())))
    if kind == int(mujoco.mjtGeom.mjGEOM_ELLIPSOID):
        ball = trimesh.creation.icosphere(subdivisions=3)
        return Part(place, vertices=np.asarray(ball.vertices) * size)
    if kind == int(mujoco.mjtGeom.mjGEOM_MESH):
        mesh = model.geom_dataid[geom]
        first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
        return Part(place, vertices=np.array(model.mesh_vert[first:first + count], np.float64))
    return None  # Planes and height fields are the ground, not a hand.


def _equalities(model: mujoco.MjModel) -> list[Follower]:
    """Return the joints that an equality constraint keeps in proportion."""
    found = []
    for index in range(model.neq):
        if model.eq_type[index] != mujoco.mjtEq.mjEQ_JOINT or model.eq_obj2id[index] < 0:
            continue
        first, second = (
            model.joint(int(each[index])).name for each in (model.eq_obj1id, model.eq_obj2id))
        offset, ratio, *curved = model.eq_data[index][:5].tolist()
        found.append(Follower(
            f'{second}_{first}', (first, second), float('nan') if any(curved) else ratio, offset))
    return found


def _tendons(model: mujoco.MjModel) -> list[Follower]:
    """Return the pairs of joints on whose weighted sum a motor pulls through a tendon."""
    found = []
    driven = {
        int(model.actuator_trnid[index, 0]) for index in range(model.nu)
        if model.actuator_trntype[index] == mujoco.mjtTrn.mjTRN_TENDON}
    for tendon in driven:
        first, count = int(model.tendon_adr[tendon]), int(model.tendon_num[tendon])
        wraps = range(first, first + count)
        if count != 2 or any(
                model.wrap_type[each] != mujoco.mjtWrap.mjWRAP_JOINT for each in wraps):
            continue
        one, other = (model.joint(int(model.wrap_objid[each])).name for each in wraps)
        weights = [float(model.wrap_prm[each]) for each in wraps]
        found.append(Follower(
            model.tendon(tendon).name or f'tendon_{tendon}', (one, other),
            weights[0] / weights[1]))
    return found


def _dynamics(model: mujoco.MjModel) -> tuple[tuple[str, float], ...]:
    hinges = [int(model.jnt_dofadr[each]) for each in range(model.njnt)
              if model.jnt_type[each] == mujoco.mjtJoint.mjJNT_HINGE]
    found = []
    if hinges:
        found = [
            (name, float(np.median(values[hinges]))) for name, values in (
                ('damping', model.dof_damping), ('armature', model.dof_armature),
                ('friction_loss', model.dof_frictionloss))]
    limited = model.actuator_forcelimited.astype(bool)
    if limited.any():
        found.append(('effort', float(np.median(model.actuator_forcerange[limited, 1]))))
    gain, back = model.actuator_gainprm[:, 0], model.actuator_biasprm[:, 1]
    servos = (gain > 0) & (gain == -back)
    if servos.any():
        found.append(('stiffness', float(np.median(gain[servos]))))
    return tuple(found)


def _loops(model: mujoco.MjModel) -> tuple[str, ...]:
    closing = (int(mujoco.mjtEq.mjEQ_CONNECT), int(mujoco.mjtEq.mjEQ_WELD))
    return tuple(
        f"the equality constraint '{model.equality(index).name}'"
        for index in range(model.neq) if int(model.eq_type[index]) in closing)
