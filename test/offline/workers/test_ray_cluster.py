# SPDX-License-Identifier: Apache-2.0
"""Two Ray nodes on this machine give the results of one process, even if one node dies."""

from collections.abc import Iterator
import os
from pathlib import Path
import signal
import socket
import subprocess
import sys
import time

from datasets import command, made, shards
import pytest

from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.workers import ray_cluster
from dexlite_ros.offline.workers.ray_cluster import run_on_ray

pytest.importorskip('ray', reason='ray has no wheel for this Python')
HEAD, NODE = '127.0.0.2', '127.0.0.3'
"""Loopback addresses of this machine; Ray would replace 127.0.0.1."""


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch) -> None:
    """Leave no token in the user's home, with which nodes would refuse each other."""
    monkeypatch.setenv('RAY_AUTH_MODE', 'disabled')


def ray_start(*options: str) -> subprocess.Popen:
    """Start a node with one CPU in its own session."""
    environment = os.environ | {
        # A lost node is noticed within two seconds instead of twenty.
        'RAY_health_check_period_ms': '500', 'RAY_health_check_failure_threshold': '3',
        'RAY_health_check_initial_delay_ms': '1000', 'RAY_USAGE_STATS_ENABLED': '0'}
    return subprocess.Popen(
        [str(Path(sys.executable).parent / 'ray'), 'start', '--block', '--num-cpus', '1',
         '--object-store-memory', '100000000', *options],
        env=environment, start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)


def kill(process: subprocess.Popen) -> None:
    """Kill a node and everything it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def cluster(tmp_path_factory, no_tokens) -> Iterator[tuple[str, subprocess.Popen]]:
    """Return the address of a cluster, and its worker node."""
    with socket.socket() as probe:
        probe.bind((HEAD, 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp('r')
    head = ray_start('--head', f'--port={port}', '--node-ip-address', HEAD,
                     '--include-dashboard=false', '--temp-dir', str(folder))
    node = None
    try:
        wait_for_nodes(f'{HEAD}:{port}', 1)
        node = ray_start('--address', f'{HEAD}:{port}', '--node-ip-address', NODE)
        wait_for_nodes(f'{HEAD}:{port}', 2)
        yield f'{HEAD}:{port}', node
    finally:
        for process in (node, head):
            if process is not None and process.poll() is None:
                kill(process)


def wait_for_nodes(address: str, count: int) -> None:
    """Wait until this many nodes are up."""
    code = ('import ray, sys, time\n'
            f'ray.init(address={address!r}, log_to_driver=False, logging_level="error")\n'
            f'while sum(n["Alive"] for n in ray.nodes()) < {count}: time.sleep(0.2)\n')
    deadline = time.monotonic() + 90
    while subprocess.run(
            [sys.executable, '-c', code], capture_output=True, timeout=90, check=False).returncode:
        assert time.monotonic() < deadline, 'the cluster does not come up'
        time.sleep(0.5)


def test_two_nodes_and_then_one(cluster, tmp_path):
    """A node is killed during work; all tasks finish, with the same files as a local run."""
    address, node = cluster
    folder = tmp_path / 'data'
    run = subprocess.Popen(
        [sys.executable, '-m', 'dexlite_ros.offline.commands',
         *command(folder, '--ray', address)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 180
    while not list((folder / 'grasps').rglob('*.parquet')):
        assert time.monotonic() < deadline and run.poll() is None, run.stderr.read().decode()
        time.sleep(0.1)
    kill(node)
    _, errors = run.communicate(timeout=300)
    assert run.returncode == 0, errors.decode()
    assert shards(folder) == shards(made().folder)


def test_a_step_without_end_is_left_out(monkeypatch):
    """The system ends it, even in a call that never returns; the others have their results."""
    monkeypatch.setattr(ray_cluster, 'RETRIES', 0)
    results = dict(run_on_ray(
        float, time.sleep, [0.0, 1000.0, 0.1], address='local', use_gpu=False, unit='task',
        limit=2.0, late=lambda task, why: f'{task}: {why}'))
    assert results.pop(1000.0).startswith('1000.0: it took longer than 2 s')
    assert results == {0.0: None, 0.1: None}


def test_no_cluster_is_told(tmp_path, capsys):
    """The error says how to start one."""
    assert main([*command(tmp_path / 'data', '--ray', f'{HEAD}:1')]) == 1
    assert 'ray start --head' in capsys.readouterr().err
