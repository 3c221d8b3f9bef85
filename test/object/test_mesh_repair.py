# SPDX-License-Identifier: Apache-2.0
"""Whatever way a mesh is stored, it is what it encloses, or it is refused with the reason."""

from meshes import (
    BALL,
    bottle,
    bowl,
    BOX,
    CAN,
    CORE,
    cup,
    mixed,
    moved,
    mug,
    part,
    together,
    turned,
)
import numpy as np
import pytest
import trimesh

from dexlite_ros.errors import BadMesh
from dexlite_ros.object.mesh_repair import mend
from dexlite_ros.object.solidity import check_solid

CUP, HANDLE, MUG = mug()
BOTTLE = bottle()
BOTTOM = (BOTTLE.triangles_center[:, 2] < 1e-6) & (
    np.linalg.norm(BOTTLE.triangles_center[:, :2], axis=1) < 0.018)
HAMMER = trimesh.creation.cylinder(radius=0.02, height=0.08)
SHAFT = trimesh.creation.box(bounds=[[0.01, -0.01, -0.01], [0.17, 0.01, 0.01]])
THREE = (BOX, moved(BOX, (0.1, 0, 0)), moved(CAN, (0, 0.15, 0)))
SPECKS = [moved(trimesh.creation.box((0.001,) * 3), shift) for shift in
          np.random.default_rng(0).uniform(-0.08, 0.08, (20, 3))]


def with_faces(mesh: trimesh.Trimesh, *more: np.ndarray) -> trimesh.Trimesh:
    """Return the mesh with more faces."""
    return trimesh.Trimesh(mesh.vertices, np.concatenate([mesh.faces, *more]), process=False)


def along_x(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Return a copy whose z is along x."""
    return mesh.copy().apply_transform(
        trimesh.transformations.rotation_matrix(np.pi / 2, (0, 1, 0)))


TUBE = trimesh.creation.cylinder(radius=0.006, height=0.07, sections=24)
OPEN_TUBE = moved(along_x(part(TUBE, np.abs(TUBE.face_normals[:, 2]) < 0.5)), (0.035, 0, 0))
CLOSED_TUBE = moved(along_x(TUBE), (0.035, 0, 0))

FAULTS = {
    'every face turned': (turned(MUG), MUG),
    '40 % of the faces turned': (mixed(MUG, 0.4), MUG),
    '60 % of the faces turned': (mixed(CAN, 0.6, 1), CAN),
    'one face turned': (with_faces(part(CAN, np.arange(len(CAN.faces)) > 0),
                                   CAN.faces[:1, ::-1]), CAN),
    'one of three bodies turned': (together(THREE[0], turned(THREE[1]), THREE[2]),
                                   together(*THREE)),
    'a handle turned': (together(HAMMER, turned(SHAFT)),
                        trimesh.boolean.union([HAMMER, SHAFT], engine='manifold')),
    'a handle sunk into a wall': (together(CUP, HANDLE), MUG),
    'the mug turned, its handle not': (together(turned(CUP), HANDLE), MUG),
    'a handle that is an open tube': (
        together(CAN, OPEN_TUBE), trimesh.boolean.union([CAN, CLOSED_TUBE], engine='manifold')),
    'a cavity': (together(BALL, turned(CORE)), together(BALL, turned(CORE))),
    'a cavity, every face turned': (together(turned(BALL), CORE), together(BALL, turned(CORE))),
    'a solid in a solid': (together(BALL, CORE), BALL),
    'a solid in a cavity': (together(BALL, turned(CORE), CORE.copy().apply_scale(0.5)),
                            together(BALL, turned(CORE), CORE.copy().apply_scale(0.5))),
    'twice in the same place': (together(CAN, CAN), CAN),
    'twice, 0.2 mm apart': (together(MUG, moved(MUG, (0.0002, 0, 0))), MUG),
    'twice, one a little larger': (together(CAN, CAN.copy().apply_scale(1.003)), CAN),
    'repeated faces': (with_faces(CAN, CAN.faces[:20]), CAN),
    'double-sided faces': (with_faces(CAN, CAN.faces[:, ::-1]), CAN),
    'faces with a repeated corner': (with_faces(CAN, np.array([[0, 0, 1], [5, 6, 5]])), CAN),
    'a face along a line': (with_faces(BOX.subdivide(), BOX.subdivide().edges[:1, [0, 1, 1]]),
                            BOX),
    'debris': (together(CAN, *SPECKS), CAN),
    'touching along a face': (together(BOX, moved(BOX, (0.04, 0, 0))),
                              moved(trimesh.creation.box((0.08, 0.06, 0.10)), (0.02, 0, 0))),
    'touching along an edge': (together(BOX, moved(BOX, (0.04, 0.06, 0))),
                               together(BOX, moved(BOX, (0.0401, 0.0601, 0)))),
    'a hole in the bottom': (part(BOTTLE, ~BOTTOM), BOTTLE),
    'a hole, and mixed faces': (mixed(part(BOTTLE, ~BOTTOM), 0.3), BOTTLE),
    'far from the origin': (moved(mixed(MUG, 0.4), (80, -50, 3)), moved(MUG, (80, -50, 3))),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_a_mended_mesh_is_the_good_one(fault):
    """Volume within 3 %, centre of mass within 0.3 mm; what was done is said."""
    mesh, good = FAULTS[fault]
    mended = mend(mesh)
    assert mended.mesh.is_volume
    assert mended.mesh.volume == pytest.approx(good.volume, rel=0.03)
    assert np.linalg.norm(mended.mesh.center_mass - good.center_mass) < 3e-4
    np.testing.assert_allclose(mended.mesh.bounds, good.bounds, atol=5e-4)
    legal = fault in ('a cavity', 'a solid in a cavity')
    assert bool(mended.notes) != legal


@pytest.mark.parametrize('mesh', [BOX, CAN, MUG, BALL, BOTTLE, together(*THREE)])
def test_a_good_mesh_stays_as_it_is(mesh):
    """To the last bit: it is the same mesh."""
    vertices, faces = mesh.vertices.copy(), mesh.faces.copy()
    mended = mend(mesh)
    assert mended.mesh is mesh and not mended.notes
    assert np.array_equal(mesh.vertices, vertices) and np.array_equal(mesh.faces, faces)


@pytest.mark.parametrize('fault', [*FAULTS, 'bowl', 'cup'])
def test_the_answer_does_not_depend_on_the_place(fault):
    """Neither on the origin nor on the orientation: the same solid, or the same reason."""
    mesh = {'bowl': bowl(), 'cup': cup()}.get(fault) or FAULTS[fault][0]
    pose = trimesh.transformations.random_rotation_matrix(np.array([0.1, 0.5, 0.9]))
    answers = []
    for move in (np.eye(4), trimesh.transformations.translation_matrix((-0.05, 0.3, -0.02)), pose):
        try:
            mended = mend(mesh.copy().apply_transform(move))
            answers.append((mended.notes, pytest.approx(mended.mesh.volume, rel=1e-3)))
        except BadMesh as error:
            answers.append((error.reason, None))
    assert [notes for notes, _ in answers] == [answers[0][0]] * 3
    assert len({volume is None for _, volume in answers}) == 1
    if answers[0][1] is not None:
        assert answers[0][1] == answers[1][1].expected == answers[2][1]


def moebius() -> trimesh.Trimesh:
    """Return a strip with one side."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    rows = [np.stack([(0.05 + side * np.cos(angle / 2)) * np.cos(angle),
                      (0.05 + side * np.cos(angle / 2)) * np.sin(angle),
                      side * np.sin(angle / 2)], axis=1) for side in (-0.01, 0.01)]
    vertices = np.concatenate(rows)
    faces = []
    for index in range(40):
        other = (index + 1) % 40
        low, high = (other, other + 40) if other else (40, 0)
        faces += [[index, low, index + 40], [low, high, index + 40]]
    return trimesh.Trimesh(vertices, faces, process=False)


REFUSED = {
    'half a can': (cup(), 'open'),
    'a box without a lid': (part(BOX, BOX.face_normals[:, 2] < 0.5), 'open'),
    'a sheet': (trimesh.Trimesh([[0, 0, 0], [0.1, 0, 0], [0.1, 0.1, 0], [0, 0.1, 0]],
                                [[0, 1, 2], [0, 2, 3]]), 'flat'),
    'a flat box': (trimesh.creation.box((0.1, 0.1, 0.1)).apply_transform(
        np.diag([1.0, 1.0, 0.0, 1.0])), 'flat|volume|area'),
    'one side': (moebius(), 'Moebius'),
    'twice, one turned': (together(turned(CAN), CAN.copy().apply_scale(1.003)), 'stored twice'),
    'no area': (trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]], process=False),
                'area'),
}


@pytest.mark.parametrize('fault', REFUSED)
def test_what_does_not_tell_is_refused(fault):
    """With the reason."""
    mesh, reason = REFUSED[fault]
    with pytest.raises(BadMesh, match=reason):
        mend(mesh)


def test_a_bowl_becomes_a_wall_of_its_area():
    """It stays hollow: 2 mm times its area, not half a ball."""
    shell = bowl()
    mended = mend(shell)
    assert mended.mesh.volume == pytest.approx(0.002 * shell.area, rel=0.03)
    assert any('open shell' in note for note in mended.notes)
    check_solid(mended.mesh)
