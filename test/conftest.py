"""What all tests share: an environment of their own and the folder of the checkout."""

import os
from pathlib import Path

import pytest

# Before any message module is imported: they read it once. It turns a value of the wrong type in
# a message field from silent garbage into an error.
os.environ['ROS_PYTHON_CHECK_FIELDS'] = '1'
# Where tools/run.sh did not set them already: no packet leaves this machine, and another test run
# is not heard. 1 to 101 are the domains whose ports no system uses for other things.
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 101))


@pytest.fixture(scope='session')
def root() -> Path:
    """Return the folder of the checkout."""
    return Path(__file__).resolve().parent.parent
