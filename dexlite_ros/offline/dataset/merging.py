# SPDX-License-Identifier: Apache-2.0
"""Merge shards, or datasets, into one dataset of four files: objects and grasps per split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from dexlite_ros.errors import FileError
from dexlite_ros.offline.dataset.checks import SPLITS
from dexlite_ros.offline.dataset.store import GraspDataset, keys

ORDER = [('object', 'ascending'), ('scale', 'ascending'), ('mode', 'descending'),
         ('seed', 'ascending'), ('number', 'ascending')]


def merge(sources: list[GraspDataset], folder: Path) -> GraspDataset:
    """
    Write the union of datasets of one hand into a new folder, without duplicates.

    :raises FileError: when the hands differ, the same key or name means different things, or the
        folder is not new
    """
    if (folder / 'dataset.json').exists():
        raise FileError(folder, 'it already holds a dataset; merge into a new folder')
    hands = {each.hand for each in sources}
    if len(hands) > 1:
        raise FileError(folder, f'it would hold grasps of several hands: {sorted(hands)}')
    grasps = _union([each.grasps() for each in sources], keys, sources)
    objects = _union(
        [each.objects() for each in sources], lambda table: table['object'].to_pylist(), sources)
    merged = GraspDataset(folder, hands.pop())
    plain = grasps.schema.field('object').with_type(pa.string())
    order = pc.sort_indices(
        grasps.set_column(0, plain, grasps['object'].cast(pa.string())).set_column(
            grasps.schema.get_field_index('mode'), 'mode', grasps['mode'].cast(pa.string())),
        sort_keys=ORDER)
    grasps, objects = grasps.take(order), objects.sort_by('object')
    for split in SPLITS:
        part = objects.filter(pc.equal(objects['split'], split))
        merged.write_objects(part, folder / 'objects' / f'{split}.parquet')
        part = grasps.filter(pc.equal(grasps['split'].cast(pa.string()), split))
        merged.write_grasps(part, folder / 'grasps' / f'{split}.parquet')
    # Written last: until then the folder is not a dataset.
    about = [each.about for each in sources]
    return GraspDataset.create(folder, {
        'merged': [
            part for each in about for part in each.get('merged', [
                {name: each.get(name) for name in (
                    'settings', 'candidates', 'grasps', 'network')}])],
        'runs': [run for each in about for run in each.get('runs', [])]}, merged.hand)


def _union(
    tables: list[pa.Table], names: Callable[[pa.Table], list[str]], sources: list[GraspDataset]
) -> pa.Table:
    """Return all rows without duplicates; ``names`` returns the name of each row of a table."""
    kept, seen = [], {}
    for table, source in zip(tables, sources):
        fresh = []
        for index, name in enumerate(names(table)):
            if name not in seen:
                seen[name] = (table, index)
                fresh.append(index)
                continue
            if _text(*seen[name]) != _text(table, index):
                raise FileError(
                    source.folder, f'its {name} is not the same as that of another dataset')
        kept.append(table.take(pa.array(fresh, pa.int64())))
    return pa.concat_tables(kept).unify_dictionaries()


def _text(table: pa.Table, row: int) -> str:
    """Return a row as text, so that NaN compares equal to itself."""
    return str(table.slice(row, 1).to_pylist())
