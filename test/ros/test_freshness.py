# SPDX-License-Identifier: Apache-2.0
"""A stamp fits the clock, or the error says why it may not."""

from builtin_interfaces.msg import Time
import pytest

from dexlite_ros.errors import StaleCloud
from dexlite_ros.ros.freshness import require_fresh

WALL = 1_790_000_000.0
SIMULATED = 42.0


def stamp(seconds: float) -> Time:
    """Return a stamp; the fraction of negative times counts upwards, as in messages."""
    whole = int(seconds // 1)
    return Time(sec=whole, nanosec=round((seconds - whole) * 1e9))


@pytest.mark.parametrize('now', [WALL, SIMULATED, 0.05])
@pytest.mark.parametrize('off', [0.0, -1.9, 0.09])
def test_recent_stamps_are_fresh(now, off):
    """Two seconds back and a tenth ahead, on any clock."""
    if now + off >= 0.0:
        require_fresh(stamp(now + off), now, 2.0, 0.1)


@pytest.mark.parametrize(
    ('now', 'taken', 'words'),
    [
        (WALL, WALL - 2.5, '2.50 s old, more than max_cloud_age = 2.00 s.*publish a newer'),
        (SIMULATED, SIMULATED - 30.0, '30.00 s old'),
        (WALL, WALL + 0.5, '0.50 s ahead.*max_cloud_lead = 0.10 s.*not synchronised'),
        (WALL, WALL + 86400.0, '86400.00 s ahead.*not synchronised'),
        (SIMULATED, SIMULATED + 5.0, '5.00 s ahead.*use_sim_time'),
        (WALL, 5000.0, 'time since boot.*use_sim_time to true'),
        (WALL, 0.5, 'time since boot'),
        (SIMULATED, WALL, 'wall time.*simulated time.*use_sim_time to false'),
        (0.0, WALL, '/clock'),
        (0.0, SIMULATED, '/clock'),
        (WALL, -3.0, 'negative stamp -3 s.*driver'),
        (SIMULATED, -0.5, 'negative stamp'),
        (0.2, -0.5, 'negative stamp'),
    ],
)
def test_other_stamps_are_stale_with_the_likely_cause(now, taken, words):
    """The sentence has the numbers, the cause and the cloud; age 0 accepts any stamp."""
    with pytest.raises(StaleCloud, match=f'^the newest obstacle cloud .*{words}'):
        require_fresh(stamp(taken), now, 2.0, 0.1, 'obstacle')
    require_fresh(stamp(taken), now, 0.0, 0.1, 'obstacle')


def test_the_allowed_lead_is_a_parameter():
    """A bad clock can be tolerated on purpose."""
    require_fresh(stamp(WALL + 3.0), WALL, 2.0, 5.0)
    with pytest.raises(StaleCloud):
        require_fresh(stamp(WALL + 3.0), WALL, 2.0, 0.0)
