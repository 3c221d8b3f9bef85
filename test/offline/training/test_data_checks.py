# SPDX-License-Identifier: Apache-2.0
"""Bad rows of a dataset are named before anything is trained."""

from collections.abc import Callable
from pathlib import Path
import shutil

from datasets import changed, excerpt
import numpy as np
import pyarrow as pa
import pytest

from dexlite_ros.errors import FileError
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.dataset.store import GraspDataset, keys
from dexlite_ros.offline.training.data_checks import check_training_data

NAN, INF = float('nan'), float('inf')


@pytest.fixture
def dataset(tmp_path) -> GraspDataset:
    """Return a copy of a good dataset."""
    shutil.copytree(excerpt().folder, tmp_path / 'data')
    return GraspDataset.open(tmp_path / 'data')


def with_first(value: float) -> Callable[[list[float]], list[float]]:
    """Return a change of the first number of a vector."""
    return lambda vector: [value, *vector[1:]]


def test_good_data_pass(dataset):
    """Nothing is said of the committed grasps."""
    check_training_data(dataset)


@pytest.mark.parametrize(('column', 'value', 'reason'), [
    ('joints', with_first(NAN), "'joints' is not finite: its number 0 is nan"),
    ('pregrasp_position', with_first(-INF), "'pregrasp_position' is not finite: .* 0 is -inf"),
    ('joints', with_first(0.5), "'joints' has rh_FFJ4 at 0.5 rad, outside -0.3491 to 0.3491"),
    ('squeeze_joints', with_first(-2.0), "'squeeze_joints' has rh_FFJ4 at -2 rad"),
    ('quat_xyzw', lambda quat: [1.1 * each for each in quat], 'quat_xyzw has length 1.1'),
    ('quat_xyzw', lambda quat: [0.0] * 4, 'quat_xyzw has length 0'),
    ('scale', 0.0, 'scale is 0'), ('scale', NAN, 'scale is nan'),
    ('associated_point', -1, 'associated_point is -1, outside the 2048'),
    ('associated_point', 2048, 'associated_point is 2048'),
    ('object', 'no_such_object', "'no_such_object' is not in the table of objects"),
    ('split', 'trian', "split is 'trian'"),
])
def test_the_row_is_named(dataset, column, value, reason):
    """The error tells the key of the row and what is wrong with it."""
    changed(dataset, column, value)
    name = keys(dataset.grasps())[0]
    with pytest.raises(FileError, match=f'row {name} \\(number 0 of .*{reason}'):
        check_training_data(dataset)


def test_a_missing_value_is_named(dataset):
    """By its row, or by its file where Arrow reads no list without numbers, as up to 25."""
    changed(dataset, 'position', None)
    with pytest.raises(FileError, match=r"can_0002.*('position' is missing|cannot be read)"):
        check_training_data(dataset)


def test_rows_with_the_same_fault_are_counted(dataset):
    """The first is named."""
    path = sorted((dataset.folder / 'grasps').rglob('*.parquet'))[0]
    rows = dataset.grasps().filter(
        pa.array(np.equal(dataset.grasps()['object'].to_pylist(), path.parent.name))).to_pylist()
    for row in rows:
        row['quat_xyzw'] = [NAN] * 4
    dataset.write_grasps(pa.Table.from_pylist(rows, schema=dataset.grasp_schema), path)
    with pytest.raises(FileError, match=f'so are {len(rows) - 1} more rows'):
        check_training_data(dataset)


@pytest.mark.parametrize('change', [
    {'normals': [0] * 3 * 2048}, {'points': []}, {'pieces': []}, {'pieces': [[NAN] * 12]}])
def test_broken_objects_are_named(dataset, change):
    """A cloud without normals or points, or pieces that are none."""
    row = dataset.objects().to_pylist()[0]
    dataset.write_objects(
        pa.Table.from_pylist([row | change], schema=dataset.object_schema),
        dataset.object_file(row['object']))
    with pytest.raises(FileError, match=f"'{row['object']}'.*not whole"):
        check_training_data(dataset)


def test_the_command_writes_nothing(dataset, capsys):
    """No epoch is trained, and no folder is left behind."""
    changed(dataset, 'joints', with_first(NAN))
    output = Path(dataset.folder.parent, 'run')
    assert main(['train', '--data', str(dataset.folder), '--output', str(output), '--device',
                 'cpu', '--threads', '1']) == 1
    told = capsys.readouterr()
    assert 'not finite' in told.err and told.err.count('\n') == 1 and 'epoch' not in told.out
    assert not output.exists()
