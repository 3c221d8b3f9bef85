# SPDX-License-Identifier: Apache-2.0
"""Datasets return what was written, and every violated invariant is detected."""

import json
import math

from datasets import changed, copied, GRASPS, made, TASKS
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from dexlite_ros.errors import FileError
from dexlite_ros.grasp import STAGES
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.dataset.checks import Content, verify
from dexlite_ros.offline.dataset.drawing import file_name
from dexlite_ros.offline.dataset.merging import merge
from dexlite_ros.offline.dataset.schema import stages_from_table, stages_to_columns
from dexlite_ros.offline.dataset.store import (
    GraspDataset,
    held,
    keys,
    object_from_row,
    object_to_table,
)
from dexlite_ros.offline.objects.prepared_object import prepare
from dexlite_ros.offline.objects.sources import ProceduralObject
from dexlite_ros.output.plan_file import read_grasps


def broken(dataset: GraspDataset) -> set[str]:
    """Return the names of the checks that fail."""
    checks = verify(Content.of(dataset), np.random.default_rng(0))
    return {each.name for each in checks if not each.passed}


def test_objects_read_back():
    """An object is read back to the resolution of its columns."""
    prepared = prepare(ProceduralObject('mug', 0))
    (row,) = object_to_table(prepared).to_pylist()
    again = object_from_row(row)
    np.testing.assert_allclose(again.points, prepared.points, atol=5.1e-6)
    np.testing.assert_allclose(again.normals, prepared.normals, atol=0.01)
    for first, second in zip(again.pieces, prepared.pieces, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-7)
    np.testing.assert_allclose(again.inertia, prepared.inertia, rtol=1e-6, atol=1e-12)
    assert [each.verdict.passed for each in again.poses] == [
        each.verdict.passed for each in prepared.poses]
    assert (again.name, again.digest, again.split) == (
        prepared.name, prepared.digest, prepared.split)


def test_grasps_read_back():
    """Three stages survive the conversion to columns and back."""
    table = made().grasps()
    staged = stages_from_table(table)
    columns = stages_to_columns(staged)
    for name, column in columns.items():
        np.testing.assert_allclose(
            column.flatten().to_numpy(), table[name].combine_chunks().flatten().to_numpy(),
            atol=1e-6)
    turned = staged.squeeze.rotation.roll(1, dims=0)
    with pytest.raises(ValueError, match='wrist'):
        stages_to_columns(type(staged)(
            staged.pregrasp, staged.grasp, type(staged.grasp)(
                staged.squeeze.translation, turned, staged.squeeze.joints)))


def test_a_generated_dataset_obeys_every_law(capsys):
    """Verification passes, and reports what it checked."""
    assert main(['dataset', 'verify', str(made().folder), '--judge', '4', '--workers', '1',
                 '--pass-share', '0.7']) == 0
    text = capsys.readouterr().out
    passed = sum(line.startswith('ok ') for line in text.splitlines())
    assert 'FAIL' not in text and passed == 13 and '4 hold again' in text


@pytest.mark.parametrize(('column', 'value', 'law'), [
    ('pregrasp_joints', lambda joints: [*joints[:21], 3.0], 'joints are within limits'),
    ('squeeze_joints', lambda joints: [-1.0, *joints[1:]], 'joints are within limits'),
    ('pregrasp_joints', lambda joints: [*joints[:2], joints[2] / 2 + 0.1, *joints[3:]],
     'coupled joints are equal'),
    ('split', lambda split: 'val' if split == 'train' else 'train', 'splits do not mix'),
    ('number', 1, 'keys are unique'),
    ('six_forces_reason', 'dropped', 'verdicts have reasons'),
    ('pregrasp_position', [math.nan, 0.0, 0.0], 'numbers are finite'),
    ('quat_xyzw', lambda quat: [2 * each for each in quat], 'numbers are finite'),
    ('residual', math.nan, 'numbers are finite'),
    ('associated_point', lambda point: (point + 1000) % 2048, 'points are those of the hand'),
])
def test_every_broken_law_is_found(tmp_path, column, value, law):
    """One wrong value in one row is detected, by this check only."""
    assert broken(changed(copied(tmp_path / 'data'), column, value)) == {law}


def test_a_grasp_of_no_object_is_found(tmp_path, capsys):
    """Verification reports it, and other commands name the object in their error."""
    dataset = changed(copied(tmp_path / 'data'), 'object', 'sofa_0001')
    assert 'objects are known' in broken(dataset)
    for action in (['info'], ['sample', '--output', str(tmp_path)]):
        assert main(['dataset', action[0], str(dataset.folder), *action[1:]]) == 1
        assert 'sofa_0001' in capsys.readouterr().err


def test_nothing_changed_breaks_nothing(tmp_path):
    """Rewriting a dataset as the other tests do does not violate any invariant."""
    assert broken(changed(copied(tmp_path / 'data'), 'energy', lambda energy: energy)) == set()


def test_a_grasp_under_two_keys_is_found(tmp_path):
    """The same hand at the same place twice."""
    dataset = copied(tmp_path / 'data')
    second = dataset.grasps().to_pylist()[1]
    for column in ('position', 'quat_xyzw', 'joints', 'associated_point'):
        changed(dataset, column, second[column])
    assert broken(dataset) == {'no grasp is there twice'}


def test_other_formats_are_refused(tmp_path):
    """The error names a file of another version, with other columns, or truncated."""
    dataset = copied(tmp_path / 'data')
    path = sorted((dataset.folder / 'grasps').rglob('*.parquet'))[0]
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata(
        {**table.schema.metadata, b'version': b'99'}), path)
    with pytest.raises(FileError, match='version 99'):
        dataset.grasps()
    pq.write_table(table.drop_columns('lift'), path)
    with pytest.raises(FileError, match=r'columns \(lift\)'):
        dataset.grasps()
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(FileError, match='cannot be read'):
        dataset.grasps()
    (tmp_path / 'data' / 'dataset.json').write_text('{}')
    with pytest.raises(FileError, match='format'):
        GraspDataset.open(tmp_path / 'data')
    with pytest.raises(FileError, match='No such file'):
        GraspDataset.open(tmp_path)


def test_merging_is_a_union(tmp_path):
    """Duplicates are merged, contradictions are refused, and the rest is unchanged."""
    first, second = made(), copied(tmp_path / 'second')
    merged = merge([first, second], tmp_path / 'merged')
    assert sorted(keys(merged.grasps())) == sorted(keys(first.grasps()))
    assert broken(merged) == set()
    assert len(list(merged.folder.rglob('*.parquet'))) == 4
    order = [keys(merged.grasps()).index(key) for key in keys(first.grasps())]
    for stage in STAGES:
        torch.testing.assert_close(
            getattr(stages_from_table(merged.grasps()), stage).joints[order],
            getattr(stages_from_table(first.grasps()), stage).joints, atol=0, rtol=0)
    with pytest.raises(FileError, match='new folder'):
        merge([first], tmp_path / 'merged')
    with pytest.raises(FileError, match='not the same'):
        merge([first, changed(second, 'energy', 1e3)], tmp_path / 'other')
    assert not (tmp_path / 'other' / 'dataset.json').exists()


def test_info_counts(capsys):
    """As many as there are, as text and as JSON."""
    assert main(['dataset', 'info', str(made().folder)]) == 0
    assert f'{TASKS * GRASPS} judged' in capsys.readouterr().out
    assert main(['dataset', 'info', str(made().folder), '--json']) == 0
    content = json.loads(capsys.readouterr().out)
    table = made().grasps()
    assert content['grasps']['held'] == held(table).sum()
    assert content['objects']['all'] == 2
    assert sum(content['reasons']['lift'].values()) == len(table)
    assert 0 < content['covered'] < 1 and content['unevenness'] > 0
    assert 0.01 < content['palms_apart'] < 0.5


def test_info_of_some_objects(capsys):
    """The parts add up to the whole; a pattern without a match is refused."""
    def judged(*only: str) -> int:
        assert main(['dataset', 'info', str(made().folder), '--json', *only]) == 0
        return json.loads(capsys.readouterr().out)['grasps']['judged']

    assert judged('--only', 'carton*') + judged('--only', 'bottle_0000') == judged() > 0
    assert main(['dataset', 'info', str(made().folder), '--only', 'nobody']) == 1


def test_samples_are_pictures_and_plan_files(tmp_path, capsys):
    """The plan file holds the grasp of its key; sampling from an empty selection is refused."""
    assert main(['dataset', 'sample', str(made().folder), '--count', '2', '--json',
                 '--output', str(tmp_path)]) == 0
    content = json.loads(capsys.readouterr().out)
    assert (tmp_path / 'sample.png').read_bytes().startswith(b'\x89PNG')
    table = made().grasps()
    for key in content['keys']:
        stored = read_grasps(tmp_path / f'{file_name(key)}.json')
        row = keys(table).index(key)
        torch.testing.assert_close(
            stored.grasps.squeeze.joints[0], stages_from_table(table).squeeze.joints[row])
    assert main(['dataset', 'sample', str(made().folder), '--count', '0',
                 '--output', str(tmp_path)]) == 1


def test_an_empty_dataset_is_told(tmp_path, capsys):
    """An empty dataset does not pass verification."""
    GraspDataset.create(tmp_path / 'none', {})
    assert main(['dataset', 'verify', str(tmp_path / 'none')]) == 1
    assert 'grasps in it' in capsys.readouterr().err
    assert isinstance(GraspDataset.open(tmp_path / 'none').grasps(), pa.Table)
