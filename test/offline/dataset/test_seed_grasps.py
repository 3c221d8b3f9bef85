# SPDX-License-Identifier: Apache-2.0
"""The packaged dataset satisfies every invariant, and its datasheet has the right counts."""

import json
import re

from dexlite_ros.offline.commands.__main__ import main


def test_the_committed_dataset(root, capsys):
    """Verify the dataset and count it again."""
    folder = root / 'data' / 'seed_grasps'
    assert main(['dataset', 'verify', str(folder)]) == 0
    capsys.readouterr()
    assert main(['dataset', 'info', str(folder), '--json']) == 0
    content = json.loads(capsys.readouterr().out)
    sheet = re.sub(r'(\d) (\d{3})', r'\1\2', (root / 'data' / 'README.md').read_text())
    grasps = content['grasps']
    assert f'{content["objects"]["all"]}: ' in sheet
    assert f'{grasps["judged"]} judged (train {grasps["train"]}, val {grasps["val"]})' in sheet
    passed = f'six forces {grasps["six_forces"]}, lift {grasps["lift"]}, both {grasps["held"]}'
    assert passed in sheet
    assert content['bytes'] < 15 * 2**20
