# SPDX-License-Identifier: Apache-2.0
"""requirements.txt is the only list of what is imported; what else names packages agrees."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
import re
import subprocess
import sys

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
import pytest
from test_package import OPTIONAL_ROS_PACKAGES, ROS_PACKAGES

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / 'dexlite_ros'
# Extras that the tests use, and so are among the versions tried.
TRIED_EXTRAS = {'pybullet', 'scale', 'train', 'video', 'view', 'dev'}
# Distributions of extras by imported name, because they need not be installed here.
NOT_INSTALLED = {'Dex1B': 'dex1b', 'imageio_ffmpeg': 'imageio-ffmpeg', 'pybullet': 'pybullet',
                 'pybullet_data': 'pybullet', 'ray': 'ray', 'viser': 'viser'}
# Imported under another name: torch.utils.tensorboard is empty without it.
INDIRECT = {'tensorboard'}
# Imported by trimesh, for the meshes of DAE files.
BY_TRIMESH = {'pycollada'}
# What builds the editable install of a checkout; nobody imports it.
BUILD = {'setuptools'}


def _requirements(lines: str) -> dict[str, Requirement]:
    found = map(Requirement, re.findall(r'^\w[^#\n]*', lines, re.M))
    return {canonicalize_name(each.name): each for each in found}


def _core() -> dict[str, Requirement]:
    return _requirements((ROOT / 'requirements.txt').read_text())


def _tried() -> dict[str, Requirement]:
    return _requirements((ROOT / 'tools/requirements.txt').read_text())


def _extras() -> dict[str, dict[str, Requirement]]:
    """Return the extras of setup.py, whose dictionary is a literal."""
    tree = ast.parse((ROOT / 'setup.py').read_text())
    keywords = [k for node in ast.walk(tree) if isinstance(node, ast.Call) for k in node.keywords]
    literal = next(k.value for k in keywords if k.arg == 'extras_require')
    return {name: _requirements('\n'.join(wanted))
            for name, wanted in ast.literal_eval(literal).items()}


def _imports(node: ast.AST, lazy: bool, guarded: bool) -> Iterator[tuple[str, bool, bool]]:
    """Yield each imported top-level name, if it is in a function, and if it may be missing."""
    if isinstance(node, ast.Import):
        yield from ((alias.name.partition('.')[0], lazy, guarded) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module.partition('.')[0], lazy, guarded
    for child in ast.iter_child_nodes(node):
        catches = isinstance(node, ast.Try) and child in node.body and any(
            each.type and 'ImportError' in ast.unparse(each.type) for each in node.handlers)
        if isinstance(node, ast.If) and ast.unparse(node.test) == 'TYPE_CHECKING':
            continue
        function = isinstance(node, ast.FunctionDef)
        yield from _imports(child, lazy or function, guarded or catches)


def _third_party(path: Path) -> set[tuple[str, bool, bool]]:
    ours = {*sys.stdlib_module_names, 'dexlite_ros', *ROS_PACKAGES, *OPTIONAL_ROS_PACKAGES}
    return {each for each in _imports(ast.parse(path.read_text()), False, False)
            if each[0] not in ours}


@cache
def _distribution(name: str) -> str:
    """
    Return the distribution that provides a top-level module; of several, the one required.

    A single compiled file is not among the modules that are known of a distribution; such a one
    has its distribution's name.
    """
    if name in NOT_INSTALLED:
        return NOT_INSTALLED[name]
    providers = {canonicalize_name(each) for each in _installed().get(name, [name])}
    if len(providers) > 1:
        providers &= _core().keys()
    assert len(providers) == 1, f'{name} comes from {providers}'
    return providers.pop()


@cache
def _installed() -> Mapping[str, list[str]]:
    return packages_distributions()


ALL = {path: _third_party(path) for path in sorted(PACKAGE.rglob('*.py'))}


def _imported(**wanted: bool) -> set[str]:
    """Return the distributions imported so, e.g. ``guarded=True``."""
    return {
        _distribution(name) for found in ALL.values() for name, lazy, guarded in found
        if wanted.items() <= {'lazy': lazy, 'guarded': guarded}.items()}


def test_whatever_must_be_there_is_a_requirement():
    """All that is imported outright, anywhere, is in requirements.txt, and nothing else is."""
    optional = {name for extra in _extras().values() for name in extra}
    assert _imported(lazy=False) <= _core().keys(), 'a module cannot be loaded without it'
    assert _imported(guarded=False) - optional == set(_core()) - BY_TRIMESH
    assert len(_core()) > 10, 'requirements.txt was not read'


def test_whatever_may_be_missing_is_an_extra():
    """An import with an except clause names a requirement or an extra, and all extras are used."""
    extras = _extras()
    optional = {name for key, extra in extras.items() if key != 'dev' for name in extra}
    assert optional.isdisjoint(_core())
    assert _imported(guarded=True) <= optional | _core().keys()
    assert _imported(guarded=True) - _core().keys() == optional - INDIRECT


@pytest.mark.parametrize('path', [p for p in ALL if ALL[p]], ids=lambda p: p.stem)
def test_an_extra_is_never_needed_to_load_a_module(path):
    """The remedy in the error is only seen if the module can be imported."""
    optional = {name for extra in _extras().values() for name in extra}
    needed = {_distribution(name) for name, lazy, guarded in ALL[path] if not (lazy or guarded)}
    assert needed.isdisjoint(optional)


def test_the_versions_tried_are_in_range():
    """tools/requirements.txt names the requirements and the extras used here, and no more."""
    wanted = dict(_core())
    for name in TRIED_EXTRAS:
        wanted |= _extras()[name]
    tried = _tried()
    assert tried.keys() - BUILD == wanted.keys()
    for name, requirement in tried.items():
        pins = [each for each in requirement.specifier if each.operator == '==']
        if name != 'numpy':  # compiled messages decide between 1 and 2
            assert len(pins) == 1, f'{requirement} names no single version'
        if name in wanted:
            assert all(wanted[name].specifier.contains(pin.version) for pin in pins), name


def test_setup_reads_the_same_list():
    """What pip would install with the package is what requirements.txt says."""
    told = subprocess.run(
        [sys.executable, '-c',
         'import setuptools, runpy\n'
         'setuptools.setup = lambda **told: print(*told["install_requires"], sep="\\n")\n'
         'runpy.run_path("setup.py")'],
        cwd=ROOT, capture_output=True, text=True, timeout=60.0, check=True).stdout
    assert {n: str(r) for n, r in _requirements(told).items()} == {
        n: str(r) for n, r in _core().items()}
    assert 'include requirements.txt' in (ROOT / 'MANIFEST.in').read_text()


def test_the_pages_name_the_file_instead_of_packages():
    """No recipe in the documentation has a list of its own, which would grow old."""
    for page in [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *ROOT.glob('docs/*.md')]:
        for line in re.findall(r'^.*pip3? install (.*)$', page.read_text(), re.M):
            named = {canonicalize_name(n) for n in re.findall(r'[A-Za-z][\w-]*', line)}
            assert len(named & _core().keys()) <= 1, f'{page.name}: {line}'
    assert '-r src/dexlite_ros/requirements.txt' in (ROOT / 'docs/install.md').read_text()


@pytest.mark.parametrize('text', [
    'import numpy', 'def f():\n    import ray', 'try:\n    import ray\nexcept ImportError:\n    1',
    'class A:\n    def f(self):\n        from ray import x'])
def test_imports_are_read_wherever_they_are(text):
    """The checks above see imports in functions, methods and guards, and tell them apart."""
    (name, lazy, guarded), = _imports(ast.parse(text), False, False)
    assert (name, lazy, guarded) == (
        'numpy' if 'numpy' in text else 'ray', 'def ' in text, 'try' in text)
