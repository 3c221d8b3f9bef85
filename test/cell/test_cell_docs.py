# SPDX-License-Identifier: Apache-2.0
"""The page of the cell names every parameter with its default."""

import re

import pytest

pytest.importorskip('rclpy', reason='parameters need ROS 2 (rclpy)')

from dexlite_ros.cell.__main__ import CELL_TABLE


def test_the_page_has_every_parameter(root):
    """Names and defaults are those that are declared, and no others."""
    text = (root / 'docs/cell.md').read_text().partition('| parameter | default |')[2]
    text = text.partition('\n\n')[0]
    rows = dict(re.findall(r'^\| `([\w.]+)` \| (.+?) \|', text, re.M))
    expected = {entry.name: CELL_TABLE.default(entry) for entry in CELL_TABLE.entries}
    assert rows.keys() == expected.keys()
    for name, value in expected.items():
        shown = list(value) if isinstance(value, tuple) else value
        assert rows[name].strip('`') == str(shown), name
