# SPDX-License-Identifier: Apache-2.0
"""
A folder of labels: ``scenes/OBJECT/TASK.parquet`` and ``grasps/OBJECT/TASK.parquet``.

Files are written under a temporary name and renamed. A task is done when its scene is there; its
grasps are written before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, UTC
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dexlite_ros import __version__
from dexlite_ros.errors import FileError, InvalidRequest
from dexlite_ros.files import read_json, replaced, write_json
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.offline.generation import log
from dexlite_ros.offline.labels.labelled import Labelled
from dexlite_ros.offline.labels.schema import FORMAT, grasp_schema, scene_schema, VERSION
from dexlite_ros.offline.labels.task import LabelTask
from dexlite_ros.offline.provenance import commit


@dataclass(frozen=True)
class LabelSet:
    """Labels in a folder."""

    folder: Path

    @classmethod
    def open_or_create(cls, folder: Path, settings: dict[str, Any]) -> LabelSet:
        """
        Return the labels in a folder, new ones if there are none.

        :param settings: plain data, among it the name of the 'hand'; labels made with other
            settings are not mixed
        :raises InvalidRequest: for a folder of other settings
        :raises FileError: for a folder of another format or version
        """
        path = folder / 'labels.json'
        if not path.exists():
            hand = find_hand(settings['hand'])
            write_json(path, {
                'format': FORMAT, 'version': VERSION, **settings, 'hand_link': hand.palm_link,
                'joint_names': list(hand.joint_names), 'runs': []})
            return cls(folder)
        about = read_json(path, FORMAT, VERSION)
        for name, value in settings.items():
            if about.get(name) != value:
                raise InvalidRequest(
                    'output', str(folder), f"a new folder: in this one '{name}' was "
                    f'{about.get(name)}, now it is {value}')
        return cls(folder)

    @property
    def about(self) -> dict[str, Any]:
        """Content of labels.json."""
        return read_json(self.folder / 'labels.json', FORMAT, VERSION)

    @property
    def hand(self) -> HandDescription:
        """
        The hand whose grasps are labelled.

        :raises UnsupportedHand: when it is not known here
        """
        return find_hand(self.about['hand'])

    def note_run(self, command: str) -> None:
        """Record a command in labels.json."""
        about = self.about
        about['runs'].append({
            'command': command, 'release': __version__, 'commit': commit(),
            'date': f'{datetime.now(UTC):%Y-%m-%d}'})
        write_json(self.folder / 'labels.json', about)

    def has(self, task: LabelTask) -> bool:
        """Return whether a task is done."""
        return self._file('scenes', task).exists()

    def keep(self, task: LabelTask, result: Labelled) -> None:
        """Store the outcome of a task: the grasps first, so that no scene lacks them."""
        if result.grasps is not None:
            _write(result.grasps, self._file('grasps', task))
        if result.scene is not None:
            _write(result.scene, self._file('scenes', task))
        log.append(self.folder / 'log.jsonl', result.figures)

    def scenes(self, columns: Sequence[str] | None = None) -> pa.Table:
        """
        Return all scenes, ordered by file name.

        :param columns: names of those to read; None: all
        :raises FileError: for a file that cannot be read
        """
        return self._read('scenes', scene_schema(self.hand), columns)

    def grasps(self, columns: Sequence[str] | None = None) -> pa.Table:
        """
        Return all grasps, ordered by file name.

        :param columns: as for ``scenes``
        :raises FileError: for a file that cannot be read
        """
        return self._read('grasps', grasp_schema(self.hand), columns)

    def _file(self, part: str, task: LabelTask) -> Path:
        return self.folder / part / task.target.name / f'{task.name}.parquet'

    def _read(self, part: str, schema: pa.Schema, columns: Sequence[str] | None) -> pa.Table:
        names = list(columns or schema.names)
        tables = []
        for path in sorted((self.folder / part).rglob('[!.]*.parquet')):
            try:
                tables.append(pq.read_table(path, columns=names, partitioning=None))
            except (pa.ArrowException, OSError) as error:
                raise FileError(path, str(error)) from error
        empty = schema.empty_table().select(names)
        return pa.concat_tables([empty, *tables]).unify_dictionaries()


def _write(table: pa.Table, path: Path) -> None:
    with replaced(path) as temporary:
        # Floats hardly repeat, so dictionary encoding would enlarge them.
        words = [field.name for field in table.schema
                 if isinstance(field.type, pa.DictionaryType)]
        pq.write_table(
            table, temporary, compression='zstd', compression_level=9, use_dictionary=words,
            write_statistics=False)
