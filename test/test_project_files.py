# SPDX-License-Identifier: Apache-2.0
"""What a reviewer looks for beside the code is there, and agrees with the package."""

import ast
import os
from pathlib import Path
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from dexlite_ros import __version__

ROOT = Path(__file__).resolve().parent.parent
SPDX = '# SPDX-License-Identifier: Apache-2.0'
# Made by tools, or not ours.
SKIPPED = {'.git', '.venv', '.workspace', 'build', 'install', 'log', 'output', '__pycache__'}
SUFFIXES = {'.py', '.sh', '.msg', '.srv', '.action', '.cmake', '.in', '.cff', '.bash'}
NAMES = {'CMakeLists.txt', 'Makefile'}
# The numbered sections of REP 2004.
SECTIONS = ['Version policy', 'Change control process', 'Documentation', 'Testing', 'Dependencies',
            'Platform support', 'Security']


def _sources() -> list[Path]:
    """Return every file that is code: by its suffix, its name, or its first two characters."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(set(folders) - SKIPPED)
        for path in (Path(folder) / name for name in sorted(names)):
            known = path.suffix in SUFFIXES or path.name in NAMES
            if known or not path.suffix and path.read_bytes()[:2] == b'#!':
                found.append(path)
    return found


def _citation() -> dict[str, object]:
    return yaml.safe_load((ROOT / 'CITATION.cff').read_text())


@pytest.mark.parametrize('path', _sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_source_file_names_its_licence(path):
    """The SPDX line is the first, or the second below the interpreter."""
    lines = path.read_text().splitlines()
    assert lines[1 if lines[0].startswith('#!') else 0] == SPDX


def test_sources_of_every_kind_are_found():
    """The check above looks at what it should."""
    names = {str(path.relative_to(ROOT)) for path in _sources()}
    assert {'setup.py', 'Makefile', 'CMakeLists.txt', '.ci/run', 'tools/run.sh', 'CITATION.cff',
            'msg/DexGrasp.msg', 'srv/GraspSynthesis.srv', 'launch/planner.launch.py'} <= names
    assert len(names) > 200


def test_the_citation_is_of_this_version():
    """Version and licence agree with the package; names of keys are those of format 1.2.0."""
    citation = _citation()
    assert citation['cff-version'] == '1.2.0'
    assert (citation['version'], citation['license']) == (__version__, 'Apache-2.0')
    required = {'cff-version', 'message', 'title', 'authors'}
    assert required <= citation.keys()
    (paper,) = citation['references']
    assert {'type', 'title', 'authors'} <= paper.keys()
    assert paper['url'].endswith('2506.17198') and len(paper['authors']) == 9
    assert all(set(each) == {'given-names', 'family-names'} for each in paper['authors'])


def test_the_readme_cites_the_same_paper():
    """One arXiv number for one paper."""
    numbers = set(re.findall(r'\b\d{4}\.\d{5}\b', (ROOT / 'README.md').read_text()))
    assert numbers == set(re.findall(r'\b\d{4}\.\d{5}\b', (ROOT / 'CITATION.cff').read_text()))


def test_the_quality_declaration_has_the_sections_of_the_rep():
    """Each numbered heading of REP 2004 is there, in order, and claims a single level."""
    text = (ROOT / 'QUALITY_DECLARATION.md').read_text()
    headings = re.findall(r'^## (\d)\. (.*)$', text, re.M)
    assert headings == [(str(number), name) for number, name in enumerate(SECTIONS, 1)]
    assert re.findall(r'\*\*Quality Level (\d)\*\*', text) == ['4']


@pytest.mark.parametrize('name', [
    'SECURITY.md', 'QUALITY_DECLARATION.md', 'CITATION.cff', 'CONTRIBUTING.md', 'CHANGELOG.rst',
    'LICENSE'])
def test_the_readme_leads_to_it(name):
    """A reviewer finds it from the first page."""
    assert f']({name})' in (ROOT / 'README.md').read_text()


def test_pickle_and_eval_are_banned_as_the_security_page_says():
    """The linter refuses them in all but the one reader that the page describes."""
    ruff = tomllib.loads((ROOT / 'pyproject.toml').read_text())['tool']['ruff']['lint']
    assert {'S307', 'TID251'} <= set(ruff['select'])
    assert {'pickle', 'torch.load'} <= ruff['flake8-tidy-imports']['banned-api'].keys()
    excused = [path for path, codes in ruff['per-file-ignores'].items() if 'TID251' in codes]
    assert excused == ['dexlite_ros/offline/formats/npy_file.py']


def test_no_command_goes_through_a_shell():
    """Subprocesses get lists of arguments, so that file names cannot be commands."""
    for path in (ROOT / 'dexlite_ros').rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                assert 'shell' not in {each.arg for each in node.keywords}, path
                assert ast.unparse(node.func) not in ('os.system', 'os.popen'), path


def test_the_flake8_of_ament_has_the_line_length_of_ruff():
    """Two linters, one style."""
    length = tomllib.loads((ROOT / 'pyproject.toml').read_text())['tool']['ruff']['line-length']
    assert f'max-line-length = {length}\n' in (ROOT / '.flake8').read_text()


def test_plugins_that_break_collection_are_off():
    """With ROS 2's launch_testing installed, pytest 8 and later would not start at all."""
    settings = tomllib.loads((ROOT / 'pyproject.toml').read_text())['tool']['pytest']
    options = settings['ini_options']['addopts'].split()
    off = {value for flag, value in zip(options, options[1:]) if flag == '-p'}
    assert {'no:launch_testing', 'no:launch_ros', 'no:launch_pytest'} <= off


def test_a_plugin_like_those_does_no_harm(tmp_path):
    """The settings of this checkout keep out a plugin of that name which pytest cannot load."""
    plugin = tmp_path / 'broken'
    about = plugin / 'launch_testing-1.dist-info'
    about.mkdir(parents=True)
    (about / 'METADATA').write_text('Name: launch_testing\nVersion: 1\n')
    (about / 'entry_points.txt').write_text('[pytest11]\nlaunch_testing = its_hooks\n')
    (plugin / 'its_hooks.py').write_text('def pytest_pycollect_makemodule(path, parent):\n    1\n')
    (tmp_path / 'test_it.py').write_text('def test_it():\n    pass\n')
    command = [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', str(tmp_path)]
    environment = {**os.environ, 'PYTHONPATH': f'{plugin}:{os.environ.get("PYTHONPATH", "")}'}
    ours = subprocess.run([*command, '-c', str(ROOT / 'pyproject.toml')], capture_output=True,
                          text=True, env=environment, timeout=60.0)
    bare = subprocess.run([*command, '-c', os.devnull], capture_output=True, text=True,
                          env=environment, timeout=60.0)
    assert ours.returncode == 0 and '1 passed' in ours.stdout
    assert bare.returncode != 0, 'the plugin is harmless, so this test shows nothing'
