# SPDX-License-Identifier: Apache-2.0
"""The table of ranked grasps is one line per grasp under one line of names."""

from dexlite_ros.output.grasp_table import grasp_table, HEADER, TableRow


def test_each_grasp_has_its_line():
    """Numbers as they are, penetration in millimetres, no line longer than a screen."""
    rows = [TableRow(0, 0.987, (0.1, -0.2, 0.3), 1e-6, 0.00123),
            TableRow(1, 0.5, (-1.0, 2.0, -3.0), 0.3, 0.0)]
    first, *lines = grasp_table(rows).splitlines()
    assert first == HEADER and len(lines) == 2
    assert all(word in lines[0] for word in ('0.987', '0.1000', '-0.2000', '0.3000', '1.23'))
    assert max(map(len, [first, *lines])) < 80


def test_no_grasps_leave_the_names():
    """Nothing to list is no error."""
    assert grasp_table([]) == HEADER
