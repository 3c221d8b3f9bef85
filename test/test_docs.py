# SPDX-License-Identifier: Apache-2.0
"""Pages lead to each other, and name what there is."""

from pathlib import Path
import re

import pytest

from dexlite_ros.offline.commands.__main__ import COMMANDS
from dexlite_ros.plan_warning import WARNINGS
from dexlite_ros.ranking.success_model import FEATURES

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob('*.md'), *ROOT.glob('docs/**/*.md'), *ROOT.glob('data/*.md')])
LINK = re.compile(r'\]\(([^)#\s]+)(?:#[^)]*)?\)')


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Every relative link of a page is a file or a folder of the checkout."""
    for target in LINK.findall(page.read_text()):
        if '://' not in target:
            assert (page.parent / target).exists(), target


def test_readme_links_to_every_page():
    """Nothing that is written is hidden."""
    text = (ROOT / 'README.md').read_text()
    linked = {(ROOT / target).resolve() for target in LINK.findall(text)}
    assert {page.resolve() for page in ROOT.glob('docs/*.md')} <= linked


def test_readme_names_every_command():
    """Each subcommand has its line in the table, and the table names no other."""
    rows = re.findall(r'^\| `(dexlite [^|]*)` \|', (ROOT / 'README.md').read_text(), re.M)
    named = {word for row in rows for word in re.findall(r'[a-z][a-z-]+', row)} - {'dexlite'}
    assert named == set(COMMANDS)


def test_architecture_names_every_module_of_the_core():
    """The tree in docs/architecture.md knows each folder and each module beside the folders."""
    tree = (ROOT / 'docs/architecture.md').read_text()
    names = {path.name.removesuffix('.py') for path in (ROOT / 'dexlite_ros').iterdir()
             if path.suffix == '.py' or (path / '__init__.py').exists()} - {'__init__'}
    assert {name for name in names if not re.search(rf'\b{name}\b', tree)} == set()


def test_the_page_of_clouds_explains_every_warning():
    """The table has each code with its meaning, and no other code."""
    text = (ROOT / 'docs/clouds.md').read_text()
    section = text.partition('## Warnings')[2].partition('\n## ')[0]
    assert dict(re.findall(r'^\| `(\w+)` \| (.*) \|$', section, re.M)) == WARNINGS


def test_the_page_of_the_score_explains_every_feature():
    """All inputs of the success model, in their order."""
    text = (ROOT / 'docs/score.md').read_text()
    section = text.partition('| feature | meaning |')[2].partition('\n## ')[0]
    assert tuple(re.findall(r'^\| `(\w+)` \| .+ \|$', section, re.M)) == FEATURES


def test_the_node_page_explains_every_error_code():
    """Number and name are those of the message."""
    text = (ROOT / 'docs/node.md').read_text()
    constants = re.findall(
        r'^uint16 ([A-Z_]+)=(\d+)', (ROOT / 'msg/SynthesisReport.msg').read_text(), re.M)
    assert re.findall(r'^\| (\d+) \| ([A-Z_]+) \|', text, re.M) == [
        (number, name) for name, number in constants]
