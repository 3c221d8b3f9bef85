# SPDX-License-Identifier: Apache-2.0
"""``dexlite train``: files, crashes, several processes."""

import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from datasets import excerpt
import pytest
from safetensors.torch import load_file
import torch

from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT
from dexlite_ros.network.checkpoint import read_checkpoint
from dexlite_ros.offline.commands.__main__ import main


def command(output: Path, *more: str) -> list[str]:
    """Return the arguments of two short epochs."""
    return ['train', '--data', str(excerpt().folder), '--epochs', '2', '--device', 'cpu',
            '--threads', '1', '--output', str(output), *more]


@pytest.fixture(scope='module')
def trained(tmp_path_factory) -> Path:
    """Return the folder of a finished run."""
    folder = tmp_path_factory.mktemp('run')
    assert main(command(folder)) == 0
    return folder


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return the files that a run kept."""
    return load_file(folder / 'network.safetensors')


def equal(first: Path, second: Path) -> bool:
    """Return whether two runs kept the same weights."""
    one, other = weights(first), weights(second)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_run_leaves_a_network_and_its_curves(trained):
    """Weights that load, a sheet that says where they come from, curves twice."""
    checkpoint = read_checkpoint(trained / 'network', SHADOW_RIGHT)
    about = checkpoint.about
    assert about['data']['digest'] == excerpt().digest() and about['data']['train'] > 50
    assert about['command'].startswith('dexlite train --data data --epochs 2')
    assert about['metrics']['val']['total'] > 0 and about['settings']['epochs'] == 2
    assert (trained / 'curves.png').read_bytes()[1:4] == b'PNG'
    assert list((trained / 'tensorboard').glob('events.*'))


def test_the_same_seed_gives_the_same_weights(trained, tmp_path):
    """On one device."""
    assert main(command(tmp_path)) == 0
    assert equal(trained, tmp_path)


def test_a_killed_run_goes_on(trained, tmp_path):
    """A run killed with -9 after its first epoch and resumed ends like an uninterrupted one."""
    process = subprocess.Popen(
        [sys.executable, '-m', 'dexlite_ros.offline.commands', *command(tmp_path)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (tmp_path / 'state.safetensors').exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert main(command(tmp_path)) == 0
    assert equal(trained, tmp_path)


def test_options_reach_the_settings(tmp_path, capsys):
    """Rotation, losses left out, no balance; the report as JSON."""
    assert main(command(
        tmp_path, '--epochs', '1', '--rotation', 'euler', '--without', 'penetration',
        '--unbalanced', '--seed', '5', '--json')) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report['epochs'] == 1 and report['val']['penetration'] > 0
    settings = read_checkpoint(tmp_path / 'network', SHADOW_RIGHT).about['settings']
    assert settings['network']['rotation'] == 'euler' and settings['seed'] == 5
    assert settings['losses']['physics']['penetration'] == 0.0
    assert not settings['batches']['balanced']


def test_the_original_can_be_trained(tmp_path):
    """Its preset: 28 numbers, clouds of 2 048 points, its weights and rate."""
    assert main(command(tmp_path, '--preset', 'dexlite', '--epochs', '1')) == 0
    checkpoint = read_checkpoint(tmp_path / 'network', SHADOW_RIGHT)
    config = checkpoint.network.config
    assert (config.rotation, config.num_points, config.latent) == ('euler', 2048, 256)
    assert checkpoint.about['settings']['learning_rate'] == 1e-4
    assert checkpoint.about['settings']['batches']['grasps'] == 64


def test_other_settings_need_another_folder(trained, capsys):
    """Nothing is overwritten."""
    before = (trained / 'network.safetensors').read_bytes()
    assert main(command(trained, '--seed', '1')) == 1
    assert 'name a new folder' in capsys.readouterr().err
    for wrong in (['--threads', '-1'], ['--without', 'force_closure']):
        assert main(command(trained, *wrong)) == 1
    assert (trained / 'network.safetensors').read_bytes() == before


def test_two_processes_train_one_network(tmp_path):
    """Under torchrun they share the work, and one of them writes."""
    done = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2',
         '--local-addr', '127.0.0.1', '-m', 'dexlite_ros.offline.commands',
         *command(tmp_path, '--epochs', '1')],
        capture_output=True, text=True, timeout=300,
        env={**os.environ, 'OMP_NUM_THREADS': '1', 'GLOO_SOCKET_IFNAME': 'lo'})
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('epoch 0:') == 1
    assert read_checkpoint(tmp_path / 'network', SHADOW_RIGHT).about['epoch'] == 0
