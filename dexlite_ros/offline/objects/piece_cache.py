# SPDX-License-Identifier: Apache-2.0
"""
Convex pieces kept on disk for the next time; where that is impossible they are made each time.

The folder is the one chosen by ``choose_cache`` or by the variable DEXLITE_CACHE (empty: none);
else dexlite_ros in XDG_CACHE_HOME; else in ~/.cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
import logging
import os
from pathlib import Path
import tempfile
import zipfile

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.errors import WriteError
from dexlite_ros.files import cause, replaced

VARIABLE = 'DEXLITE_CACHE'
"""Environment variable with the folder, which worker processes inherit."""
TRIED = 4096
"""Size of the file that tells whether a folder can be written to [bytes]."""
Pieces = list[NDArray[np.float64]]


def choose_cache(folder: Path | None = None) -> None:
    """
    Choose the folder for this process and its workers; say once if there can be none.

    :param folder: None: that of the environment
    """
    if folder is not None:
        os.environ[VARIABLE] = str(folder.absolute())
    place = cache_folder()
    if place is None:
        os.environ[VARIABLE] = ''
        return
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place) as trial:
            trial.write(bytes(TRIED))
    except OSError as error:
        _tell(f'{place}: {cause(error)}')
        os.environ[VARIABLE] = ''


@contextmanager
def choice_forgotten() -> Iterator[None]:
    """Undo at the end of the block what ``choose_cache`` did in it."""
    before = os.environ.get(VARIABLE)
    try:
        yield
    finally:
        os.environ.pop(VARIABLE, None)
        if before is not None:
            os.environ[VARIABLE] = before


def cache_folder() -> Path | None:
    """Return the folder of the pieces, which need not exist; None: nothing is kept."""
    chosen = os.environ.get(VARIABLE)
    if chosen is not None:
        return Path(chosen) / 'convex_pieces' if chosen else None
    base = Path(os.environ.get('XDG_CACHE_HOME', ''))
    # The XDG Base Directory Specification ignores relative paths.
    if not base.is_absolute():
        home = Path(os.environ.get('HOME', os.path.expanduser('~')))
        if not home.is_absolute():
            _tell('the user has no home')
            return None
        base = home / '.cache'
    return base / 'dexlite_ros' / 'convex_pieces'


def kept_pieces(digest: str) -> Pieces | None:
    """Return the pieces (V, 3) kept under a mesh's digest [m]; None: none that can be read."""
    folder = cache_folder()
    if folder is None:
        return None
    try:
        with np.load(folder / f'{digest}.npz') as stored:
            return [stored[name] for name in stored.files] or None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None


def keep_pieces(digest: str, pieces: Pieces) -> None:
    """Keep pieces (V, 3) under a mesh's digest [m], if there is a place for them."""
    folder = cache_folder()
    if folder is None:
        return
    try:
        with replaced(folder / f'{digest}.npz') as temporary, temporary.open('wb') as stream:
            np.savez(stream, *pieces)
    except WriteError as error:
        _tell(str(error))


@lru_cache
def _tell(reason: str) -> None:
    """Say why nothing is kept, once per reason."""
    logging.getLogger(__name__).warning(
        'convex pieces are not kept for the next time (%s); --cache or the variable %s names '
        'another folder', reason, VARIABLE)
