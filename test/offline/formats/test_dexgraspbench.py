# SPDX-License-Identifier: Apache-2.0
"""Grasps survive a round trip in DexGraspBench's layout, with the root where documented."""

from dataclasses import replace

import numpy as np
from plans import make_plan
import pytest
import roma
import torch

from dexlite_ros.errors import FileError
from dexlite_ros.offline.formats import dexgraspbench
from dexlite_ros.offline.formats.npy_file import load_npy, save_npy
from dexlite_ros.output.plan_file import GraspSet


def test_round_trip(tmp_path):
    """Poses and joints of all stages return, in order, in one set per object and scale."""
    sets = [GraspSet(make_plan(12, seed).grasps, name='cup', scale=scale)
            for seed, scale in ((0, 0.08), (1, 0.12))]
    for each in sets:
        paths = dexgraspbench.write(each, tmp_path)
        assert paths[11].relative_to(tmp_path).as_posix() == (
            f'cup/scale{round(100 * each.scale):03d}_pose000/11.npy')
    for back, sent in zip(dexgraspbench.read(tmp_path), sets):
        assert (back.name, back.scale) == (sent.name, sent.scale)
        for name, batch in vars(back.grasps).items():
            expected = getattr(sent.grasps, name).to(torch.float64)
            for part, value in vars(batch).items():
                torch.testing.assert_close(value, getattr(expected, part), rtol=0, atol=1e-6)


def test_nothing_is_overwritten(tmp_path):
    """Existing grasps of an object and scale are not overwritten."""
    cup = GraspSet(make_plan(1).grasps, name='cup', scale=0.06)
    dexgraspbench.write(cup, tmp_path)
    with pytest.raises(FileError, match='already'):
        dexgraspbench.write(replace(cup, scale=0.061), tmp_path)


def test_the_root_is_34_mm_behind_the_palm(tmp_path):
    """A hand whose fingers point along x: 7 numbers of pose, w of the quaternion first."""
    content = {
        'obj_pose': np.array([0.0, 0, 0, 1, 0, 0, 0]), 'obj_scale': 1.0, 'obj_path': 'a/cup',
        # Turned by a quarter about y, which takes z to x.
        **{f'{stage}_qpos': np.array([0.1, 0, 0, 0.5 ** 0.5, 0, 0.5 ** 0.5, 0] + [0.0] * 22)
           for stage in ('pregrasp', 'grasp', 'squeeze')}}
    save_npy(tmp_path / '0.npy', content)
    (cup,) = dexgraspbench.read(tmp_path / '0.npy')
    np.testing.assert_allclose(cup.grasps.grasp.translation, [[0.134, 0, 0]], atol=1e-12)
    fingers = cup.grasps.grasp.rotation[0] @ torch.tensor([0.0, 0, 1]).double()
    np.testing.assert_allclose(fingers, [1, 0, 0], atol=1e-12)
    dexgraspbench.write(cup, tmp_path / 'out')
    back = load_npy(tmp_path / 'out' / 'cup' / 'scale100_pose000' / '0.npy').item()
    np.testing.assert_allclose(back['grasp_qpos'], content['grasp_qpos'], atol=1e-6)


@pytest.mark.parametrize(('change', 'reason'), [
    ({'squeeze_qpos': np.zeros(28)}, '29'), ({'grasp_qpos': np.full(29, np.nan)}, '29'),
    ({'obj_scale': None}, 'missing'), ({'obj_scale': np.ones(2)}, 'positive'),
    ({'obj_path': 'cup/..'}, 'names no object'),
    ({'obj_path': 'a/\0'}, 'names no object'), ({'obj_scale': 'large'}, 'positive'),
    ({'grasp_qpos': [[1.0], 'a']}, '29'), ({'grasp_qpos': np.zeros(29)}, 'length 0'),
    ({'obj_pose': np.ones(7)}, 'not rigid'), ({'obj_pose': np.diag([2.0, 1, 1, 1])}, 'not rigid'),
    ({'obj_pose': 'here'}, 'obj_pose')])
def test_other_content_is_refused(tmp_path, change, reason):
    """The error names the file and the field."""
    (path,) = dexgraspbench.write(GraspSet(make_plan(1).grasps, name='cup'), tmp_path)
    content = {**load_npy(path).item(), **change}
    save_npy(path, {key: value for key, value in content.items() if value is not None})
    with pytest.raises(FileError, match=f'{path.name}.*{reason}'):
        dexgraspbench.read(path)
    with pytest.raises(FileError, match='no .npy'):
        (tmp_path / 'empty').mkdir()
        dexgraspbench.read(tmp_path / 'empty')


def test_grasps_of_a_posed_object_are_in_its_frame(tmp_path):
    """However hand and object were moved together, the grasps of the object are the same."""
    sent = GraspSet(make_plan(3).grasps, name='cup')
    quat = torch.nn.functional.normalize(torch.tensor([0.3, -0.5, 0.1, 0.8]).double(), dim=0)
    rotation, shift = roma.unitquat_to_rotmat(quat), torch.tensor([0.4, -1.0, 0.7]).double()
    moved = sent.grasps.to(torch.float64).each(lambda batch: batch.transformed(rotation, shift))
    for path in dexgraspbench.write(replace(sent, grasps=moved), tmp_path):
        pose = torch.cat([shift, quat[[3, 0, 1, 2]]]).numpy()
        save_npy(path, {**load_npy(path).item(), 'obj_pose': pose})
    (found,) = dexgraspbench.read(tmp_path)
    for name, batch in vars(found.grasps).items():
        expected = getattr(sent.grasps, name).to(torch.float64)
        for part, value in vars(batch).items():
            torch.testing.assert_close(value, getattr(expected, part), rtol=0, atol=2e-6)


def test_broken_files_are_left_out(tmp_path):
    """With ``skip`` the others are read, and each broken file is named."""
    paths = dexgraspbench.write(GraspSet(make_plan(5).grasps, name='cup'), tmp_path)
    paths[1].write_bytes(paths[1].read_bytes()[:100])
    save_npy(paths[3], {**load_npy(paths[3]).item(), 'obj_pose': np.ones(7)})
    (tmp_path / 'folder.npy').mkdir()
    errors = []
    (cup,) = dexgraspbench.read(tmp_path, errors.append)
    assert len(cup.grasps) == 3
    assert sorted(str(error).split("'")[1] for error in errors) == sorted(
        map(str, (paths[1], paths[3], tmp_path / 'folder.npy')))
    for path in (paths[0], paths[2], paths[4]):
        path.unlink()
    with pytest.raises(FileError, match='no grasp'):
        dexgraspbench.read(tmp_path, errors.append)
    assert len(errors) == 6
