# SPDX-License-Identifier: Apache-2.0
"""
Generates the table of parameters of docs/segmenter.md.

``python -m dexlite_ros.ros.segmenter.docs`` in a checkout rewrites it; a test fails if it is out
of date.
"""

from __future__ import annotations

from pathlib import Path

from dexlite_ros.ros.parameters.docs import with_table
from dexlite_ros.ros.segmenter.settings import SEGMENTER_TABLE

PAGE = Path('docs/segmenter.md')


def page_with_table(text: str) -> str:
    """Return the text of the page with the current table."""
    return with_table(
        text, [(entry, SEGMENTER_TABLE.default(entry)) for entry in SEGMENTER_TABLE.entries])


if __name__ == '__main__':
    PAGE.write_text(page_with_table(PAGE.read_text()))
