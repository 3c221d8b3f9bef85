# SPDX-License-Identifier: Apache-2.0
"""Facts about the package that are stated in several places agree."""

import ast
from dataclasses import fields
import inspect
from pathlib import Path
import re
from xml.etree import ElementTree

import pytest

from dexlite_ros import __version__, errors
from dexlite_ros.object.cleaning import DroppedPoints
from dexlite_ros.plan import Contacts, GraspMetrics, PlanReport, Rejections, StageTimes

ROOT = Path(__file__).resolve().parent.parent
INTERFACES = sorted(
    [*ROOT.glob('msg/*.msg'), *ROOT.glob('srv/*.srv'), *ROOT.glob('action/*.action')])
FIELD = re.compile(r'^(?P<type>[\w/]+(\[\d*\])?) +(?P<name>\w+)(?P<constant> *=)?')
# Provided by ROS, never by pip: the package that an imported module comes from.
ROS_PACKAGES = {name: name for name in (
    'action_msgs', 'ament_index_python', 'builtin_interfaces', 'diagnostic_msgs',
    'geometry_msgs', 'launch', 'launch_ros', 'lifecycle_msgs', 'rcl_interfaces', 'rclpy',
    'rosgraph_msgs', 'sensor_msgs', 'std_msgs', 'std_srvs', 'tf_transformations',
    'trajectory_msgs', 'visualization_msgs',
)} | {'tf2_ros': 'tf2_ros_py'}
# Imported only where they are installed, by one function each; package.xml does not ask for them.
OPTIONAL_ROS_PACKAGES = {'control_msgs', 'moveit_msgs', 'tf2_msgs'}
# rosdep's key of a package that pip knows by another name.
ROSDEP = {
    'joblib': 'python3-joblib', 'matplotlib': 'python3-matplotlib', 'numpy': 'python3-numpy',
    'pillow': 'python3-pil', 'pyyaml': 'python3-yaml', 'scikit-learn': 'python3-sklearn',
    'scipy': 'python3-scipy', 'tqdm': 'python3-tqdm'}
# Named in package.xml although neither imported, found by CMake, nor started; each has a comment
# there that says why.
NOT_IMPORTED = {'rosidl_default_runtime', 'tf_transformations'}


def _names(path: str, constants: bool = False) -> list[str]:
    """Return the fields, or the constants, of a message in order."""
    found = (FIELD.match(line) for line in (ROOT / path).read_text().splitlines())
    return [m['name'] for m in found if m and bool(m['constant']) == constants]


def _xml() -> ElementTree.Element:
    return ElementTree.parse(ROOT / 'package.xml').getroot()


def _imported(*folders: str) -> set[str]:
    """Return the top-level modules that Python files below these folders import, lazily or not."""
    found = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob('*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition('.')[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition('.')[0])
    return found


def _found_by_cmake() -> set[str]:
    text = (ROOT / 'CMakeLists.txt').read_text()
    return set(re.findall(r'^ *find_package\((\w+)', text, re.M))


def _started() -> set[str]:
    """Return the other packages that launch files start, and whose plugins RViz shows."""
    started = set()
    for path in ROOT.glob('launch/*.py'):
        started |= set(re.findall(r"package='(\w+)'", path.read_text()))
    plugins = re.findall(r'Class: (\w+)/', (ROOT / 'config/planner.rviz').read_text())
    return (started | set(plugins)) - {'dexlite_ros'}


def test_one_version():
    """package.xml, the module and the newest entry of the changelog agree; setup.py reads it."""
    newest = re.search(r'^(\d+\.\d+\.\d+).*\n-', (ROOT / 'CHANGELOG.rst').read_text(), re.M)[1]
    assert _xml().findtext('version') == __version__ == newest
    assert 'version=VERSION' in (ROOT / 'setup.py').read_text()


def test_one_licence():
    """package.xml, setup.py and the licence file agree."""
    assert _xml().findtext('license') == 'Apache-2.0'
    assert "license='Apache-2.0'" in (ROOT / 'setup.py').read_text()
    text = (ROOT / 'LICENSE').read_text()
    assert 'Apache License' in text and 'Version 2.0, January 2004' in text


def test_package_xml_is_valid():
    """The parser of the build system reports neither errors nor warnings."""
    package = pytest.importorskip('catkin_pkg.package', reason='catkin_pkg is not installed')
    warnings = []
    parsed = package.parse_package(str(ROOT / 'package.xml'), warnings=warnings)
    parsed.validate(warnings=warnings)
    assert warnings == []
    assert (parsed.package_format, parsed.get_build_type()) == (3, 'ament_cmake')


def _named() -> set[str]:
    return {each.text for each in _xml() if each.tag.endswith('depend')}


def test_dependencies_are_what_is_used():
    """package.xml names what is imported, found by CMake, started or shown, and nothing else."""
    imported = {ROS_PACKAGES[name] for name in _imported('dexlite_ros', 'launch', 'test')
                if name in ROS_PACKAGES}
    requirements = re.findall(r'^[\w-]+', (ROOT / 'requirements.txt').read_text(), re.M)
    keys = {ROSDEP[name.lower()] for name in requirements if name.lower() in ROSDEP}
    assert len(imported) > 10 and len(keys) == len(ROSDEP)
    used = imported | keys | _found_by_cmake() | _started() | {'python3-pytest'}
    assert _named() - NOT_IMPORTED == used
    assert NOT_IMPORTED <= _named()


def test_interfaces_depend_on_the_messages_in_them():
    """A message type from another package is in package.xml and given to CMake."""
    text = (ROOT / 'CMakeLists.txt').read_text()
    given = set(re.search(r'DEPENDENCIES\s+([\w\s]+)\)', text)[1].split())
    used = {m['type'].partition('/')[0] for path in INTERFACES
            for m in map(FIELD.match, path.read_text().splitlines()) if m and '/' in m['type']}
    assert used - {'dexlite_ros'} <= given <= _named() & _found_by_cmake()


def test_exceptions_have_their_reason():
    """A dependency that no code mentions stands below a comment that explains it."""
    lines = (ROOT / 'package.xml').read_text().splitlines()
    for name in NOT_IMPORTED:
        index = next(i for i, line in enumerate(lines) if f'>{name}<' in line)
        assert lines[index - 1].endswith('-->'), name


def test_each_dependency_is_named_once():
    """Twice would be a leftover."""
    named = [each.text for each in _xml() if each.tag.endswith('depend')]
    assert len(named) == len(set(named))


def test_every_interface_is_built():
    """CMakeLists.txt lists each message, service and action, and only those."""
    text = (ROOT / 'CMakeLists.txt').read_text()
    listed = re.findall(r'"((?:msg|srv|action)/[^"]+)"', text)
    assert sorted(listed) == sorted(str(path.relative_to(ROOT)) for path in INTERFACES)


@pytest.mark.parametrize('path', INTERFACES, ids=lambda path: path.name)
def test_every_field_is_explained(path):
    """Each field and constant has its own comment right above it."""
    lines = path.read_text().splitlines()
    for above, line in zip(['', *lines], lines, strict=False):
        if FIELD.match(line):
            assert above.startswith('# ') and above.endswith(('.', ';', ':')), line


def test_error_codes_are_the_constants_of_the_report():
    """Each constant but NONE has an exception with its code, and there are no other codes."""
    text = (ROOT / 'msg/SynthesisReport.msg').read_text()
    constants = {int(value) for value in re.findall(r'^uint16 [A-Z_]+=(\d+)', text, re.M)}
    raised = {
        kind.code for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.DexliteError)
    }
    assert constants == {0} | raised
    assert len(re.findall(r'^uint16 [A-Z_]+=', text, re.M)) == len(constants)


def test_the_report_message_mirrors_the_report():
    """Times, counts and facts of PlanReport have the same names and order in the message."""
    names = _names('msg/SynthesisReport.msg')
    times = [name for name in names if name.endswith('_time')]
    rejected = [name for name in names if name.startswith('rejected_')]
    assert times == [f'{f.name}_time' for f in fields(StageTimes)]
    assert rejected == [f'rejected_{f.name}' for f in fields(Rejections)]
    assert [name for name in names if name.startswith('dropped_')] == [
        f'dropped_{f.name}' for f in fields(DroppedPoints)]
    assert {f.name for f in fields(PlanReport)} - {'times', 'rejected', 'dropped'} <= set(names)


def test_the_grasp_message_mirrors_the_plan():
    """Metrics and contacts of a plan have the same names in the message."""
    names = _names('msg/DexGrasp.msg')
    assert {f.name for f in fields(GraspMetrics)} <= set(names)
    assert {f'contact_{f.name}' for f in fields(Contacts)} <= set(names)
    assert {'score', 'success_probability', 'hand', 'hand_link'} <= set(names)


def test_folders_are_packages():
    """setup.py installs each folder of modules, and none has a name that messages need."""
    for folder in {path.parent for path in (ROOT / 'dexlite_ros').rglob('*.py')}:
        assert (folder / '__init__.py').exists(), folder.name
        assert folder.name not in ('msg', 'srv', 'action')
