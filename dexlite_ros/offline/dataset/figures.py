# SPDX-License-Identifier: Apache-2.0
"""Summary figures of a dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pyarrow as pa
import pyarrow.compute as pc
import torch

from dexlite_ros.grasp import GraspBatch
from dexlite_ros.offline.dataset.coverage import local_counts
from dexlite_ros.offline.dataset.schema import stages_from_table, TESTS
from dexlite_ros.offline.dataset.store import GraspDataset, held
from dexlite_ros.offline.objects.prepared_object import PreparedObject
from dexlite_ros.offline.physics.contact_figures import diversity, spread

FEWEST = 10
"""Minimum number of grasps per object for a meaningful diversity."""


def figures(dataset: GraspDataset, only: Sequence[str] | None = None) -> dict[str, Any]:
    """
    Return counts, acceptance, coverage, balance and diversity as plain data.

    :param only: names or patterns of the objects to count; None: all
    """
    table = dataset.grasps()
    objects = dataset.prepared(table)
    if only:
        objects = {
            name: each for name, each in objects.items()
            if any(fnmatch(name, pattern) for pattern in only)}
        table = table.filter(pc.is_in(
            table['object'].cast('string'), pa.array(list(objects), pa.string())))
    good = held(table)
    names = np.array(table['object'].to_pylist(), dtype=object)
    counts = _counts(table, names, good, objects)
    return {
        'hand': dataset.hand, 'bytes': dataset.size(),
        'objects': {
            'all': len(objects), **Counter(each.split for each in objects.values()),
            'resting': sum(each.rests for each in objects.values())},
        'families': dict(sorted(Counter(each.family for each in objects.values()).items())),
        'licences': dict(sorted(Counter(each.licence for each in objects.values()).items())),
        'grasps': {
            'judged': len(table), 'held': int(good.sum()),
            **{test: int(table[test].to_numpy().sum()) for test in TESTS},
            **Counter(table['split'].to_pylist()),
            **Counter(mode.partition(':')[0] for mode in table['mode'].to_pylist())},
        'scales': {
            f'{scale:g}': count
            for scale, count in sorted(Counter(table['scale'].to_pylist()).items())},
        'reasons': {
            test: dict(Counter(table[f'{test}_reason'].to_pylist()).most_common())
            for test in TESTS},
        'held_by_family': _by_family(names, good, objects),
        'covered': float(np.mean([(each > 0).mean() for each in counts])) if counts else None,
        'unevenness': float(np.mean([
            each.std() / each.mean() for each in counts if each.any()] or [0.0])),
        'diversity': _over_objects(table, names, good, diversity),
        'palms_apart': _over_objects(
            table, names, good, lambda grasps: spread(grasps)['palm_distance']),
    }


def _by_family(
    names: NDArray[Any], good: NDArray[np.bool_], objects: dict[str, PreparedObject]
) -> dict[str, float]:
    """Return the fraction of grasps that held, by family."""
    judged: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for name, each in zip(names, good):
        judged[objects[name].family] += 1
        passed[objects[name].family] += bool(each)
    return {name: passed[name] / judged[name] for name in sorted(judged)}


def _counts(
    table: pa.Table, names: NDArray[Any], good: NDArray[np.bool_],
    objects: dict[str, PreparedObject],
) -> list[NDArray[np.int64]]:
    """Return, for each object at each scale, (P,) grasps that held within 1 cm of each point."""
    points, scales = table['associated_point'].to_numpy(), table['scale'].to_numpy()
    return [
        local_counts(
            objects[name].points * scale,
            points[(names == name) & (scales == scale) & good])
        for name, scale in sorted(set(zip(names, scales)))]


def _over_objects(
    table: pa.Table, names: np.ndarray, good: np.ndarray, figure: Callable[[GraspBatch], float]
) -> float | None:
    """Return the mean over objects of a figure of their grasps that held."""
    grasps, found = stages_from_table(table).grasp, []
    for name in sorted(set(names)):
        rows = np.flatnonzero((names == name) & good)
        if len(rows) >= FEWEST:
            found.append(figure(grasps[torch.from_numpy(rows)]))
    return float(np.mean(found)) if found else None


def text(content: dict[str, Any]) -> str:
    """Return the figures as human-readable text."""
    grasps, objects = content['grasps'], content['objects']
    count = max(grasps['judged'], 1)
    lines = [
        f'hand {content["hand"]}, {content["bytes"] / 2**20:.1f} MiB',
        f'objects: {objects["all"]} (train {objects.get("train", 0)}, val '
        f'{objects.get("val", 0)}), {objects["resting"]} rest on a table',
        f'grasps: {grasps["judged"]} judged, held {grasps["held"]} '
        f'({grasps["held"] / count:.1%}), six forces {grasps["six_forces"]}, '
        f'lift {grasps["lift"]}; train {grasps.get("train", 0)}, val {grasps.get("val", 0)}',
        'by mode: ' + ', '.join(
            f'{mode} {grasps[mode]}' for mode in ('synthesis', 'expansion') if mode in grasps),
        'by scale: ' + ', '.join(f'{scale}: {n}' for scale, n in content['scales'].items()),
        *(f'{test}: ' + ', '.join(f'{reason} {n}' for reason, n in row.items())
          for test, row in content['reasons'].items()),
        'held by family: ' + ', '.join(
            f'{name} {share:.0%}' for name, share in content['held_by_family'].items()),
        'licences: ' + ', '.join(f'{name} {n}' for name, n in content['licences'].items())]
    if content['covered'] is not None:
        lines.append(
            f'covered: {content["covered"]:.0%} of the points have a grasp that held within 1 cm; '
            f'their number varies by {content["unevenness"]:.2f} of its mean')
    if content['diversity'] is not None:
        lines.append('diversity (variance in five components, lower is more varied): '
                     f'{content["diversity"]:.2f}; palms {content["palms_apart"]:.3f} m apart')
    return '\n'.join(lines)
