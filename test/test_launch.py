# SPDX-License-Identifier: Apache-2.0
"""The launch files are documented and complete, and run if launch_ros is installed."""

import ast
from importlib import import_module, util
from pathlib import Path
import re

import pytest
import yaml

LAUNCH = Path(__file__).resolve().parent.parent / 'launch'
FILES = sorted(LAUNCH.glob('*.launch.py'))
WANTED = {'namespace', 'params_file', 'use_sim_time', 'autostart', 'log_level', 'rviz'}


def _calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def _keywords(call: ast.Call) -> dict[str, object]:
    """Return the keyword arguments that are constants."""
    return {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}


def _declared(tree: ast.AST) -> dict[str, dict[str, object]]:
    return {call.args[0].value: _keywords(call) for call in _calls(tree, 'DeclareLaunchArgument')}


def _load(path: Path) -> object:
    spec = util.spec_from_file_location(path.name.partition('.')[0] + '_launch', path)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.name)
def test_every_argument_is_described(path):
    """``ros2 launch ... --show-args`` explains each argument."""
    declared = _declared(ast.parse(path.read_text()))
    assert declared
    for name, keywords in declared.items():
        assert keywords.get('description', '').endswith('.'), name


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.name)
def test_every_used_argument_is_declared(path):
    """An undeclared LaunchConfiguration would only fail on the robot."""
    tree = ast.parse(path.read_text())
    used = {
        call.args[0].value for call in _calls(tree, 'LaunchConfiguration')
        if isinstance(call.args[0], ast.Constant)
    }
    assert used <= _declared(tree).keys()


def test_the_planner_takes_the_usual_arguments():
    """The names that ROS users try first exist."""
    assert WANTED <= _declared(ast.parse((LAUNCH / 'planner.launch.py').read_text())).keys()


def test_nothing_opens_a_window_by_itself():
    """The planner runs without a screen unless RViz is requested."""
    declared = _declared(ast.parse((LAUNCH / 'planner.launch.py').read_text()))
    assert declared['rviz']['default_value'] == 'false'


def test_started_executables_are_installed(root):
    """Each executable in a launch file or CMakeLists.txt has a module with a main function."""
    text = (root / 'CMakeLists.txt').read_text()
    modules = re.search(r'foreach\(module ([^)]*)\)', text)[1].split()
    built = {module.rpartition('.')[2] for module in modules}
    for path in FILES:
        tree = ast.parse(path.read_text())
        for call in [*_calls(tree, 'Node'), *_calls(tree, 'LifecycleNode')]:
            keywords = _keywords(call)
            if keywords['package'] == 'dexlite_ros' and 'executable' in keywords:
                assert keywords['executable'] in built
    for module in modules:
        path = root / 'dexlite_ros/ros' / f"{module.replace('.', '/')}.py"
        tree = ast.parse(path.read_text())
        assert 'main' in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}, module


def test_rviz_shows_relative_topics_it_can_receive(root):
    """In any namespace RViz works, and it gets the last result even if started late."""
    config = yaml.safe_load((root / 'config/planner.rviz').read_text())
    topics = [d['Topic'] for d in config['Visualization Manager']['Displays'] if 'Topic' in d]
    assert topics
    for topic in topics:
        assert topic['Value'][0] not in '/~'
        private = topic['Value'].startswith('planner/')
        wanted = ('Transient Local', 'Reliable') if private else ('Volatile', 'Best Effort')
        assert (topic['Durability Policy'], topic['Reliability Policy']) == wanted


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.name)
def test_launch_accepts_the_description(path):
    """The real launch system builds the actions; needs the package launch_ros."""
    # Not "launch", which without ROS is a folder of this checkout.
    pytest.importorskip('launch_ros', reason='launch_ros is not installed: not run')
    description = _load(path).generate_launch_description()
    declare = import_module('launch.actions').DeclareLaunchArgument
    names = [e.name for e in description.entities if isinstance(e, declare)]
    assert len(names) == len(set(names)) > 0
