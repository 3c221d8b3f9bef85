# SPDX-License-Identifier: Apache-2.0
"""
A folder of Parquet files: ``objects/NAME.parquet`` and ``grasps/NAME/SHARD.parquet``.

Files are written under a temporary name and renamed, so existing files are complete. A shard holds
all grasps of one task and is never changed.
"""

from __future__ import annotations

from dataclasses import dataclass
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dexlite_ros.errors import FileError, UnsupportedHand
from dexlite_ros.files import read_json, replaced, write_json
from dexlite_ros.hand.known_hands import DEFAULT_HAND, find_hand
from dexlite_ros.offline.dataset.schema import (
    check_format,
    FORMAT,
    grasp_schema,
    NORMAL_UNIT,
    object_schema,
    RESOLUTION,
    VERSION,
    with_format,
)
from dexlite_ros.offline.objects.prepared_object import PreparedObject, StablePose
from dexlite_ros.offline.physics.closing import Verdict


@dataclass(frozen=True)
class GraspDataset:
    """A dataset of one hand in a folder."""

    folder: Path
    hand: str = DEFAULT_HAND

    @classmethod
    def open(cls, folder: str | Path) -> GraspDataset:
        """
        Return the dataset in a folder.

        :raises FileError: when there is none, or one of another version
        """
        path = Path(folder) / 'dataset.json'
        content = read_json(path, FORMAT, VERSION)
        try:
            find_hand(str(content.get('hand')))
        except UnsupportedHand as error:
            raise FileError(path, f"its 'hand' cannot be used: {error}") from error
        return cls(Path(folder), content['hand'])

    @classmethod
    def create(
        cls, folder: str | Path, about: dict[str, Any], hand: str = DEFAULT_HAND
    ) -> GraspDataset:
        """Return a new dataset; ``about`` is plain data that describes its generation."""
        write_json(Path(folder) / 'dataset.json', {
            'format': FORMAT, 'version': VERSION, 'hand': hand,
            'hand_link': find_hand(hand).palm_link,
            'joint_names': list(find_hand(hand).joint_names),
            **about})
        return cls(Path(folder), hand)

    @property
    def about(self) -> dict[str, Any]:
        """Content of dataset.json."""
        return read_json(self.folder / 'dataset.json', FORMAT, VERSION)

    @property
    def grasp_schema(self) -> pa.Schema:
        """Columns of the grasps."""
        hand = find_hand(self.hand)
        return with_format(grasp_schema(len(hand.joint_names)), hand)

    @property
    def object_schema(self) -> pa.Schema:
        """Columns of the objects."""
        return with_format(object_schema(), find_hand(self.hand))

    def shard(self, target: str, name: str) -> Path:
        """Return the file of one task's grasps."""
        return self.folder / 'grasps' / target / f'{name}.parquet'

    def object_file(self, target: str) -> Path:
        """Return the file of one object."""
        return self.folder / 'objects' / f'{target}.parquet'

    def write_grasps(self, table: pa.Table, path: Path) -> None:
        """Write grasps; a path inside ``grasps/``."""
        _write(table.cast(self.grasp_schema), path)

    def write_objects(self, table: pa.Table, path: Path) -> None:
        """Write objects; a path inside ``objects/``."""
        _write(table.cast(self.object_schema), path)

    def grasps(self) -> pa.Table:
        """
        Return all grasps, ordered by file name.

        :raises FileError: for a file that is not of this format
        """
        return self._read('grasps', self.grasp_schema)

    def objects(self) -> pa.Table:
        """
        Return all objects, ordered by file name.

        :raises FileError: for a file that is not of this format
        """
        return self._read('objects', self.object_schema)

    def prepared(self, grasps: pa.Table | None = None) -> dict[str, PreparedObject]:
        """
        Return all objects by name.

        :param grasps: rows whose objects must be included
        :raises FileError: when one of these objects is missing
        """
        found = objects_by_name(self.objects())
        wanted = set() if grasps is None else set(grasps['object'].to_pylist())
        if wanted - found.keys():
            raise FileError(
                self.folder / 'objects', 'it has no row for '
                f'{", ".join(sorted(wanted - found.keys()))}; see dexlite dataset verify')
        return found

    def digest(self) -> str:
        """Return a short hash of the content of all its tables."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob('[!.]*.parquet')):
            digest.update(str(path.relative_to(self.folder)).encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()[:16]

    def size(self) -> int:
        """Return the total size of its files [bytes]."""
        return sum(path.stat().st_size for path in self.folder.rglob('[!.]*') if path.is_file())

    def _read(self, part: str, schema: pa.Schema) -> pa.Table:
        tables = []
        for path in sorted((self.folder / part).rglob('*.parquet')):
            try:
                table = pq.read_table(path, partitioning=None)
            except (pa.ArrowException, OSError) as error:
                raise FileError(path, f'it cannot be read: {error}') from error
            check_format(path, table.schema, schema)
            tables.append(table)
        return pa.concat_tables(tables).unify_dictionaries() if tables else schema.empty_table()


def objects_by_name(table: pa.Table) -> dict[str, PreparedObject]:
    """Return the objects of a table, by name."""
    return {row['object']: object_from_row(row) for row in table.to_pylist()}


def object_to_table(prepared: PreparedObject) -> pa.Table:
    """Return a table with one row for an object."""
    return pa.Table.from_pylist([{
        'object': prepared.name, 'split': prepared.split, 'family': prepared.family,
        'licence': prepared.licence, 'digest': prepared.digest, 'rests': prepared.rests,
        'points': np.round(prepared.points / RESOLUTION).astype(np.int16).ravel(),
        'normals': np.round(prepared.normals * NORMAL_UNIT).astype(np.int8).ravel(),
        'pieces': [piece.astype(np.float32).ravel() for piece in prepared.pieces],
        'volume': prepared.volume, 'centre_of_mass': prepared.centre_of_mass,
        'inertia': prepared.inertia.ravel(),
        'poses': [
            {'pose': each.pose.ravel(), 'held': each.verdict.passed,
             'reason': each.verdict.reason, 'moved': each.verdict.moved,
             'turned': each.verdict.turned} for each in prepared.poses],
    }], schema=object_schema())


def object_from_row(row: dict[str, Any]) -> PreparedObject:
    """Return the object of a row, with the precision of storage."""
    normals = np.array(row['normals'], np.float64).reshape(-1, 3)
    return PreparedObject(
        row['object'], row['family'], row['licence'], row['digest'], row['split'],
        np.array(row['points'], np.float64).reshape(-1, 3) * RESOLUTION,
        normals / np.linalg.norm(normals, axis=1, keepdims=True),
        [np.array(piece, np.float64).reshape(-1, 3) for piece in row['pieces']],
        row['volume'], np.array(row['centre_of_mass']), np.array(row['inertia']).reshape(3, 3),
        [StablePose(np.array(each['pose']).reshape(4, 4), Verdict(
            each['held'], each['reason'], each['moved'], each['turned']))
         for each in row['poses']])


def held(table: pa.Table) -> np.ndarray:
    """Return (N,) whether each grasp passed both six forces and lift."""
    both = pc.and_(table['six_forces'], table['lift'])
    return both.to_numpy()


def keys(table: pa.Table) -> list[str]:
    """Return OBJECT/SCALE/MODE/SEED/NUMBER for each of N grasps; keys are unique."""
    columns = (table[name].to_pylist() for name in ('object', 'scale', 'mode', 'seed', 'number'))
    return [
        f'{name}/{scale:g}/{mode}/{seed}/{number}' for name, scale, mode, seed, number
        in zip(*columns)]


def _write(table: pa.Table, path: Path) -> None:
    with replaced(path) as temporary:
        # Floats hardly repeat, so dictionary encoding would double their size.
        text = [field.name for field in table.schema if not pa.types.is_floating(field.type)
                and not pa.types.is_nested(field.type)]
        pq.write_table(
            table, temporary, compression='zstd', compression_level=12, use_dictionary=text,
            write_statistics=False)
