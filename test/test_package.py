# SPDX-License-Identifier: Apache-2.0
"""Facts about the package that are stated in several places agree."""

import ast
from dataclasses import fields
import inspect
from pathlib import Path
import re
import sys
from xml.etree import ElementTree

import pytest

from dexlite_ros import __version__, errors
from dexlite_ros.plan import Contacts, GraspMetrics, PlanReport, Rejections, StageTimes

ROOT = Path(__file__).resolve().parent.parent
INTERFACES = sorted(
    [*ROOT.glob('msg/*.msg'), *ROOT.glob('srv/*.srv'), *ROOT.glob('action/*.action')])
FIELD = re.compile(r'^(?P<type>[\w/]+(\[\d*\])?) +(?P<name>\w+)(?P<constant> *=)?')
# Imported name: name on the package index, if they differ.
DISTRIBUTIONS = {
    'Dex1B': 'dex1b', 'PIL': 'pillow', 'imageio_ffmpeg': 'imageio-ffmpeg',
    'open3d': 'open3d-cpu', 'pybullet_data': 'pybullet', 'sklearn': 'scikit-learn',
    'yaml': 'PyYAML'}
# Provided by ROS, never by pip.
ROS_MODULES = {
    'action_msgs', 'ament_index_python', 'builtin_interfaces', 'diagnostic_msgs',
    'geometry_msgs', 'lifecycle_msgs', 'rcl_interfaces', 'rclpy', 'sensor_msgs', 'std_msgs',
    'std_srvs', 'tf2_ros', 'tf_transformations', 'trajectory_msgs', 'visualization_msgs',
}


def _names(path: str, constants: bool = False) -> list[str]:
    """Return the fields, or the constants, of a message in order."""
    found = (FIELD.match(line) for line in (ROOT / path).read_text().splitlines())
    return [m['name'] for m in found if m and bool(m['constant']) == constants]


def _xml() -> ElementTree.Element:
    return ElementTree.parse(ROOT / 'package.xml').getroot()


def _imported() -> set[str]:
    """Return the top-level modules that dexlite_ros imports, lazily or not."""
    found = set()
    for path in (ROOT / 'dexlite_ros').rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition('.')[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.partition('.')[0])
    # _typeshed is the type checker's own, and never there when the code runs.
    return found - set(sys.stdlib_module_names) - {'dexlite_ros', '_typeshed'}


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


def test_ros_imports_are_dependencies():
    """Every ROS package that is imported or found by CMake is named in package.xml."""
    named = {e.text for e in _xml() if e.tag.endswith('depend')}
    found = re.findall(r'^find_package\((\w+)', (ROOT / 'CMakeLists.txt').read_text(), re.M)
    assert _imported() & ROS_MODULES <= named
    assert set(found) <= named


def test_other_imports_are_requirements():
    """Other imports are in setup.py, and setup.py and tools/requirements.txt name the same."""
    setup = (ROOT / 'setup.py').read_text()
    ranges = set(re.findall(r"^        '([\w-]+)[<>=]", setup, re.M))
    extras = set(re.findall(r"\['([\w-]+)[<>=]", setup))
    tried = re.findall(r'^([\w-]+)[<>=]', (ROOT / 'tools/requirements.txt').read_text(), re.M)
    wanted = {DISTRIBUTIONS.get(name, name) for name in _imported() - ROS_MODULES}
    assert wanted <= ranges | extras
    # The tests use these extras, so they are among the tested versions.
    used = {'pybullet', 'imageio-ffmpeg', 'ray', 'tensorboard'}
    assert ranges | used == set(tried) - {'mypy', 'pytest', 'ruff', 'setuptools'}


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
    assert {f.name for f in fields(PlanReport)} - {'times', 'rejected'} <= set(names)


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
