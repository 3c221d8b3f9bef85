# SPDX-License-Identifier: Apache-2.0
"""
Verdicts on disk: a JSON file updated while the judge works, so that verdicts survive a crash.

Missing verdicts are null. A file is resumed only if it belongs to the same trial: same grasps,
same object, same test settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
import math
from pathlib import Path
from typing import Any

from dexlite_ros.errors import FileError
from dexlite_ros.files import plain, read_json, write_json
from dexlite_ros.offline.physics.closing import Verdict

FORMAT = 'dexlite_ros/verdicts'
VERSION = 1
Verdicts = dict[str, list[Verdict | None]]
"""By test name, one verdict per grasp; None: not judged yet."""


def write_verdicts(
    path: str | Path, key: str, verdicts: Verdicts,
    worlds: Mapping[str, Mapping[str, float]] | None = None,
) -> None:
    """
    Replace the file with the current verdicts.

    :param worlds: mass of the object [kg] and friction coefficient, by test; for readers
    """
    content = {
        'format': FORMAT,
        'version': VERSION,
        'question': key,
        'worlds': worlds or {},
        'tests': {
            name: [None if each is None else plain(asdict(each)) for each in row]
            for name, row in verdicts.items()},
    }
    write_json(path, content)


def read_verdicts(path: str | Path) -> tuple[str, Verdicts]:
    """
    Return the trial's key and the verdicts of a file.

    :raises FileError: missing, not JSON, of another format or version, or incomplete
    """
    content = read_json(path, FORMAT, VERSION)
    try:
        return content['question'], {
            name: [None if each is None else verdict_of(each) for each in row]
            for name, row in content['tests'].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError(path, f'it holds no verdicts: {error!r}') from error


def verdict_of(content: Mapping[str, Any]) -> Verdict:
    """Return a verdict from the plain data that a file has of it; null stands for NaN."""
    parts: dict[str, Any] = {
        name: math.nan if value is None else value for name, value in content.items()}
    return Verdict(**parts)
