# SPDX-License-Identifier: Apache-2.0
"""Grasps in DexGraspNet's layout: its table of joints is proven by forward kinematics."""

from hands import geometry, random_grasps
import numpy as np
from plans import make_plan
import pytest
import roma
import torch

from dexlite_ros.errors import FileError
from dexlite_ros.offline.formats import dexgraspnet
from dexlite_ros.offline.formats.npy_file import load_npy, save_npy
from dexlite_ros.output.plan_file import GraspSet

# The joints' axes in DexGraspNet's mjcf/shadow_hand_wrist_free.xml, where no link is turned
# against its parent but the thumb's base; in the order of each chain.
FINGER = ((0, 1, 0), (1, 0, 0), (1, 0, 0), (1, 0, 0))
AXES = {
    'FF': FINGER, 'MF': FINGER, 'RF': FINGER, 'LF': ((0.571, 0, 0.821), *FINGER),
    'TH': ((0, 0, -1), (1, 0, 0), (1, 0, 0), (0, 1, 0), (0, 1, 0)),
}
TIPS = {'FF': 'rh_ffdistal', 'MF': 'rh_mfdistal', 'RF': 'rh_rfdistal', 'LF': 'rh_lfdistal',
        'TH': 'rh_thdistal'}


def fingertip_rotations(qpos: dict[str, float]) -> dict[str, torch.Tensor]:
    """Return how each last link is turned against the posture of zeros, in their hand."""
    found = {}
    for finger, axes in AXES.items():
        rotation = torch.eye(3, dtype=torch.float64)
        for number, axis in zip(range(len(axes) - 1, -1, -1), axes):
            unit = torch.nn.functional.normalize(torch.tensor(axis).double(), dim=0)
            rotation = rotation @ roma.rotvec_to_rotmat(
                unit * qpos[f'robot0:{finger}J{number}'])
        found[finger] = rotation
    return found


def test_fingertips_turn_as_theirs_do(tmp_path):
    """For any exported posture, each fingertip has the same orientation in both hands."""
    kinematics = geometry().kinematics
    grasps = random_grasps(20)
    names = list(kinematics.description.link_names)
    turned = kinematics(grasps).rotation
    still = kinematics(type(grasps)(
        grasps.translation, grasps.rotation, torch.zeros_like(grasps.joints))).rotation
    staged = make_plan(20).grasps
    staged = type(staged)(grasps, grasps, grasps)
    dexgraspnet.write([GraspSet(staged, name='cup')], tmp_path / 'cup.npy')
    for index, entry in enumerate(load_npy(tmp_path / 'cup.npy')):
        palm = grasps.rotation[index]
        theirs = fingertip_rotations(entry['qpos'])
        for finger, link in TIPS.items():
            place = names.index(link)
            ours = palm.T @ turned[index, place] @ still[index, place].T @ palm
            if finger == 'TH':
                # The thumb's base is turned by 45 degrees about y in both hands.
                base = roma.rotvec_to_rotmat(
                    torch.tensor([0.0, np.pi / 4, 0.0], dtype=torch.float64))
                expected = base @ theirs[finger] @ base.T
            else:
                expected = theirs[finger]
            # The axis of the little finger's metacarpal differs by 0.2 degrees.
            torch.testing.assert_close(ours, expected, rtol=0, atol=5e-3, msg=f'{finger} {index}')


def test_round_trip(tmp_path):
    """Wrist and joints survive a round trip; sets are distinguished by their scale."""
    sets = [GraspSet(make_plan(3, seed).grasps, name='cup', scale=scale)
            for seed, scale in ((0, 0.06), (1, 0.1))]
    dexgraspnet.write(sets, tmp_path / 'cup.npy')
    for back, sent in zip(dexgraspnet.read(tmp_path), sets):
        assert (back.name, back.scale, len(back.grasps)) == ('cup', sent.scale, 3)
        for part, value in vars(back.grasps.grasp).items():
            expected = getattr(sent.grasps.grasp, part).double()
            torch.testing.assert_close(value, expected, rtol=0, atol=1e-5)


def test_squeeze_flexes_and_keeps_limits():
    """Flexion joints move 0.07 rad further, or to their limit; abduction joints stay."""
    grasps = random_grasps(3)
    grasps.joints[0] = geometry().kinematics.upper - 0.01
    grasps.joints[1] = 0.1
    turn = dexgraspnet.with_flexion(grasps).squeeze.joints - grasps.joints
    names = dexgraspnet.JOINTS
    assert (turn[0] <= 0.0101).all()
    for name, value in zip(names, turn[1].tolist()):
        spreads = name[-1] in '45' or name == 'THJ3'
        assert value == pytest.approx(0.0 if spreads else 0.07), name


def test_other_content_is_refused(tmp_path):
    """The error names an incomplete grasp."""
    dexgraspnet.write([GraspSet(make_plan(2).grasps, name='cup')], tmp_path / 'cup.npy')
    entries = list(load_npy(tmp_path / 'cup.npy'))
    del entries[1]['qpos']['robot0:THJ0']
    save_npy(tmp_path / 'cup.npy', entries)
    with pytest.raises(FileError, match='grasp 1 .*THJ0'):
        dexgraspnet.read(tmp_path / 'cup.npy')
    save_npy(tmp_path / 'cup.npy', {'one': 1})
    with pytest.raises(FileError, match='list'):
        dexgraspnet.read(tmp_path / 'cup.npy')


def test_broken_grasps_and_files_are_left_out(tmp_path):
    """With ``skip`` the others are read; grasps are named by file and number."""
    dexgraspnet.write([GraspSet(make_plan(4).grasps, name='cup')], tmp_path / 'cup.npy')
    entries = list(load_npy(tmp_path / 'cup.npy'))
    entries[1]['qpos']['WRJTx'] = float('nan')
    entries[2] = 'no grasp'
    save_npy(tmp_path / 'cup.npy', entries)
    (tmp_path / 'text.npy').write_text('no array')
    np.save(tmp_path / 'empty.npy', np.array([], object))
    errors = []
    (cup,) = dexgraspnet.read(tmp_path, errors.append)
    told = '\n'.join(map(str, errors))
    assert len(cup.grasps) == 2 and len(errors) == 4
    for name in ('grasp 1 of it', 'grasp 2 of it', 'text.npy', 'empty.npy'):
        assert name in told
    with pytest.raises(FileError, match='empty.npy'):
        dexgraspnet.read(tmp_path / 'empty.npy', errors.append)


def test_a_posed_object_takes_its_grasp_along(tmp_path):
    """An entry with ``obj_pose`` gives the grasp in the frame of the object."""
    sent = make_plan(1).grasps
    shift = torch.tensor([0.1, 0.2, 0.3])
    moved = sent.each(lambda batch: batch.transformed(torch.eye(3), shift))
    dexgraspnet.write([GraspSet(moved, name='cup')], tmp_path / 'cup.npy')
    (entry,) = load_npy(tmp_path / 'cup.npy')
    save_npy(tmp_path / 'cup.npy', [{**entry, 'obj_pose': [*shift.tolist(), 1, 0, 0, 0]}])
    (cup,) = dexgraspnet.read(tmp_path / 'cup.npy')
    torch.testing.assert_close(
        cup.grasps.grasp.translation, sent.grasp.translation.double(), rtol=0, atol=1e-6)
    save_npy(tmp_path / 'cup.npy', [{**entry, 'obj_pose': np.diag([1.0, 1, 3, 1])}])
    with pytest.raises(FileError, match='cup.npy.*not rigid'):
        dexgraspnet.read(tmp_path / 'cup.npy')
