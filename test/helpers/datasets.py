# SPDX-License-Identifier: Apache-2.0
"""A small dataset for tests, made once, and copies of it that tests may corrupt."""

from functools import lru_cache
from pathlib import Path
import shutil
import tempfile

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dexlite_ros.offline.commands.__main__ import main
from dexlite_ros.offline.dataset.store import GraspDataset

OBJECTS, SEEDS, CANDIDATES, GRASPS = 'procedural:2', 2, 40, 6
TASKS = 4
EXCERPT = ('can_0002', 'toy_block_0002', 'torus_0000', 'soap_0003')


@lru_cache
def made() -> GraspDataset:
    """Return the dataset that ``dexlite generate`` makes of two objects with two seeds."""
    folder = Path(tempfile.mkdtemp(prefix='dexlite_dataset_')) / 'data'
    assert generate(folder) == 0
    return GraspDataset.open(folder)


def generate(folder: Path, *more: str) -> int:
    """Run ``dexlite generate`` on the two objects."""
    return main(command(folder, *more))


def command(folder: Path, *more: str) -> list[str]:
    """Return the arguments that make the dataset."""
    return ['generate', '--objects', OBJECTS, '--seeds', str(SEEDS), '--grasps', str(GRASPS),
            '--candidates', str(CANDIDATES), '--workers', '1', '--time-limit', '0',
            '--device', 'cpu', '--output', str(folder), *more]


def shards(folder: Path) -> dict[str, bytes]:
    """Return all shards, and the objects, by their path in the dataset."""
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob('[!.]*.parquet')}


def copied(folder: Path) -> GraspDataset:
    """Return a copy of the dataset that a test may change."""
    shutil.copytree(made().folder, folder)
    return GraspDataset.open(folder)


def changed(dataset: GraspDataset, column: str, value: object) -> GraspDataset:
    """Return the dataset with a value of a grasp that held replaced, in its first shard."""
    path = sorted((dataset.folder / 'grasps').rglob('*.parquet'))[0]
    rows = pq.read_table(path, partitioning=None).to_pylist()
    held = next(row for row in rows if row['six_forces'] and row['number'] != 1)
    held[column] = value(held[column]) if callable(value) else value
    dataset.write_grasps(pa.Table.from_pylist(rows, schema=dataset.grasp_schema), path)
    return dataset


@lru_cache
def excerpt() -> GraspDataset:
    """Return a few objects of the committed dataset, three to train on and one to validate."""
    source = GraspDataset.open(Path(__file__).parents[2] / 'data' / 'seed_grasps')
    dataset = GraspDataset.create(
        Path(tempfile.mkdtemp(prefix='dexlite_excerpt_')) / 'data', {'runs': []})
    grasps, objects = source.grasps(), source.objects()
    for name in EXCERPT:
        rows = pc.equal(objects['object'], name)
        dataset.write_objects(objects.filter(rows), dataset.object_file(name))
        rows = pc.equal(grasps['object'].cast('string'), name)
        dataset.write_grasps(grasps.filter(rows), dataset.shard(name, 'excerpt'))
    return dataset
