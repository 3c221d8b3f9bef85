# SPDX-License-Identifier: Apache-2.0
"""Parts of the simulated worlds: MuJoCo's options, the held hand, an object, a table."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from dexlite_ros.errors import UnusableObject

GRAVITY = 9.81
"""[m/s^2], along -z."""
NO_SLIP = 2
"""MuJoCo's no-slip iterations per step."""
DIVERGENCE = (
    mujoco.mjtWarning.mjWARN_BADQPOS, mujoco.mjtWarning.mjWARN_BADQVEL,
    mujoco.mjtWarning.mjWARN_BADQACC)
"""MuJoCo's warnings of a simulation that has diverged."""
MEMORY = 1 << 28
"""Bytes for contacts and what follows from them; what MuJoCo chooses by itself is too little for
hundreds of contacts. Only what is used is taken from the system."""


def configure(option: mujoco.MjOption, time_step: float) -> None:
    """Set the options common to all simulations here; gravity is off."""
    option.timestep = time_step
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = 10
    option.noslip_iterations = NO_SLIP
    # Same equations, a sixth faster: contacts of one finger do not involve the other fingers.
    option.jacobian = mujoco.mjtJacobian.mjJAC_SPARSE
    option.gravity = (0.0, 0.0, 0.0)


def hold_by_mocap(spec: mujoco.MjSpec, palm: str, prefix: str = '') -> None:
    """
    Free the palm and weld it to a mocap body, as an arm would hold it.

    :param prefix: of the names of the free joint 'palm', the mocap body 'wrist_target' and the
        weld 'wrist', where there is more than one hand
    """
    spec.body(palm).add_freejoint(name=f'{prefix}palm')
    target = spec.worldbody.add_body(name=f'{prefix}wrist_target', mocap=True)
    weld = spec.add_equality(
        type=mujoco.mjtEq.mjEQ_WELD, objtype=mujoco.mjtObj.mjOBJ_BODY, name1=target.name,
        name2=palm)
    weld.name = f'{prefix}wrist'
    weld.solimp[:] = (0.9, 0.95, 0.001, 0.5, 2.0)
    # Anchor, pose of the palm in the target's frame, weight of the rotation.
    weld.data[:11] = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def add_object(
    spec: mujoco.MjSpec, pieces: Sequence[NDArray[np.floating]], mass: float,
    name: str = 'object',
) -> None:
    """
    Add a free body of uniform density at the origin, made of convex pieces (V, 3) [m].

    Overlapping volumes count twice in its mass distribution.

    :param mass: [kg]
    :param name: of the body and of its joint
    :raises UnusableObject: for a piece without volume
    """
    body = spec.worldbody.add_body(name=name)
    body.add_freejoint(name=name)
    try:
        volume = sum(ConvexHull(piece).volume for piece in pieces)
    except QhullError as error:
        raise UnusableObject(f'a convex piece has no volume ({error})') from error
    for index, piece in enumerate(pieces):
        mesh = f'{name}_piece_{index}'
        spec.add_mesh(name=mesh, uservert=np.asarray(piece, np.float32).ravel())
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_MESH, meshname=mesh, density=mass / volume)


def compile_spec(spec: mujoco.MjSpec) -> mujoco.MjModel:
    """Return the compiled model of a world; raise UnusableObject if MuJoCo rejects it."""
    spec.memory = MEMORY
    try:
        return spec.compile()
    except ValueError as error:
        raise UnusableObject(f'MuJoCo says: {error}') from error


def soften(spec: mujoco.MjSpec) -> None:
    """Make all contacts so far firm but not stiff: mujoco_menagerie's values for the hand."""
    for geom in spec.geoms:
        geom.solimp[:3], geom.solref[:] = (0.5, 0.99, 0.0001), (0.005, 1.0)


def roughen(spec: mujoco.MjSpec, sliding: float, torsional: float) -> None:
    """Give everything so far a friction: its coefficient, and that against turning [m]."""
    for geom in spec.geoms:
        geom.condim = 4
        geom.friction[:2] = sliding, torsional


def add_table(spec: mujoco.MjSpec, height: float) -> None:
    """Add an infinite horizontal plane at this height [m]."""
    spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_PLANE, name='table', pos=(0.0, 0.0, height), size=(1, 1, 0.1))


def add_fixed(spec: mujoco.MjSpec, pieces: Sequence[NDArray[np.floating]]) -> None:
    """Add convex pieces (V, 3) that do not move [m]."""
    for index, piece in enumerate(pieces):
        name = fixed_name(index)
        spec.add_mesh(name=name, uservert=np.asarray(piece, np.float32).ravel())
        spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, name=name)


def fixed_name(index: int) -> str:
    """Return the name of a piece that does not move."""
    return f'fixed_{index}'


def body_pose(data: mujoco.MjData, name: str) -> NDArray[np.float64]:
    """Return the pose (4, 4) of a body in the world [m]."""
    body, pose = data.body(name), np.eye(4)
    pose[:3, :3], pose[:3, 3] = body.xmat.reshape(3, 3), body.xpos
    return pose


def has_diverged(data: mujoco.MjData) -> bool:
    """Return whether a simulation has diverged; MuJoCo then resets it and warns."""
    return any(data.warning[kind].number > 0 for kind in DIVERGENCE)
