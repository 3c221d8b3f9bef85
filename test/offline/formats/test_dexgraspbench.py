# SPDX-License-Identifier: Apache-2.0
"""Grasps survive a round trip in DexGraspBench's layout, with the root where documented."""

from dataclasses import replace
from xml.etree import ElementTree

import mujoco
import numpy as np
from plans import make_plan
import pytest
import roma
import torch

from dexlite_ros.errors import FileError, UnsupportedHand
from dexlite_ros.grasp import GraspBatch, StagedGrasp
from dexlite_ros.hand.kinematics import HandKinematics
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.hand.mjcf import write_mjcf
from dexlite_ros.offline.formats import dexgraspbench
from dexlite_ros.offline.formats.npy_file import load_npy, save_npy
from dexlite_ros.output.plan_file import GraspSet

HANDS = pytest.mark.parametrize('hand', dexgraspbench.PALMS)
# Place of the palm in the benchmark's models of the hands.
PALMS = {
    'shadow_right': {'pos': '0 0 0.034'},
    'allegro_right': {'quat': '0 1 0 1'},
    'leap_right': {'pos': '0 0 0.1', 'quat': '0 1 0 0'}}


def _grasps(hand: str, count: int, seed: int = 0) -> StagedGrasp:
    """Return random grasps within the limits of a hand."""
    description = find_hand(hand)
    kinematics = HandKinematics(description)
    generator = torch.Generator().manual_seed(seed)

    def batch() -> GraspBatch:
        draw = torch.rand(count, len(description.joints), generator=generator)
        quat = torch.nn.functional.normalize(torch.randn(count, 4, generator=generator), dim=1)
        return GraspBatch(
            torch.randn(count, 3, generator=generator), roma.unitquat_to_rotmat(quat),
            kinematics.lower + (kinematics.upper - kinematics.lower) * draw)

    return StagedGrasp(batch(), batch(), batch())


@HANDS
def test_round_trip(tmp_path, hand):
    """Poses and joints of all stages return, in order, in one set per object and scale."""
    sets = [GraspSet(_grasps(hand, 12, seed), hand, name='cup', scale=scale)
            for seed, scale in ((0, 0.08), (1, 0.12))]
    for each in sets:
        paths = dexgraspbench.write(each, tmp_path)
        assert paths[11].relative_to(tmp_path).as_posix() == (
            f'cup/scale{round(100 * each.scale):03d}_pose000/11.npy')
    for back, sent in zip(dexgraspbench.read(tmp_path, hand=hand), sets, strict=True):
        assert (back.hand, back.name, back.scale) == (hand, sent.name, sent.scale)
        for name, batch in vars(back.grasps).items():
            expected = getattr(sent.grasps, name).to(torch.float64)
            for part, value in vars(batch).items():
                torch.testing.assert_close(value, getattr(expected, part), rtol=0, atol=1e-6)


@HANDS
def test_links_are_where_a_model_of_the_benchmark_has_them(tmp_path, hand):
    """With the palm placed as in the benchmark's MJCF, its numbers put links where ours are."""
    description = find_hand(hand)
    root = ElementTree.fromstring(write_mjcf(description))
    palm = root.find('worldbody/body')
    palm.attrib |= {'pos': '0 0 0', 'quat': '1 0 0 0', **PALMS[hand]}
    model = mujoco.MjModel.from_xml_string(ElementTree.tostring(root, encoding='unicode'))
    data = mujoco.MjData(model)
    sent = _grasps(hand, 4)
    poses = HandKinematics(description)(sent.squeeze)
    for index, path in enumerate(dexgraspbench.write(GraspSet(sent, hand, 'cup'), tmp_path)):
        numbers = load_npy(path).item()['squeeze_qpos'].astype(float)
        assert numbers.shape == (7 + model.nq,)
        data.qpos[:] = numbers[7:]
        mujoco.mj_kinematics(model, data)
        turn = roma.unitquat_to_rotmat(torch.from_numpy(numbers[[4, 5, 6, 3]])).numpy()
        found = [turn @ data.body(link).xpos + numbers[:3] for link in description.link_names]
        np.testing.assert_allclose(found, poses.position[index], atol=2e-6)


def test_the_hand_has_to_be_one_of_the_benchmark(tmp_path):
    """A left hand has no place there; files of one hand are not read as those of another."""
    grasps = GraspSet(_grasps('leap_right', 1), 'leap_right', 'cup')
    with pytest.raises(UnsupportedHand, match='shadow_left.*leap_right.*DexGraspBench'):
        dexgraspbench.write(GraspSet(make_plan(1).grasps, 'shadow_left', 'cup'), tmp_path)
    with pytest.raises(UnsupportedHand, match='shadow_left'):
        dexgraspbench.read(tmp_path, hand='shadow_left')
    assert not any(tmp_path.iterdir())
    dexgraspbench.write(grasps, tmp_path)
    with pytest.raises(FileError, match='23 numbers, not 29.*allegro_right or leap_right'):
        dexgraspbench.read(tmp_path / 'cup' / 'scale100_pose000' / '0.npy')


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
