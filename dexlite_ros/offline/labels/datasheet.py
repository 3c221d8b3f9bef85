# SPDX-License-Identifier: Apache-2.0
"""The datasheet of labels: what they are, how many hold, how they were made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from dexlite_ros.files import plain, replaced, write_json
from dexlite_ros.offline.dataset.schema import numbers
from dexlite_ros.offline.labels.label_set import LabelSet
from dexlite_ros.offline.labels.scene_choice import IN_THE_AIR, ON_A_TABLE
from dexlite_ros.offline.labels.schema import Column, grasp_columns, SCENE_COLUMNS
from dexlite_ros.offline.physics.judge import find_test

SHARES = ('held', 'held_mild', 'held_noise', 'held_low_friction', 'held_heavy')


def write_datasheet(labels: LabelSet) -> dict[str, Any]:
    """Write datasheet.json and README.md into the folder, and return the figures."""
    figures = plain(_figures(labels))
    write_json(labels.folder / 'datasheet.json', figures)
    with replaced(labels.folder / 'README.md') as temporary:
        temporary.write_text(_text(figures, labels.about))
    return dict(figures)


def _figures(labels: LabelSet) -> dict[str, Any]:
    """Return counts and shares of every kind of scene."""
    scenes = labels.scenes(['scene', 'object', 'kind', 'camera', 'neighbours', 'error'])
    grasps = labels.grasps(['scene', 'near_miss', 'choice', *SHARES])
    kinds: dict[str, dict[str, Any]] = {}
    kind_of = {row['scene']: _kind(row) for row in scenes.to_pylist()}
    rows = np.array([kind_of.get(each, '') for each in grasps['scene'].to_pylist()], object)
    for kind in sorted(set(kind_of.values())):
        own = [row for row in scenes.to_pylist() if kind_of[row['scene']] == kind]
        part = grasps.filter(pa.array((rows == kind).astype(bool)))
        kinds[kind] = {
            'scenes': len(own), 'objects': len({row['object'] for row in own}),
            'without plan': sum(bool(row['error']) for row in own), **_shares(part)}
    return {'scenes': len(scenes), 'grasps': len(grasps), 'kinds': kinds}


def _kind(row: dict[str, Any]) -> str:
    beside = len(row['neighbours'] or ())
    words = [row['kind'], row['camera'], f'{beside} neighbours' if beside else '']
    return ' '.join(word for word in words if word)


def _shares(grasps: pa.Table) -> dict[str, Any]:
    """Return the number of grasps, and the shares that hold."""
    missed, choice = (
        grasps[name].to_numpy(zero_copy_only=False) for name in ('near_miss', 'choice'))
    missed = missed.astype(bool)
    columns = {name: numbers(grasps[name]) for name in SHARES}
    chosen = np.isfinite(choice.astype(float))
    return {
        'grasps': int((~missed).sum()), 'near misses': int(missed.sum()),
        'perturbed': int(np.isfinite(columns['held_mild']).sum()),
        **{name.replace('_', ' '): _mean(values[~missed]) for name, values in columns.items()},
        'held of the plan': _mean(columns['held'][chosen]),
        'held of near misses': _mean(columns['held'][missed])}


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return round(float(known.mean()), 4) if len(known) else float('nan')


def _text(figures: dict[str, Any], about: dict[str, Any]) -> str:
    """Return the datasheet as Markdown."""
    return '\n'.join([
        '# Labels from the conditions of use', '',
        f'{figures["scenes"]} scenes with {figures["grasps"]} grasps, planned on what was seen of '
        'an object and judged on the true object, whether they held or not. All candidates of a '
        'plan that pass its hard filters are eligible.', '',
        *_kinds_table(figures['kinds']), '', '## Tests', '',
        *_tests(about['effort']), '', '## How they were made', '',
        f'Fingerprint of settings, success model and tests: `{about["fingerprint"]}`.', '',
        *(f'- `{run["command"]}` ({run["date"]}, {run["release"]}, commit {run["commit"]})'
          for run in about['runs']),
        '', '## grasps/OBJECT/TASK.parquet', '',
        *_columns(grasp_columns(len(about['joint_names']))),
        '', '## scenes/OBJECT/TASK.parquet', '', *_columns(SCENE_COLUMNS), ''])


def _kinds_table(kinds: dict[str, dict[str, Any]]) -> list[str]:
    if not kinds:
        return []
    names = list(next(iter(kinds.values())))
    lines = [f'| scenes of | {" | ".join(names)} |', f'|---{"|---" * len(names)}|']
    for kind, row in kinds.items():
        cells = [_cell(row[name]) for name in names]
        lines.append(f'| {kind} | {" | ".join(cells)} |')
    return lines


def _cell(value: float | None) -> str:
    if value is None:
        return ''
    return f'{value:.1%}' if isinstance(value, float) else str(value)


def _tests(effort: dict[str, Any]) -> list[str]:
    rows = []
    for place, tests in (('on a table', ON_A_TABLE), ('elsewhere', IN_THE_AIR)):
        rows += [f'- {place}, {level}: `{name}`, {find_test(name).meaning}'
                 for level, name in vars(tests).items()]
    return [*rows, '', f'Up to {effort["grasps"]} grasps of a scene are judged; '
            f'{effort["perturbed"]} of them with {effort["wrists"]} perturbed wrists at each '
            f'level, with friction 0.3, and with a heavy object; up to '
            f'{effort["near_misses"]} that held are moved a little and judged again.']


def _columns(columns: Sequence[Column]) -> list[str]:
    return ['| column | type | meaning |', '|---|---|---|', *(
        f'| `{each.name}` | {_type(each.kind)} | {each.meaning} |' for each in columns)]


def _type(kind: pa.DataType) -> str:
    return 'text' if isinstance(kind, pa.DictionaryType) else str(kind)
