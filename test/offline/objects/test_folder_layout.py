# SPDX-License-Identifier: Apache-2.0
"""In known layouts one file is the object; what is left out is named, the unclear refused."""

import re

from meshes import BOX, CAN, moved
import pytest
import trimesh

from dexlite_ros.errors import FileError
from dexlite_ros.offline.objects.mesh_folder import list_objects, load_pieces

HALF = trimesh.creation.box((0.04, 0.06, 0.05))
HALVES = [moved(HALF, (0, 0, side)) for side in (-0.025, 0.025)]


def write(folder, *names):
    """Write a file of each name: a box in the format of its suffix, parts, a cloud, or text."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name.startswith('.') or '__MACOSX' in name or path.suffix in (
                '.mtl', '.png', '.urdf', '.fbx', '.txt'):
            path.write_bytes(b'\x00\x05\x16\x07')
        elif 'cloud' in path.name:
            trimesh.PointCloud(CAN.vertices).export(path)
        elif path.stem in ('decomposed', 'coacd') or 'collision' in name:
            trimesh.Scene(HALVES).export(path)
        else:
            BOX.export(path)


def listed(folder):
    """Return for each object its name, the path of its mesh, and that of its pieces."""
    return [
        (each.name, str(each.path.relative_to(folder)),
         each.pieces and str(each.pieces.relative_to(folder))) for each in list_objects(folder)]


LAYOUTS = {
    'DexGraspNet': (
        ['bottle/coacd/decomposed.obj', 'bottle/coacd/coacd.urdf',
         *(f'bottle/coacd/coacd_convex_piece_{index}.obj' for index in range(3))],
        [('bottle', 'bottle/coacd/decomposed.obj', 'bottle/coacd/decomposed.obj')], 3),
    'DexGraspBench': (
        ['mug/mesh/raw.obj', 'mug/mesh/normalized.obj', 'mug/mesh/simplified.obj',
         'mug/mesh/coacd.obj', 'mug/urdf/coacd.urdf',
         *(f'mug/urdf/meshes/convex_piece_{index:03d}.obj' for index in range(3))],
        [('mug', 'mug/mesh/simplified.obj', 'mug/mesh/coacd.obj')], 5),
    'YCB': (
        ['002_can/clouds/merged_cloud.ply', '002_can/google_16k/textured.obj',
         '002_can/google_16k/textured.mtl', '002_can/google_16k/nontextured.ply',
         '002_can/google_16k/nontextured.stl', '002_can/poisson/textured.obj',
         '002_can/poisson/nontextured.stl', '002_can/tsdf/textured.obj',
         '003_box/tsdf/nontextured.stl', '003_box/poisson/nontextured.ply'],
        [('002_can', '002_can/google_16k/textured.obj', None),
         ('003_box', '003_box/poisson/nontextured.ply', None)], 7),
    'visual and collision': (
        ['cup/visual/base.obj', 'cup/collision/base.obj', 'cup/visual/base.png', 'cup/cup.urdf'],
        [('cup', 'cup/visual/base.obj', 'cup/collision/base.obj')], 0),
    'an object and its collision mesh': (
        ['000/000.obj', '000/000_coll.obj', 'jar.stl', 'jar_vhacd.obj'],
        [('000', '000/000.obj', '000/000_coll.obj'), ('jar', 'jar.stl', 'jar_vhacd.obj')], 0),
    'what systems leave behind': (
        ['can.obj', '._can.obj', '.DS_Store', '__MACOSX/._can.obj', 'cup/._mesh.obj',
         'cup/mesh.obj', 'cup/.DS_Store'],
        [('can', 'can.obj', None), ('cup', 'cup/mesh.obj', None)], 3),
    'other formats': (
        ['a.glb', 'b.obj', 'c.off', 'd.dae', 'e.fbx', 'f_cloud.ply', 'g.txt', 'h.gltf'],
        [('a', 'a.glb', None), ('b', 'b.obj', None), ('c', 'c.off', None), ('d', 'd.dae', None),
         ('h', 'h.gltf', None)], 2),
    'a mesh of our own': (
        ['can/mesh.obj', 'can/mesh_high.obj', 'tea/tea.stl', 'tea/lid.stl'],
        [('can', 'can/mesh.obj', None), ('tea', 'tea/tea.stl', None)], 2),
}


@pytest.mark.parametrize('layout', LAYOUTS)
def test_one_file_is_the_object(layout, tmp_path, caplog):
    """It can be loaded; every shape that is not used is named once, with a reason, and counted."""
    names, expected, count = LAYOUTS[layout]
    write(tmp_path, *names)
    assert listed(tmp_path) == expected
    used = {name for row in expected for name in row[1:]}
    named = re.findall(r'^  (\S+): .+', caplog.text, re.M)
    assert len(named) == count and not set(named) & used
    if count:
        assert f'{tmp_path}: {count} of its files left out' in caplog.text
    shapes = {name for name in names if name.endswith(
        ('.obj', '.stl', '.ply', '.glb', '.gltf', '.dae', '.off', '.fbx'))}
    assert used - {None} | set(named) == shapes
    for each in list_objects(tmp_path):
        mesh, _ = load_pieces(each)
        assert mesh.volume == pytest.approx(BOX.volume, rel=2e-3)


@pytest.mark.parametrize('layout', ['DexGraspNet', 'DexGraspBench', 'YCB', 'visual and collision'])
def test_the_folder_of_one_object_is_that_object(layout, tmp_path):
    """Its parts are not taken for objects."""
    names, expected, _ = LAYOUTS[layout]
    write(tmp_path, *names)
    (name, path, _) = expected[0]
    (only,) = list_objects(tmp_path / name)
    assert (only.name, only.path) == (name, tmp_path / path)


@pytest.mark.parametrize(('names', 'reason'), [
    (['cup/a.obj', 'cup/b.obj'], 'which of its meshes is the object: a.obj, b.obj'),
    (['cup/model.obj', 'cup/model.stl'], 'model.obj, model.stl'),
    (['cup/visual/a.obj', 'cup/visual/b.obj', 'cup/collision/a.obj'], 'visual/a.obj, visual/b'),
    (['cup/convex_piece_0.obj', 'cup/convex_piece_1.obj'], 'convex_piece_0.obj'),
    (['ycb/002/google_16k/textured.obj', 'ycb/003/google_16k/textured.obj', 'can.obj'],
     'ycb.*folder of objects in itself'),
    (['dgn/a/coacd/decomposed.obj', 'dgn/b/coacd/decomposed.obj', 'ycb/c/tsdf/textured.obj'],
     'dgn.*folder of objects in itself'),
    (['can.obj', 'can.glb'], 'called can: can.*can'),
    (['._can.obj', 'can.fbx', 'cloud.ply'], 'no mesh')])
def test_what_is_unclear_is_refused(names, reason, tmp_path):
    """With the candidates."""
    write(tmp_path, *names)
    with pytest.raises(FileError, match=reason):
        list_objects(tmp_path)


def test_a_manifest_further_down_is_not_passed_over(tmp_path):
    """It tells which objects must not be trained on."""
    write(tmp_path, 'objects/can/mesh.obj')
    (tmp_path / 'objects' / 'manifest.csv').write_text('id,split,tier\ncan,dev,core\n')
    with pytest.raises(FileError, match='manifest.csv'):
        list_objects(tmp_path)
    assert [each.name for each in list_objects(tmp_path / 'objects')] == ['can']


def test_parts_of_another_size_are_refused(tmp_path):
    """A decomposition in other units is not that of this mesh."""
    write(tmp_path, 'cup/mesh/simplified.obj')
    trimesh.Scene([half.copy().apply_scale(10) for half in HALVES]).export(
        tmp_path / 'cup' / 'mesh' / 'coacd.obj')
    with pytest.raises(FileError, match='400 x 600 x 1000 mm, the mesh 40 x 60 x 100'):
        load_pieces(list_objects(tmp_path)[0])


def test_parts_of_a_file_are_used_if_they_fill_it(tmp_path):
    """Two halves are pieces; a box stored twice is one."""
    trimesh.Scene(HALVES).export(tmp_path / 'halves.obj')
    trimesh.Scene([BOX, moved(BOX, (1e-4, 0, 0))]).export(tmp_path / 'twice.obj')
    halves, twice = (load_pieces(each) for each in list_objects(tmp_path))
    assert [len(halves[1]), len(twice[1])] == [2, 1]
    for mesh, _ in (halves, twice):
        assert mesh.volume == pytest.approx(BOX.volume, rel=0.01)
