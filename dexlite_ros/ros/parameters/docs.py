# SPDX-License-Identifier: Apache-2.0
"""
Generates the documentation of the parameters from their tables.

``python -m dexlite_ros.ros.parameters.docs`` in a checkout rewrites config/planner.yaml and the
table in docs/node.md; a test fails if they are out of date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
import re
import textwrap

import yaml

from dexlite_ros.ros.parameters.node_table import NODE_TABLE
from dexlite_ros.ros.parameters.planner_table import PLANNER_TABLE
from dexlite_ros.ros.parameters.table import Entry, Value

YAML_FILE = Path('config/planner.yaml')
MARKDOWN_FILE = Path('docs/node.md')
YAML_HEAD = """\
# Parameters of the planner node with their defaults, for any node name and namespace.
# Floats need a decimal point (5.0), because rclpy rejects an integer for a float parameter.
/**:
  ros__parameters:
"""
SECTION = re.compile(r'(<!-- parameters -->\n).*?(<!-- end of parameters -->)', re.DOTALL)


def yaml_text() -> str:
    """Return the content of config/planner.yaml."""
    lines = []
    group: list[str] = []
    for entry, default in sorted_entries():
        *path, name = entry.name.split('.')
        if path != group and path:
            lines += ['', f'    {path[0]}:']
        group = path
        indent = ' ' * (4 + 2 * len(path))
        lines += textwrap.wrap(
            f'{entry.meaning}{limits(entry)}', 98 - len(indent), initial_indent=f'{indent}# ',
            subsequent_indent=f'{indent}# ', break_on_hyphens=False)
        lines.append(f'{indent}{name}: {literal(default)}')
    return YAML_HEAD + '\n'.join(lines) + '\n'


def markdown_table(entries: Iterable[tuple[Entry, Value]]) -> str:
    """Return a table of parameters with their defaults."""
    rows = ['| parameter | type | default | meaning |', '|---|---|---|---|']
    for entry, default in entries:
        kind = 'float[]' if isinstance(default, tuple) else type(default).__name__
        kind = {'str': 'string'}.get(kind, kind)
        rows.append(
            f'| `{entry.name}` | {kind} | `{literal(default)}` | '
            f'{entry.meaning}{limits(entry)} |')
    return '\n'.join(rows) + '\n'


def sorted_entries() -> Iterator[tuple[Entry, Value]]:
    """Yield all parameters with their defaults, those without a group first."""
    pairs = [(e, table.default(e)) for table in (NODE_TABLE, PLANNER_TABLE) for e in table.entries]
    yield from sorted(pairs, key=lambda pair: '.' in pair[0].name)


def literal(value: Value) -> str:
    """Return a value as YAML writes it on one line, text in quotes."""
    style = "'" if isinstance(value, str) else None
    plain = list(value) if isinstance(value, tuple) else value
    text: str = yaml.safe_dump(
        plain, default_flow_style=True, default_style=style, width=float('inf'))
    return text.partition('\n')[0]


def limits(entry: Entry) -> str:
    """Return the allowed range and, if so, 'read-only', in parentheses; empty if neither."""
    notes = []
    if entry.lower is not None:
        notes.append(f'{entry.lower} to {entry.upper}')
    if entry.read_only:
        notes.append('read-only')
    return f' ({", ".join(notes)})' if notes else ''


def with_table(text: str, entries: Iterable[tuple[Entry, Value]] | None = None) -> str:
    """Return the text of a page with the current table; None: that of docs/node.md."""
    table = markdown_table(sorted_entries() if entries is None else entries)
    return SECTION.sub(lambda found: found[1] + table + found[2], text)


if __name__ == '__main__':
    YAML_FILE.write_text(yaml_text())
    MARKDOWN_FILE.write_text(with_table(MARKDOWN_FILE.read_text()))
