# SPDX-License-Identifier: Apache-2.0
"""Each folder is a layer with an import rule, checked in the sources and at run time."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
import re
import subprocess
import sys

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / 'dexlite_ros'
MODULES = sorted(PACKAGE.rglob('*.py'))

# Modules that all others may import.
BASE = {
    'errors', 'files', 'cache_folder', 'compiled', 'conditions', 'device', 'features',
    'grasp', 'open3d_core', 'plan_warning', 'rotations', 'settings_paths',
    'surface_points'}
# What the modules of a folder, or a single top-level module, may import from this package besides
# their own folder and the base; the steps of a plan are in order.
RULES: dict[str, set[str]] = {
    'kernels': set(),
    'hand': set(),
    'object': set(),
    'network': {'hand'},
    'plan': {'object'},
    'plan_request': {'plan'},
    'plan_report': {'object', 'plan', 'plan_request'},
    'mechanics': {'hand', 'object', 'kernels'},
    'proposal': {'hand', 'object', 'network'},
    'graspable': {'object', 'plan', 'proposal'},
    'refinement': {'hand', 'object', 'mechanics', 'kernels'},
    'pregrasp': {'hand', 'mechanics', 'kernels'},
    'stages': {'hand', 'object', 'plan', 'mechanics', 'pregrasp'},
    'approach': {'hand', 'mechanics'},
    'ranking': {'hand', 'object', 'plan', 'mechanics', 'stages', 'approach'},
    'output': {'hand', 'plan'},
    'planner_settings': {
        'object', 'plan_request', 'mechanics', 'proposal', 'refinement', 'pregrasp', 'stages',
        'ranking'},
    'compilation': {'hand', 'object', 'mechanics', 'refinement', 'pregrasp'},
    'two_hands': {
        'hand', 'object', 'plan', 'plan_request', 'plan_report', 'graspable', 'mechanics',
        'proposal', 'refinement', 'pregrasp', 'stages', 'approach', 'ranking', 'compilation'},
}
STEPS = set(RULES)
RULES |= {
    'planner': STEPS - {'output', 'two_hands'},
    # The node and the offline tools never import each other; 'messages' are the generated ones.
    'ros': STEPS | {'planner', 'messages'},
    'offline': STEPS | {'planner'},
    # The simulated cell joins them.
    'cell': STEPS | {'planner', 'messages', 'ros', 'offline'},
}
# The only folder that may import a library; rclpy and its messages represent all of ROS.
HOME = {
    'rclpy': 'ros', 'sensor_msgs': 'ros', 'geometry_msgs': 'ros', 'std_msgs': 'ros',
    'std_srvs': 'ros', 'trajectory_msgs': 'ros', 'visualization_msgs': 'ros',
    'diagnostic_msgs': 'ros', 'lifecycle_msgs': 'ros', 'rcl_interfaces': 'ros', 'tf2_ros': 'ros',
    'tf_transformations': 'ros', 'ament_index_python': 'ros', 'action_msgs': 'ros',
    'moveit_msgs': 'ros', 'mujoco': 'offline', 'coacd': 'offline', 'pyarrow': 'offline',
    'yourdfpy': 'offline',
}
MAX_MODULE, MAX_FUNCTION = 300, 60


def _room(module: str) -> str:
    """Return the folder of a dotted name below dexlite_ros, or the top-level module."""
    first = module.partition('.')[0]
    return 'messages' if first in ('msg', 'srv', 'action') else first


def _own_room(path: Path) -> str:
    return _room('.'.join(path.relative_to(PACKAGE).with_suffix('').parts))


def _imports(path: Path) -> Iterator[str]:
    """Yield the full name of every module that is imported, lazily or not."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f'{path}: relative import'
            if node.module == 'dexlite_ros':
                yield from (f'dexlite_ros.{alias.name}' for alias in node.names)
            else:
                yield node.module


def _name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def _run(code: str) -> str:
    """Return the output of ``code`` in a fresh interpreter; a failure shows its traceback."""
    command = [sys.executable, '-c', code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _imported_rooms(path: Path) -> Iterator[str]:
    """Yield the folders or top-level modules of this package that a module imports from."""
    for name in _imports(path):
        package, _, module = name.partition('.')
        if package == 'dexlite_ros' and module and not module.startswith('_'):
            yield _room(module)


@pytest.mark.parametrize('path', [p for p in MODULES if p != PACKAGE / '__init__.py'], ids=_name)
def test_imports_point_downwards(path):
    """A module imports only its own folder, the base, and what its folder's rule allows."""
    room = _own_room(path)
    allowed = BASE if room in BASE else RULES[room] | BASE | {room}
    assert set(_imported_rooms(path)) <= allowed
    for name in _imports(path):
        package = name.partition('.')[0]
        assert room == 'cell' or HOME.get(package, room) == room, name


def _modules_imported(path: Path) -> set[Path]:
    """Return the files of this package that a module imports from."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module.partition('.')[0] == 'dexlite_ros':
            place = PACKAGE.parent.joinpath(*node.module.split('.'))
            # Either names of a module, or modules of a folder.
            found |= {place.with_suffix('.py'), *(place / f'{a.name}.py' for a in node.names)}
    return found & set(MODULES)


def _folder(path: Path) -> Path:
    """Return a module's folder; a module beside other folders represents itself."""
    beside = any(each.is_dir() and (each / '__init__.py').exists()
                 for each in path.parent.iterdir())
    return path if beside else path.parent


@pytest.mark.parametrize('part', [lambda path: path, _folder], ids=['files', 'folders'])
def test_nothing_imports_in_a_circle(part):
    """Files and folders can be ordered such that each imports only those before it."""
    graph: dict[Path, set[Path]] = {}
    for path in MODULES:
        imported = {part(each) for each in _modules_imported(path)}
        graph.setdefault(part(path), set()).update(imported - {part(path)})
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)
    assert sum(len(each) for each in graph.values()) > len(graph), 'the imports were not read'


@pytest.mark.parametrize('path', MODULES, ids=_name)
def test_modules_and_functions_stay_short(path):
    """One concept per module, one screen per function."""
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < MAX_FUNCTION, node.name


@pytest.mark.parametrize('path', MODULES, ids=_name)
def test_only_descriptions_name_a_hand(path):
    """Joints, links and names of hands stand in hand/, and in the readers of others' files."""
    if not path.is_relative_to(PACKAGE / 'hand'):
        if not path.is_relative_to(PACKAGE / 'offline' / 'formats'):
            assert not re.search(r"'(rh_|lh_|shadow_)", path.read_text())


def test_the_core_needs_neither_ros_nor_physics_nor_pictures():
    """Core modules load without rclpy, mujoco, matplotlib and what is slow to load."""
    core = [
        '.'.join(('dexlite_ros', *path.relative_to(PACKAGE).with_suffix('').parts))
        for path in MODULES
        if path.name != '__init__.py' and _own_room(path) not in ('ros', 'offline', 'cell')
    ]
    assert 'dexlite_ros.planner' in core
    _run(
        'import importlib, sys\n'
        "for name in (\n"
        "        'rclpy', 'mujoco', 'coacd', 'pyarrow', 'matplotlib', 'open3d', 'roma',\n"
        "        'scipy.stats'):\n"
        '    sys.modules[name] = None\n'
        f'for name in {core!r}:\n'
        '    importlib.import_module(name)\n'
    )


def test_messages_need_no_torch():
    """A client of the service loads quickly, and without the planner's libraries."""
    pytest.importorskip('dexlite_ros.msg', reason='the messages are not built: run "make build"')
    loaded = _run(
        'import sys\n'
        'import dexlite_ros.msg, dexlite_ros.srv, dexlite_ros.action\n'
        "print(*({'torch', 'open3d', 'mujoco', 'scipy', 'trimesh'} & sys.modules.keys()))\n"
    )
    assert loaded == ''
