# SPDX-License-Identifier: Apache-2.0
"""The table of ranked grasps is one line per grasp under one line of names."""

from pathlib import Path
import re

import dexlite_ros
from dexlite_ros.output.grasp_table import grasp_table, HEADER, rank_label, TableRow


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


def test_ranks_are_shown_as_they_are():
    """The best grasp has rank 0 in plans, files, messages, tables and captions alike."""
    rows = [TableRow(rank, 0.5, (0.0, 0.0, 0.0), 0.0, 0.0) for rank in (0, 1, 12)]
    assert [line.split()[0] for line in grasp_table(rows).splitlines()[1:]] == ['0', '1', '12']
    assert rank_label(0, 'score 0.97') == '#0  score 0.97'


def test_nothing_counts_ranks_from_1():
    """No module adds 1 to a rank in what people read."""
    for path in Path(dexlite_ros.__file__).parent.rglob('*.py'):
        assert not re.search(r'\{[^}]*rank\s*\+\s*1', path.read_text()), path
