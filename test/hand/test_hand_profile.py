# SPDX-License-Identifier: Apache-2.0
"""Hands in files: nothing is lost, and whatever is wrong is told by its key."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from three_finger_hand import THREE_FINGER_HAND
import trimesh
import yaml

from dexlite_ros.errors import FileError, UnsupportedHand
from dexlite_ros.hand import known_hands
from dexlite_ros.hand.description import Geom, HandDescription
from dexlite_ros.hand.description_checks import faults
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.hand.profile import read_hand, write_hand
from dexlite_ros.hand.shadow_hand import SHADOW_LEFT, SHADOW_RIGHT

ALL = [SHADOW_RIGHT, SHADOW_LEFT, THREE_FINGER_HAND]


@pytest.fixture(autouse=True)
def own_hands(monkeypatch):
    """Forget what is read from files, and search no folder of the user's."""
    monkeypatch.setattr(known_hands, 'HANDS', dict(known_hands.HANDS))
    monkeypatch.delenv('DEXLITE_HANDS', raising=False)


@pytest.mark.parametrize('hand', ALL, ids=lambda hand: hand.name)
def test_what_is_read_is_what_was_written(hand: HandDescription, tmp_path: Path):
    """Every number of a hand survives, and the file is the same when written again."""
    path = write_hand(hand, tmp_path / 'hand.yaml')
    assert read_hand(path) == hand == read_hand(tmp_path)
    again = write_hand(read_hand(path), tmp_path / 'again.yaml')
    assert again.read_bytes() == path.read_bytes()
    assert not list(faults(hand))


def test_random_numbers_survive(tmp_path: Path):
    """Numbers of all sizes are read as they were written, bit by bit."""
    rng = np.random.default_rng(0)
    for scale in (1e-12, 1e-5, 1.0, 1e4):
        centre = tuple((scale * rng.standard_normal(3)).tolist())
        hand = replace(THREE_FINGER_HAND, grasp_centre=centre, palm_centre=(-0.0, 1.0, scale))
        assert read_hand(write_hand(hand, tmp_path / 'hand.yaml')) == hand


def test_units_stand_at_the_head(tmp_path: Path):
    """Whoever edits the file sees what its numbers mean, and its version."""
    text = write_hand(SHADOW_RIGHT, tmp_path / 'hand.yaml').read_text()
    head = text.partition('name:')[0]
    assert head.startswith('#')
    for word in ('metres', 'radians', 'kilograms', 'w, x, y, z', 'format: dexlite_ros/hand',
                 'version: 1'):
        assert word in head


def changed(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Return the file of the right hand after a change of its content."""
    path = write_hand(SHADOW_RIGHT, tmp_path / 'hand.yaml')
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content))
    return path


WRONG = {
    'version': (lambda c: c.update(version=7), 'version 7; .* reads version 1'),
    'format': (lambda c: c.update(format='x'), 'not of the format'),
    'unknown key': (lambda c: c['links'][3].update(colour=1), r"'links\[3\].colour' is 1; .*key"),
    'missing key': (lambda c: c.pop('couplings'), "'couplings' .*missing"),
    'missing part': (lambda c: c['links'][3]['position'].pop(), r"'links\[3\].position\[2\]'"),
    'text for a number': (
        lambda c: c['links'][3]['joint'].update(lower='2e-4'),
        r"'links\[3\].joint.lower' is '2e-4'; expected a number.*2.0e-4"),
    'truth for a number': (lambda c: c['links'][3].update(mass=True), r"mass' is True; .*number"),
    'number for a text': (lambda c: c.update(name=3), "'name' is 3; expected a text"),
    'text for a list': (lambda c: c.update(links='x'), "'links' is 'x'; expected a list"),
    'a date': (lambda c: c.update(name=date(2026, 1, 1)), 'neither number'),
    'shape': (lambda c: c['links'][1]['geoms'][0].update(shape='cone'), "'cone'; .*'capsule'"),
    'NaN': (lambda c: c['grasp_centre'].__setitem__(1, float('nan')),
            r"'grasp_centre\[1\]' is nan; expected a finite number"),
    'infinite': (lambda c: c['joint_dynamics'].update(effort=float('inf')), 'effort.* finite'),
    'limits reversed': (
        lambda c: c['links'][2]['joint'].update(lower=1.0, upper=-1.0),
        r"'links\[2\].joint.upper' is -1.0; expected more than 'lower'.*reversed"),
    'open beyond': (lambda c: c['links'][2]['joint'].update(open=9.0), "open' is 9.0; .*limits"),
    'parent after child': (
        lambda c: c['links'].insert(1, c['links'].pop(2)),
        r"'links\[1\].parent' is 'rh_ffknuckle'; .*parents before"),
    'second root': (lambda c: c['links'][2].update(parent=None), 'parents before'),
    'root with a joint': (
        lambda c: c['links'][0].update(joint=c['links'][1]['joint']), r"'links\[0\].joint'"),
    'link twice': (lambda c: c['links'][2].update(name='rh_palm'), 'name of its own'),
    'joint twice': (
        lambda c: c['links'][2]['joint'].update(name='FFJ4') or c['links'][1]['joint'].update(
            name='FFJ4'), r"'links\[2\].joint.name' is 'FFJ4'"),
    'no axis': (lambda c: c['links'][2]['joint'].update(axis=[0.0, 0.0, 0.0]), 'not zero'),
    'quaternion': (lambda c: c['links'][2].update(quat_wxyz=[2.0, 0.0, 0.0, 0.0]),
                   r"quat_wxyz' is \(2.0, .*length is 1, not 2"),
    'quaternion of a shape': (
        lambda c: c['links'][0]['geoms'][3].update(quat_wxyz=[0.5, 0.5, 0.5, 0.0]), 'length is 1'),
    'mass': (lambda c: c['links'][2].update(mass=-0.1), 'mass.*positive'),
    'no shape': (lambda c: c['links'][2].update(geoms=[]), 'at least one shape'),
    'size': (lambda c: c['links'][0]['geoms'][0].update(size=[0.1, 0.1]), '3 positive numbers'),
    'flat hull': (
        lambda c: c['links'][4]['geoms'][0].update(
            vertices=[[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.1, 0.0], [0.1, 0.1, 0.0]]),
        'not all of them in a plane'),
    'vertices of a box': (
        lambda c: c['links'][0]['geoms'][0].update(vertices=[[0.0, 0.0, 0.0]]), "only for 'hull'"),
    'coupling': (lambda c: c['couplings'][1]['joints'].__setitem__(0, 'elbow'),
                 r"'couplings\[1\].joints\[0\]' is 'elbow'; expected the name of a joint"),
    'coupled twice': (
        lambda c: c['couplings'][1].update(joints=c['couplings'][0]['joints']), 'does not have'),
    'region': (lambda c: c['contact_regions'][0].update(link='elbow'),
               r"'contact_regions\[0\].link' is 'elbow'|contact_patterns"),
    'group': (lambda c: c['contact_regions'][0].update(group='nail'), "'nail'; .*tip, middle"),
    'pattern of others': (lambda c: c['contact_patterns'].update(tips=['elbow']), 'elbow'),
    'no pattern': (lambda c: c['contact_patterns'].pop('wrap'), "a pattern 'wrap'"),
    'exclusion': (lambda c: c['collision_exclusions'][0].__setitem__(1, 'elbow'), 'elbow'),
    'pinch': (lambda c: c['pinch_points'][1].__setitem__(0, 'elbow'), 'elbow'),
    'direction': (lambda c: c.update(palmar_direction=[0.0, 2.0, 0.0]), 'not 2: divide'),
    'not across': (lambda c: c.update(finger_direction=[0.0, 1.0, 0.0]), 'across'),
    'velocity': (lambda c: c['joint_dynamics'].update(velocity=0.0), 'velocity.*positive'),
    'mirror': (lambda c: c.update(mirror_of={'name': 'x'}), "'mirror_of.prefix' .*missing"),
}


@pytest.mark.parametrize('name', WRONG)
def test_what_is_wrong_is_told(name: str, tmp_path: Path):
    """An error names the file, the key, the value, and what is expected in its place."""
    change, told = WRONG[name]
    with pytest.raises(FileError, match=told) as caught:
        read_hand(changed(tmp_path, change))
    assert 'hand.yaml' in str(caught.value) and len(str(caught.value)) < 800


@pytest.mark.parametrize('text', ['a: [', '- 1', '', '\x00'])
def test_what_is_no_profile_is_refused(text: str, tmp_path: Path):
    """Broken YAML, a list, an empty file and a missing one are errors of the file."""
    path = tmp_path / 'hand.yaml'
    path.write_text(text)
    with pytest.raises(FileError, match='YAML|format'):
        read_hand(path)
    with pytest.raises(FileError, match='No such file'):
        read_hand(tmp_path / 'none.yaml')


def test_a_hull_may_be_a_mesh_beside_the_file(tmp_path: Path):
    """The convex hull of the mesh takes the place of vertices; a missing mesh is an error."""
    trimesh.creation.box((0.02, 0.03, 0.04)).export(tmp_path / 'tip.stl')

    def use(mesh: str) -> Path:
        return changed(tmp_path, lambda c: c['links'][4].update(
            geoms=[{'shape': 'hull', 'mesh': mesh}]))

    found = read_hand(use('tip.stl')).links[4].geoms
    assert found[0].shape == 'hull' and len(found) == 1
    np.testing.assert_allclose(np.ptp(found[0].vertices, axis=0), (0.02, 0.03, 0.04), atol=1e-9)
    with pytest.raises(FileError, match=r"'links\[4\].geoms\[0\].mesh' is 'none.stl'"):
        read_hand(use('none.stl'))


def test_hands_are_found_by_path_and_by_folder(tmp_path: Path, monkeypatch):
    """A profile is found by its path, its folder, and by name in the folders of the variable."""
    path = write_hand(THREE_FINGER_HAND, tmp_path / 'three_finger' / 'hand.yaml')
    with pytest.raises(UnsupportedHand, match=r'shadow_left.*\.yaml.*DEXLITE_HANDS'):
        find_hand('three_finger')
    assert find_hand(str(path)) == find_hand(f'{path.parent}/') == THREE_FINGER_HAND
    assert find_hand('three_finger') == THREE_FINGER_HAND, 'it was read before'
    known_hands.HANDS.pop('three_finger')
    monkeypatch.setenv('DEXLITE_HANDS', f'/nowhere:{tmp_path}')
    assert find_hand('three_finger') == THREE_FINGER_HAND
    with pytest.raises(UnsupportedHand):
        find_hand('four_finger')
    write_hand(THREE_FINGER_HAND, tmp_path / 'four_finger.yaml')
    with pytest.raises(FileError, match="'three_finger'; expected 'four_finger'"):
        find_hand('four_finger')


def test_a_profile_cannot_take_the_name_of_another_hand(tmp_path: Path):
    """A changed copy of a hand of the package needs a name of its own; an equal one does not."""
    path = write_hand(SHADOW_RIGHT, tmp_path / 'hand.yaml')
    assert find_hand(str(path)) == SHADOW_RIGHT
    write_hand(replace(SHADOW_RIGHT, palm_centre=(0.0, 0.0, 0.0)), path)
    with pytest.raises(FileError, match="'shadow_right'.*choose another"):
        find_hand(str(path))
    assert find_hand('shadow_right') == SHADOW_RIGHT


def test_an_edited_profile_is_read_again(tmp_path: Path):
    """The same path gives what the file says now."""
    path = write_hand(THREE_FINGER_HAND, tmp_path / 'hand.yaml')
    find_hand(str(path))
    palm = replace(THREE_FINGER_HAND.links[0], geoms=(Geom('box', (0.05, 0.05, 0.01)),))
    wider = replace(THREE_FINGER_HAND, links=(palm, *THREE_FINGER_HAND.links[1:]))
    write_hand(wider, path)
    assert find_hand(str(path)) == wider == find_hand(wider.name)
