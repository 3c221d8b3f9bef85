# SPDX-License-Identifier: Apache-2.0
"""The pages of the cell and the segmenter name every parameter with its default."""

import re

import pytest

pytest.importorskip('rclpy', reason='parameters need ROS 2 (rclpy)')

from dexlite_ros.cell.__main__ import CELL_TABLE
from dexlite_ros.ros.segmenter.segmenter_node import SEGMENTER_TABLE


@pytest.mark.parametrize(
    ('page', 'table'), [('cell', CELL_TABLE), ('segmenter', SEGMENTER_TABLE)],
    ids=['cell', 'segmenter'])
def test_the_page_has_every_parameter(root, page, table):
    """Names and defaults are those that are declared, and no others."""
    text = (root / f'docs/{page}.md').read_text().partition('| parameter | default |')[2]
    text = text.partition('\n\n')[0]
    rows = dict(re.findall(r'^\| `([\w.]+)` \| (.+?) \|', text, re.M))
    expected = {entry.name: table.default(entry) for entry in table.entries}
    assert rows.keys() == expected.keys()
    for name, value in expected.items():
        shown = list(value) if isinstance(value, tuple) else value
        assert rows[name].strip('`') == str(shown), name
