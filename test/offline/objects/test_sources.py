# SPDX-License-Identifier: Apache-2.0
"""Objects come from numbers, from pybullet and from folders, and are usable or refused."""

from dataclasses import replace
import json
from pathlib import Path
import subprocess
import sys

from meshes import bowl, mixed, moved, part, together, turned
import numpy as np
import pytest
import trimesh

from dexlite_ros.errors import FileError, InvalidRequest, UnusableObject
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.dataset.store import GraspDataset
from dexlite_ros.offline.objects.mesh_folder import ObjectFile
from dexlite_ros.offline.objects.prepared_object import prepare, split_of
from dexlite_ros.offline.objects.procedural.families import FAMILIES, HOUSEHOLD_FAMILIES
from dexlite_ros.offline.objects.sources import (
    find_objects,
    load_solid,
    load_target,
    ProceduralObject,
)

BOX = trimesh.creation.box((0.04, 0.06, 0.10))


def test_procedural_objects_are_numbered():
    """Numbers cycle through all families; a range is a slice; names are unique."""
    objects = find_objects(f'procedural:{2 * len(FAMILIES)}')
    assert {each.family for each in objects} == set(FAMILIES)
    assert len({each.name for each in objects}) == len(objects)
    assert find_objects('procedural:3-7') == objects[3:7]
    for wrong in ('procedural', 'procedural:0', 'procedural:5-5'):
        with pytest.raises(InvalidRequest, match='count'):
            find_objects(wrong)


def test_household_objects_are_numbered():
    """As the others, in a series of their own."""
    objects = find_objects(f'household:{2 * len(HOUSEHOLD_FAMILIES)}')
    assert [each.family for each in objects] == 2 * list(HOUSEHOLD_FAMILIES)
    assert objects[-1].seed == 1
    assert find_objects('household:3-7') == objects[3:7]
    assert load_target(objects[1])[0].is_watertight
    with pytest.raises(InvalidRequest, match='count'):
        find_objects('household')


def test_a_solid_is_the_mesh_that_is_judged(tmp_path):
    """Without its pieces, in metres, for numbers and for files of another unit."""
    trimesh.Trimesh(1000 * BOX.vertices, BOX.faces).export(tmp_path / 'box.stl')
    for target in (*find_objects('household:2'), *find_objects(str(tmp_path), unit=0.001)):
        solid, (mesh, _) = load_solid(target), load_target(target)
        np.testing.assert_allclose(solid.bounds, mesh.bounds, atol=1e-9)
        assert solid.volume == pytest.approx(mesh.volume) and solid.extents.max() < 0.5


def test_names_and_shapes_never_change(root):
    """Data refer to them: names by number, and the volumes stored in the packaged dataset."""
    assert ' '.join(each.name for each in find_objects('procedural:28')) == (
        'bottle_0000 carton_0000 mug_0000 pebble_0000 can_0000 hammer_0000 bowl_0000 '
        'cluster_0000 jar_0000 bracket_0000 torus_0000 soap_0000 goblet_0000 tube_0000 cone_0000 '
        'nut_0000 fruit_0000 brush_0000 screwdriver_0000 column_0000 plate_0000 cross_0000 '
        'dumbbell_0000 spoon_0000 bulb_0000 tray_0000 toy_block_0000 bottle_0001')
    assert ' '.join(each.name for each in find_objects('household:13')) == (
        'cereal_carton_0000 drink_bottle_0000 food_can_0000 book_0000 coffee_mug_0000 '
        'margarine_tub_0000 spray_can_0000 soup_bowl_0000 gable_carton_0000 preserve_jar_0000 '
        'rounded_pack_0000 crisp_tube_0000 cereal_carton_0001')
    stored = GraspDataset.open(root / 'data' / 'seed_grasps').prepared()
    compared = [each for each in find_objects('procedural:27') if each.name in stored]
    assert len(compared) >= 10
    for each in compared:
        assert load_target(each)[0].volume == pytest.approx(stored[each.name].volume, rel=1e-6)


def test_scale_scales():
    """Mesh and pieces alike."""
    target = ProceduralObject('mug', 1)
    (mesh, pieces), (large, large_pieces) = load_target(target), load_target(target, 1.5)
    assert large.volume == pytest.approx(1.5 ** 3 * mesh.volume)
    np.testing.assert_allclose(large_pieces[0], 1.5 * pieces[0])
    with pytest.raises(InvalidRequest, match='scale'):
        load_target(target, 0.0)


def test_what_is_far_from_its_origin_is_refused(tmp_path):
    """A dataset could not hold its cloud."""
    BOX.copy().apply_translation((0.5, 0, 0)).export(tmp_path / 'far.obj')
    with pytest.raises(UnusableObject, match='0.52 m from its origin'):
        prepare(find_objects(str(tmp_path))[0])


def test_random_urdfs_have_the_size_of_their_description():
    """They are a few centimetres large, not metres."""
    pytest.importorskip('pybullet_data', reason='pybullet has no wheel for this Python')
    (target,) = find_objects('random_urdfs:7-8')
    mesh, pieces = load_target(target)
    assert 0.02 < mesh.extents.max() < 0.2 and mesh.is_watertight and len(pieces)
    with pytest.raises(InvalidRequest, match='1000'):
        find_objects('random_urdfs:1000-1001')


def test_open_meshes_are_closed(tmp_path):
    """A box with a large opening is hollow, whatever the winding of its faces and its place."""
    lidless = part(BOX, np.arange(len(BOX.faces)) >= 2)
    lidless.export(tmp_path / 'open.obj')
    moved(turned(lidless), (0.1, 0.2, 0.1)).export(tmp_path / 'moved.obj')
    for target in find_objects(str(tmp_path)):
        mesh, pieces = load_target(target)
        assert mesh.is_volume and mesh.volume == pytest.approx(0.002 * lidless.area, rel=0.05)
        assert len(pieces) > 4


def test_faults_of_meshes_do_not_change_the_object(tmp_path):
    """A handle inside out, mixed faces: the mass properties and poses of the good mesh."""
    head = trimesh.creation.cylinder(radius=0.02, height=0.08)
    shaft = trimesh.creation.box(bounds=[[0.01, -0.01, -0.01], [0.17, 0.01, 0.01]])
    together(head, shaft).export(tmp_path / 'good.stl')
    together(head, turned(shaft)).export(tmp_path / 'inverted.stl')
    mixed(together(head, shaft), 0.4).export(tmp_path / 'mixed.stl')
    good, inverted, torn = (prepare(each) for each in find_objects(str(tmp_path)))
    for each in (inverted, torn):
        assert each.volume == pytest.approx(good.volume, rel=1e-6)
        np.testing.assert_allclose(each.centre_of_mass, good.centre_of_mass, atol=1e-6)
        np.testing.assert_allclose(each.inertia, good.inertia, rtol=1e-4, atol=1e-9)
        assert len(each.mended) > len(good.mended) and each.rests == good.rests


def test_an_object_that_takes_too_long_is_named(tmp_path, capsys):
    """The exit code tells; a limit is not negative."""
    bowl().export(tmp_path / 'bowl.obj')  # Its wall is cut into pieces for seconds.
    limit = ['--time-limit', '0.2', '--workers', '1']
    assert main(['objects', str(tmp_path), '--json', *limit]) == 1
    assert 'took longer than 0.2 s' in json.loads(capsys.readouterr().out)['bowl']['error']
    assert main(['stability', str(tmp_path), *limit]) == 0
    assert 'took longer than 0.2 s' in capsys.readouterr().out
    assert main(['objects', str(tmp_path), '--time-limit', '-1']) == 1
    assert 'time-limit is -1' in capsys.readouterr().err


def test_what_is_left_out_is_named_once(tmp_path, capfd):
    """On the standard error stream, apart from the results."""
    BOX.export(tmp_path / 'box.obj')
    BOX.export(tmp_path / 'glass.glb')
    (tmp_path / 'lamp.fbx').write_bytes(b'Kaydara')
    script = ('import sys\n'
              'from dexlite_ros.offline.objects.sources import find_objects\n'
              'print(*(each.name for each in find_objects(sys.argv[1])))\n')
    subprocess.run([sys.executable, '-c', script, str(tmp_path)], check=True)
    out, err = capfd.readouterr()
    assert out == 'box glass\n'
    assert err.count('lamp.fbx') == 1 and '1 of its files left out' in err


def test_millimetres_are_told(tmp_path):
    """The error names the size and the unit that fixes it."""
    BOX.copy().apply_scale(1000).export(tmp_path / 'large.stl')
    (target,) = find_objects(str(tmp_path))
    with pytest.raises(FileError, match='100 m.*--unit 0.001'):
        load_target(target)
    (target,) = find_objects(str(tmp_path), unit=0.001)
    assert load_target(target)[0].volume == pytest.approx(BOX.volume)


def test_a_box_is_what_mechanics_says(tmp_path):
    """Volume, centre and inertia of 0.1 kg by their formulas; the cloud lies on its faces."""
    BOX.copy().apply_translation((0.01, 0, 0)).export(tmp_path / 'box.obj')
    prepared = prepare(find_objects(str(tmp_path))[0])
    assert prepared.volume == pytest.approx(BOX.volume)
    np.testing.assert_allclose(prepared.centre_of_mass, (0.01, 0, 0), atol=1e-9)
    x, y, z = 0.04, 0.06, 0.10
    expected = 0.1 / 12 * np.array([y * y + z * z, x * x + z * z, x * x + y * y])
    np.testing.assert_allclose(prepared.inertia, np.diag(expected), rtol=1e-4, atol=1e-12)
    faces = np.abs(np.abs(prepared.points - (0.01, 0, 0)) - np.array([x, y, z]) / 2)
    assert len(prepared.points) == 2048 and faces.min(1).max() < 1e-9
    outward = np.einsum('ij,ij->i', prepared.points - (0.01, 0, 0), prepared.normals)
    assert (outward > 0).all()
    assert prepared.rests and prepared.family == 'mesh'


def test_what_falls_over_is_kept_and_marked():
    """A fruit on its tip does not rest, and its verdict tells how it fell."""
    prepared = prepare(ProceduralObject('fruit', 0))
    assert not prepared.rests
    assert all(each.verdict.reason in ('turned', 'moved') for each in prepared.poses)


def test_splits_depend_on_the_name_alone():
    """About a tenth is for validation, and similar objects stay in one split."""
    files = [ObjectFile(f'object_{number}', Path('mesh.obj')) for number in range(2000)]
    splits = [split_of(each) for each in files]
    assert 0.08 < splits.count('val') / len(splits) < 0.12
    assert len({split_of(replace(each, group='alike')) for each in files}) == 1


def test_the_command_shows_objects(tmp_path, capsys):
    """A table, a picture, and a broken mesh that does not stop the others."""
    BOX.export(tmp_path / 'box.obj')
    BOX.copy().apply_scale(1000).export(tmp_path / 'large.obj')
    picture = tmp_path / 'objects.png'
    assert main(['objects', str(tmp_path), '--workers', '1', '--picture', str(picture)]) == 1
    text = capsys.readouterr().out
    assert '--unit 0.001' in text and '1 of 1 objects rest' in text
    assert picture.read_bytes().startswith(b'\x89PNG')
