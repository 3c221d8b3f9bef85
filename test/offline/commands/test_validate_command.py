# SPDX-License-Identifier: Apache-2.0
"""Grasps are judged from the command line, in pieces, with pictures, and exchanged with others."""

import json
import resource

from meshes import bowl, mixed
from PIL import Image
import pytest
import trimesh

from dexlite_ros.errors import InvalidRequest, WriteError
from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.objects.mesh_folder import load_pieces, ObjectFile
from dexlite_ros.offline.physics.film import write_film
from dexlite_ros.offline.physics.trial import judge_all, Trial
from dexlite_ros.offline.physics.verdict_file import read_verdicts, write_verdicts
from dexlite_ros.output.plan_file import read_grasps


@pytest.fixture(scope='module')
def ball(tmp_path_factory):
    """Return a folder with the mesh of a ball and seven grasps of it."""
    folder = tmp_path_factory.mktemp('ball')
    trimesh.creation.icosphere(3, 0.03).export(folder / 'ball.obj')
    assert main(['plan', str(folder / 'ball.obj'), '--max-grasps', '7', '--num-candidates', '128',
                 '--device', 'cpu', '--output', str(folder / 'plan.json')]) == 0
    return folder


def validate(folder, *more: str) -> int:
    """Judge the grasps in this process."""
    return main(['validate', str(folder / 'plan.json'), '--object', str(folder / 'ball.obj'),
                 '--workers', '1', '--time-limit', '0', *more])


def test_table_and_json(ball, capsys):
    """The text has one line per grasp and per test, the JSON one verdict per grasp."""
    assert validate(ball, '--test', 'six-forces', 'lift-quick') == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 7 + 2 and 'of 7 hold' in lines[-1]
    assert validate(ball, '--json') == 0
    verdicts = json.loads(capsys.readouterr().out)['tests']['six-forces']
    assert len(verdicts) == 7 and all(each['passed'] for each in verdicts)


def test_a_file_is_continued(ball, tmp_path, capsys):
    """Only missing verdicts are computed; a file of another trial is refused."""
    path = tmp_path / 'verdicts.json'
    assert validate(ball, '--output', str(path)) == 0
    key, verdicts = read_verdicts(path)
    row = verdicts['six-forces']
    # Known verdicts are kept, even if altered; missing ones are computed.
    marked = [*row[:5], None, row[6]]
    marked[0] = type(row[0])(False, 'moved', 1.0, 0.0)
    write_verdicts(path, key, {'six-forces': marked})
    assert validate(ball, '--output', str(path)) == 0
    _, after = read_verdicts(path)
    assert after['six-forces'][0].moved == 1.0
    assert after['six-forces'][5].passed == row[5].passed
    assert validate(ball, '--output', str(path), '--test', 'lift') == 1
    assert 'another question' in capsys.readouterr().err


def test_mass_and_friction(ball, tmp_path, capsys):
    """They change the verdicts and are recorded; what makes no sense is refused."""
    path, heavy = tmp_path / 'verdicts.json', ('--mass', '2', '--friction', '0.05')
    assert validate(ball, *heavy, '--output', str(path)) == 0
    assert '2 kg, friction 0.05' in capsys.readouterr().out.splitlines()[-1]
    worlds = {'six-forces': {'mass': 2.0, 'friction': 0.05}}
    assert json.loads(path.read_text())['worlds'] == worlds
    assert validate(ball, *heavy, '--json') == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed['worlds'] == worlds
    assert not any(each['passed'] for each in printed['tests']['six-forces'])
    assert validate(ball, '--output', str(path)) == 1
    assert validate(ball, '--friction', '0.5', '--test', 'low-friction') == 1
    assert 'has its own: 0.3' in capsys.readouterr().err


@pytest.mark.parametrize('words', [
    ('--mass', '0'), ('--mass', '-1'), ('--mass', 'nan'), ('--mass', 'inf'), ('--mass', '11'),
    ('--friction', '0'), ('--friction', '6'), ('--scale', '0'), ('--scale', '-1'),
    ('--table', 'nan'), ('--seed', '-1'), ('--workers', '-1')])
def test_numbers_that_make_no_sense_are_refused(ball, words, capsys):
    """Each with its name, its value and what is expected; nothing is replaced silently."""
    assert validate(ball, *words) == 1
    told = capsys.readouterr().err
    assert told.startswith(f'dexlite validate: {words[0][2:]} is ') and 'expected' in told
    assert told.count('\n') == 1


def test_imports_leave_out_what_is_broken(ball, tmp_path, capsys):
    """The others are written; the exit code is 1 only when nothing can be read."""
    folder = tmp_path / 'out' / 'ball' / 'scale100_pose000'
    assert main(['export', str(ball / 'plan.json'), '--format', 'dexgraspbench', '--object',
                 'ball', '--output', str(tmp_path / 'out')]) == 0
    for name in ('1.npy', '4.npy'):
        (folder / name).write_text('no array')
    capsys.readouterr()
    arguments = ['import', str(tmp_path / 'out'), '--format', 'dexgraspbench', '--output',
                 str(tmp_path / 'in')]
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert '5 grasps' in told.out and 'left out: 2 in all' in told.err
    assert all(str(folder / name) in told.err for name in ('1.npy', '4.npy'))
    for path in folder.iterdir():
        path.write_text('no array')
    assert main(arguments) == 1
    told = capsys.readouterr()
    assert told.out == '' and 'left out: 7 in all' in told.err


def test_picture_and_film(ball, tmp_path):
    """The picture shows two frames, the video all of them, as GIF and as MP4."""
    picture, film = tmp_path / 'hold.png', tmp_path / 'hold.gif'
    assert validate(
        ball, '--test', 'lift-quick', '--picture', str(picture), '--video', str(film)) == 0
    assert Image.open(picture).size == (1120, 560)
    assert Image.open(film).n_frames > 20


def test_a_film_that_does_not_fit_is_an_error(tmp_path):
    """What ffmpeg could not write, here for a limit on file sizes, does not replace a film."""
    class Noise:
        def draw(self, poses: dict, label: str) -> Image.Image:
            return Image.effect_noise((64, 64), 100).convert('RGB')

    (tmp_path / 'film.mp4').write_bytes(b'before')
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, usual[1]))
    try:
        with pytest.raises(WriteError, match='film.mp4'):
            write_film(tmp_path / 'film.mp4', Noise(), [{}] * 30, '')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert [each.name for each in tmp_path.iterdir()] == ['film.mp4']
    assert (tmp_path / 'film.mp4').read_bytes() == b'before'


def test_mp4(tmp_path):
    """The encoder writes a valid MP4 header; another suffix is refused."""
    class Grey:

        def draw(self, poses: dict, label: str) -> Image.Image:
            return Image.new('RGB', (64, 64), (poses['shade'],) * 3)

    frames = [{'shade': shade} for shade in range(0, 250, 25)]
    path = write_film(tmp_path / 'film.mp4', Grey(), frames, '')
    assert path.read_bytes()[4:8] == b'ftyp'
    with pytest.raises(InvalidRequest, match='gif or .mp4'):
        write_film(tmp_path / 'film.avi', Grey(), frames, '')


def test_export_and_import(ball, tmp_path, capsys):
    """Grasps survive a round trip to DexGraspBench; an export without a name is refused."""
    plan = str(ball / 'plan.json')
    assert main(['export', plan, '--format', 'dexgraspbench', '--output', str(tmp_path)]) == 1
    assert 'which object' in capsys.readouterr().err
    assert main(['export', plan, '--format', 'dexgraspbench', '--output', str(tmp_path / 'out'),
                 '--object', 'ball', '--scale', '0.5']) == 0
    assert main(['import', str(tmp_path / 'out'), '--format', 'dexgraspbench', '--output',
                 str(tmp_path / 'in')]) == 0
    back, sent = read_grasps(tmp_path / 'in/ball/scale_0.5.json'), read_grasps(plan)
    assert (back.name, back.scale) == ('ball', 0.5)
    assert (back.grasps.squeeze.joints - sent.grasps.squeeze.joints).abs().max() < 1e-6
    assert main(['export', plan, '--format', 'dexgraspnet', '--output', str(tmp_path / 'net'),
                 '--object', 'ball']) == 0
    assert (tmp_path / 'net' / 'ball.npy').is_file()


def test_grasps_that_take_too_long_are_told(ball, tmp_path, capsys):
    """They fail with that reason, and are judged when the file is continued without a limit."""
    _, pieces = load_pieces(ObjectFile('ball', ball / 'ball.obj'))
    grasp_set = read_grasps(ball / 'plan.json')
    trial, output = Trial(grasp_set, pieces, ('six-forces-quick',)), tmp_path / 'verdicts.json'
    (row,) = judge_all(trial, 1, output, limit=0.001).values()
    assert [each.reason for each in row] == ['timed out'] * 7
    (row,) = judge_all(trial, 1, output).values()
    assert len(row) == 7 and all(each.passed for each in row)
    bowl().export(tmp_path / 'bowl.obj')  # Its wall is cut into pieces for seconds.
    assert main(['validate', str(ball / 'plan.json'), '--object', str(tmp_path / 'bowl.obj'),
                 '--time-limit', '0.2']) == 1
    assert 'took longer than 0.2 s' in capsys.readouterr().err


def test_a_mended_mesh_is_told(ball, tmp_path, capsys):
    """The verdicts are those on the good mesh."""
    mixed(trimesh.creation.icosphere(3, 0.03), 0.4).export(tmp_path / 'torn.obj')
    arguments = ['--workers', '1', '--time-limit', '0', '--json', '--test', 'six-forces-quick']
    texts = []
    for path in (ball / 'ball.obj', tmp_path / 'torn.obj'):
        assert main(['validate', str(ball / 'plan.json'), '--object', str(path), *arguments]) == 0
        texts.append(capsys.readouterr())
    assert texts[0].out == texts[1].out and 'torn.obj was mended' in texts[1].err
