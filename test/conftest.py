# SPDX-License-Identifier: Apache-2.0
"""Shared by all tests: an isolated ROS environment and the folder of the checkout."""

import os
from pathlib import Path

import pytest

# Set before any message module is imported, because they read it once. A value of the wrong type
# in a message field then raises an error instead of becoming silent garbage.
os.environ['ROS_PYTHON_CHECK_FIELDS'] = '1'
# Unless tools/run.sh has set them: keep traffic on this machine and apart from other test runs.
# Domains 1 to 101 use ports that no operating system reserves for other purposes.
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 101))
if 'PYTEST_XDIST_WORKER' in os.environ:
    # Set before torch is imported: the processors are busy with the other processes.
    os.environ.setdefault('OMP_NUM_THREADS', '1')


@pytest.fixture(scope='session')
def root() -> Path:
    """Return the folder of the checkout."""
    return Path(__file__).resolve().parent.parent
