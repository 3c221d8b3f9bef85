# SPDX-License-Identifier: Apache-2.0
"""The launch files are documented and complete, and run if launch_ros is installed."""

import ast
from importlib import import_module, util
import os
from pathlib import Path
import re
import subprocess
import sys

import pytest
import yaml

LAUNCH = Path(__file__).resolve().parent.parent / 'launch'
FILES = sorted(LAUNCH.glob('*.launch.py'))
# Launch a file as "ros2 launch" does, print what it starts, and stop at once when something has.
LAUNCHER = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import EmitEvent, IncludeLaunchDescription, RegisterEventHandler
from launch.event_handlers import OnProcessStart
from launch.events import Shutdown

def started(event, context):
    print('started', event.process_name, flush=True)
    return EmitEvent(event=Shutdown(reason='seen'))

arguments = [each.split(':=') for each in sys.argv[2:]]
service = LaunchService()
service.include_launch_description(LaunchDescription([
    RegisterEventHandler(OnProcessStart(on_start=started)),
    IncludeLaunchDescription(sys.argv[1], launch_arguments=arguments),
]))
sys.exit(service.run())
"""
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


def test_the_demo_offers_the_examples_there_are(root):
    """The launch file has them written out, as it is read before the package is."""
    pytest.importorskip('rclpy', reason='the demo needs ROS 2 (rclpy)')
    examples = import_module('dexlite_ros.ros.demo.examples')
    tree = ast.parse((LAUNCH / 'demo.launch.py').read_text())
    (call,) = (each for each in _calls(tree, 'DeclareLaunchArgument')
               if each.args[0].value == 'example')
    given = {each.arg: each.value for each in call.keywords}
    assert ast.literal_eval(given['choices']) == list(examples.EXAMPLES)
    assert ast.literal_eval(given['default_value']) == examples.DEFAULT_EXAMPLE


def test_started_executables_are_installed(root):
    """Each executable in a launch file or CMakeLists.txt has a module with a main function."""
    text = (root / 'CMakeLists.txt').read_text()
    built = dict(
        each.split('=') for each in re.search(r'foreach\(each ([^)]*)\)', text)[1].split())
    assert len(built) > 3
    for path in FILES:
        tree = ast.parse(path.read_text())
        for call in [*_calls(tree, 'Node'), *_calls(tree, 'LifecycleNode')]:
            keywords = _keywords(call)
            if keywords['package'] == 'dexlite_ros' and 'executable' in keywords:
                assert keywords['executable'] in built
    for module in built.values():
        path = root / 'dexlite_ros' / f"{module.replace('.', '/')}.py"
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


@pytest.fixture
def prefix(tmp_path, root):
    """Return an install prefix that has this package and, whatever else is installed, no RViz."""
    # Not "launch", which without ROS is a folder of this checkout.
    pytest.importorskip('launch_ros', reason='launch_ros is not installed: not run')
    index = import_module('ament_index_python.packages')
    built = Path(index.get_package_prefix('dexlite_ros'))
    for folder in ('share/ament_index/resource_index/packages', 'share/dexlite_ros', 'lib'):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / 'share/ament_index/resource_index/packages/dexlite_ros').touch()
    for folder in ('launch', 'config'):
        (tmp_path / 'share/dexlite_ros' / folder).symlink_to(root / folder)
    (tmp_path / 'lib/dexlite_ros').symlink_to(built / 'lib/dexlite_ros')
    return tmp_path


def _launch(file: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-c', LAUNCHER, str(LAUNCH / file), *arguments], text=True, timeout=60.0,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **environment})


@pytest.mark.parametrize(('file', 'arguments', 'named'), [
    ('planner.launch.py', ['rviz:=true'], ['rviz2 is not installed', 'rviz:=false']),
    ('demo.launch.py', [], ['rviz2 is not installed', 'rviz:=false']),
    ('planner.launch.py', ['params_file:=/missing.yaml'], ['params_file', '/missing.yaml']),
    ('planner.launch.py', ['rviz:=maybe'], ['rviz', 'maybe']),
])
def test_a_launch_that_cannot_work_starts_nothing(prefix, file, arguments, named):
    """One line names the argument and the remedy, and no node is left running."""
    done = _launch(file, *arguments, AMENT_PREFIX_PATH=str(prefix))
    assert done.returncode == 1 and 'started' not in done.stdout
    line = next(line for line in done.stdout.splitlines() if 'Caught exception' in line)
    assert all(word in line for word in named)
    assert 'Traceback' not in done.stdout


def test_the_planner_starts():
    """With the defaults there is one process, which ends when the launch does."""
    pytest.importorskip('launch_ros', reason='launch_ros is not installed: not run')
    done = _launch('planner.launch.py')
    assert re.findall('^started (planner_node)', done.stdout, re.M) == ['planner_node']
    assert done.returncode == 0 and 'finished cleanly' in done.stdout


def test_the_arguments_are_checked_before_anything_is_started():
    """The check stands between the arguments and the first process, also without launch_ros."""
    tree = ast.parse((LAUNCH / 'planner.launch.py').read_text())
    build = next(n for n in tree.body if getattr(n, 'name', '') == 'generate_launch_description')
    (description,) = _calls(build, 'LaunchDescription')
    assert [ast.unparse(each) for each in description.args[0].elts] == [
        '*_arguments()', 'OpaqueFunction(function=_check)', '_planner()', '_rviz()']
