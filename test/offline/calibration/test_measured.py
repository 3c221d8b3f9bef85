# SPDX-License-Identifier: Apache-2.0
"""Measured labels are kept in a file, and the command fits from it alone."""

from examples import measured_table
import pyarrow.parquet as pq
import pytest

from dexlite_ros.errors import FileError
from dexlite_ros.offline.calibration.measured import kind_of, read_measured, write_measured
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.ranking.success_model import SuccessModel


def test_round_trip(tmp_path):
    """What is written is read; other files are refused."""
    table = measured_table(objects=2, grasps=10)
    write_measured(table, tmp_path / 'one.parquet')
    assert read_measured(tmp_path / 'one.parquet').to_pylist() == table.to_pylist()
    pq.write_table(table.drop_columns(['held']), tmp_path / 'other.parquet')
    with pytest.raises(FileError, match='held'):
        read_measured(tmp_path / 'other.parquet')
    (tmp_path / 'text.parquet').write_text('no table')
    with pytest.raises(FileError, match=r'text\.parquet'):
        read_measured(tmp_path / 'text.parquet')


def test_kinds_of_scenes():
    """They name the camera, and whether others stand beside the object."""
    assert kind_of({'kind': 'table', 'camera': 'kinect', 'neighbours': []}) == 'table kinect'
    assert kind_of({'kind': 'table', 'camera': 'ideal', 'neighbours': [1]}) == (
        'table ideal crowded')
    assert kind_of({'kind': 'full', 'camera': '', 'neighbours': None}) == 'full'


def test_calibrate_fits_from_a_file(tmp_path, capsys):
    """It prints the quality on objects left out, and writes model, report and plots."""
    write_measured(measured_table(grasps=150), tmp_path / 'grasps.parquet')
    model, report = tmp_path / 'model.json', tmp_path / 'report'
    again = tmp_path / 'again.parquet'
    assert main([
        'calibrate', str(tmp_path / 'grasps.parquet'), '--output', str(model),
        '--report', str(report), '--examples', str(again)]) == 0
    out = capsys.readouterr().out
    assert '| table kinect | wrist noise | 8 |' in out and 'objects 8' in out
    fitted = SuccessModel.read(model).fitted_on
    assert fitted['objects'] == 8 and fitted['table kinect, as planned: auc'] > 0.8
    assert 'AUC within scenes' in (report / 'report.md').read_text()
    assert (report / 'reliability.png').stat().st_size > 10000
    assert read_measured(again).to_pylist() == read_measured(
        tmp_path / 'grasps.parquet').to_pylist()


def test_a_folder_without_labels_is_refused(tmp_path, capsys):
    """The error names it."""
    assert main(['calibrate', str(tmp_path), '--output', str(tmp_path / 'model.json')]) != 0
    assert str(tmp_path) in capsys.readouterr().err
