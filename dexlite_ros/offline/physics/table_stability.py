# SPDX-License-Identifier: Apache-2.0
"""
Stability of an object on a table over two seconds, in MuJoCo or in PyBullet.

DexLite's author filtered objects this way with PyBullet: less than 5 cm and 7 degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
import math
from pathlib import Path
import tempfile
from types import ModuleType
from typing import Literal

import mujoco
import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.errors import InvalidRequest, MissingDependency
from dexlite_ros.offline.physics.closing import Verdict
from dexlite_ros.offline.physics.world import (
    add_object,
    add_table,
    compile_spec,
    configure,
    GRAVITY,
    has_diverged,
    roughen,
)

Engine = Literal['mujoco', 'pybullet']
Pieces = Sequence[NDArray[np.floating]]
ENGINES: tuple[Engine, ...] = ('mujoco', 'pybullet')
DURATION = 2.0
"""[s]"""
TIME_STEP = 0.002
"""[s]"""
GAP = 0.001
"""Height from which the object is released [m]."""
MASS, FRICTION, TORSIONAL_FRICTION = 0.1, 0.6, 0.02
"""[kg], 1, [m]"""
MOVE_MAX, TURN_MAX = 0.05, math.radians(7.0)
"""Maximum sideways motion [m] and rotation [rad]."""


def resting_poses(mesh: trimesh.Trimesh, count: int) -> list[NDArray[np.float64]]:
    """
    Return up to ``count`` poses (4, 4) in which the mesh stands on z = 0, most likely first.

    The criterion is geometric: the centre of mass is above the supporting face of the hull.
    """
    poses, probability = stable_poses(mesh)
    return [poses[index] for index in np.argsort(-probability, kind='stable')[:count]]


def stable_poses(mesh: trimesh.Trimesh) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the poses (N, 4, 4) in which a mesh can stand on z = 0, and their probabilities."""
    # Through rounding, degenerate faces can have negative areas.
    with np.errstate(invalid='ignore'):
        return mesh.convex_hull.compute_stable_poses(center_mass=mesh.center_mass)


def table_stability(
    pieces: Pieces, pose: NDArray[np.float64], engine: Engine = 'mujoco'
) -> Verdict:
    """
    Return the verdict on an object 2 s after its release 1 mm above a table.

    :param pieces: corners (V, 3) of the object's convex pieces [m]
    :param pose: (4, 4) pose of their frame; its height is adjusted to the table
    :param engine: 'mujoco', or 'pybullet' if installed
    :raises InvalidRequest: for another engine
    :raises MissingDependency: when PyBullet is not installed
    """
    if engine not in ENGINES:
        raise InvalidRequest('engine', engine, f'one of {", ".join(ENGINES)}')
    placed = [piece @ pose[:3, :3].T for piece in pieces]
    lowest = min(piece[:, 2].min() for piece in placed)
    placed = [piece - [0.0, 0.0, lowest - GAP] for piece in placed]
    move = _mujoco if engine == 'mujoco' else _pybullet
    sideways, turned = move(placed)
    if not np.isfinite([sideways, turned]).all():
        return Verdict(False, 'diverged', sideways, turned)
    if sideways >= MOVE_MAX:
        return Verdict(False, 'moved', sideways, turned)
    if turned >= TURN_MAX:
        return Verdict(False, 'turned', sideways, turned)
    return Verdict(True, 'held', sideways, turned)


def _mujoco(pieces: Pieces) -> tuple[float, float]:
    """Return the sideways motion of the centre of mass [m] and the object's rotation [rad]."""
    spec = mujoco.MjSpec()
    configure(spec.option, TIME_STEP)
    spec.option.gravity = (0.0, 0.0, -GRAVITY)
    add_object(spec, pieces, MASS)
    add_table(spec, 0.0)
    roughen(spec, FRICTION, TORSIONAL_FRICTION)
    model = compile_spec(spec)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    body = model.body('object').id
    start = data.xipos[body].copy()
    mujoco.mj_step(model, data, round(DURATION / TIME_STEP))
    if has_diverged(data):
        return math.nan, math.nan
    sideways = np.linalg.norm(data.xipos[body, :2] - start[:2])
    return float(sideways), _angle(data.qpos[3])


def _pybullet(pieces: Pieces) -> tuple[float, float]:
    try:
        import pybullet
    except ImportError as error:
        raise MissingDependency(
            'pybullet', 'for the engine of that name', "pip install 'dexlite_ros[pybullet]'"
        ) from error
    volumes = [trimesh.convex.convex_hull(piece) for piece in pieces]
    weights = np.array([hull.volume for hull in volumes])
    centre = weights @ [hull.center_mass for hull in volumes] / weights.sum()
    world = pybullet.connect(pybullet.DIRECT)
    try:
        pybullet.setGravity(0, 0, -GRAVITY, physicsClientId=world)
        pybullet.setTimeStep(TIME_STEP, physicsClientId=world)
        plane = pybullet.createCollisionShape(pybullet.GEOM_PLANE, physicsClientId=world)
        table = pybullet.createMultiBody(0, plane, physicsClientId=world)
        shape = _pybullet_shape(pybullet, [hull.apply_translation(-centre) for hull in volumes],
                                world)
        body = pybullet.createMultiBody(
            MASS, shape, basePosition=centre, physicsClientId=world)
        for each in (table, body):
            # Bullet multiplies the friction coefficients of a pair.
            pybullet.changeDynamics(
                each, -1, lateralFriction=math.sqrt(FRICTION),
                spinningFriction=math.sqrt(TORSIONAL_FRICTION), physicsClientId=world)
        for _ in range(round(DURATION / TIME_STEP)):
            pybullet.stepSimulation(physicsClientId=world)
        position, quat_xyzw = pybullet.getBasePositionAndOrientation(
            body, physicsClientId=world)
    finally:
        pybullet.disconnect(world)
    sideways = np.linalg.norm(np.array(position)[:2] - centre[:2])
    return float(sideways), _angle(quat_xyzw[3])


def _pybullet_shape(pybullet: ModuleType, hulls: list[trimesh.Trimesh], world: int) -> int:
    """Return the shape of several convex bodies; PyBullet reads them only from a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'pieces.obj'
        # Each object of the file becomes a convex hull of its own.
        path.write_text(trimesh.Scene(hulls).export(file_type='obj'))
        return pybullet.createCollisionShape(
            pybullet.GEOM_MESH, fileName=str(path), physicsClientId=world)


def _angle(w: float) -> float:
    """Return the angle [rad] of a unit quaternion whose real part is w."""
    return 2 * math.acos(min(1.0, abs(w)))
