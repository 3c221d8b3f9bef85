# SPDX-License-Identifier: Apache-2.0
"""
The folder in which results are kept for the next process; nothing there is irreplaceable.

It is the one of the variable DEXLITE_CACHE (empty: none); else dexlite_ros in XDG_CACHE_HOME; else
in ~/.cache.
"""

from __future__ import annotations

import os
from pathlib import Path
import tempfile

from dexlite_ros.errors import WriteError
from dexlite_ros.files import cause

VARIABLE = 'DEXLITE_CACHE'
"""Environment variable with the folder, which worker processes inherit."""
TRIED = 4096
"""Size of the file that tells whether a folder can be written to [bytes]."""


def cache_folder(kind: str) -> Path | None:
    """
    Return the folder of one kind of results, which need not exist; None: there is no place.

    :param kind: name of the folder in the cache
    """
    chosen = os.environ.get(VARIABLE)
    if chosen is not None:
        return Path(chosen) / kind if chosen else None
    base = Path(os.environ.get('XDG_CACHE_HOME', ''))
    # The XDG Base Directory Specification ignores relative paths.
    if not base.is_absolute():
        home = Path(os.environ.get('HOME', os.path.expanduser('~')))
        if not home.is_absolute():
            return None
        base = home / '.cache'
    return base / 'dexlite_ros' / kind


def make_writable(folder: Path) -> None:
    """
    Make a folder, and check that files can be written there.

    :raises WriteError: when they cannot
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(bytes(TRIED))
    except OSError as error:
        raise WriteError(folder, cause(error)) from error
