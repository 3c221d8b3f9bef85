# SPDX-License-Identifier: Apache-2.0
"""Each kind of warning is logged once a minute."""

from dexlite_ros.plan_warning import PlanWarning
from dexlite_ros.ros.warning_log import WarningLog


def test_a_code_is_logged_once_a_minute():
    """Other codes are not held back by it."""
    lines, now = [], [1000.0]
    log = WarningLog(lines.append, lambda: now[0])
    empty, far = PlanWarning('obstacles_empty', 'none'), PlanWarning('far_points', 'two')
    log.log([empty, far, empty])
    assert lines == ['obstacles_empty: none', 'far_points: two']
    now[0] += 59.0
    log.log([empty])
    assert len(lines) == 2
    now[0] += 1.5
    log.log([empty, empty])
    assert lines[2:] == ['obstacles_empty: none']
