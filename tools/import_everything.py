# SPDX-License-Identifier: Apache-2.0
"""
Import every module of dexlite_ros and every library that one of its functions imports.

tools/check_requirements.sh runs it in an environment made from requirements.txt alone. Modules
below ros/ need ROS and are left out without it; libraries that may be missing, because their
import is guarded, are those of the extras in setup.py.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
import sys

PACKAGE = Path(__file__).resolve().parent.parent / 'dexlite_ros'


def main() -> int:
    """Return 1 if something cannot be imported, and say what."""
    has_ros = find_spec('rclpy') is not None
    paths = [path for path in sorted(PACKAGE.rglob('*.py'))
             if has_ros or 'ros' not in path.relative_to(PACKAGE).parts]
    modules = [
        '.'.join(path.relative_to(PACKAGE.parent).with_suffix('').parts).removesuffix('.__init__')
        for path in paths]
    libraries = {name for path in paths for name in needed(path)}
    libraries -= set(sys.stdlib_module_names) | {'dexlite_ros'}
    # ROS first, as in the node.
    order = sorted(libraries, key=lambda name: (name != 'rclpy', name)) + modules
    failed = [problem for name in order if (problem := _problem(name))]
    sys.stdout.write(''.join(f'{problem}\n' for problem in failed))
    sys.stdout.write(
        f'{len(modules)} modules and {len(libraries)} libraries imported, {len(failed)} failed '
        f'(Python {sys.version.split()[0]}, {"with" if has_ros else "without"} ROS)\n')
    return 1 if failed else 0


def needed(path: Path) -> set[str]:
    """Return the top-level modules that a file imports, but for those it can do without."""
    found = list(_imports(ast.parse(path.read_text()), False))
    return {name for name, _ in found} - {name for name, guarded in found if guarded}


def _imports(node: ast.AST, guarded: bool) -> Iterator[tuple[str, bool]]:
    """Yield each import below a node, and whether an ImportError or a type checker guards it."""
    if isinstance(node, ast.Import):
        yield from ((alias.name.partition('.')[0], guarded) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module.partition('.')[0], guarded
    for child in ast.iter_child_nodes(node):
        inside = isinstance(node, ast.Try) and child in node.body and any(
            handler.type and 'ImportError' in ast.unparse(handler.type)
            for handler in node.handlers)
        typing = isinstance(node, ast.If) and ast.unparse(node.test) == 'TYPE_CHECKING'
        yield from _imports(child, guarded or inside or typing)


def _problem(name: str) -> str:
    try:
        import_module(name)
    except ImportError as error:
        return f'{name}: {error}'
    return ''


if __name__ == '__main__':
    sys.exit(main())
