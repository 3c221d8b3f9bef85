# SPDX-License-Identifier: Apache-2.0
"""
Convex pieces kept on disk for the next time; where that is impossible they are made each time.

The folder is the one chosen by ``choose_cache``, else that of ``dexlite_ros.cache_folder``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
import logging
import os
from pathlib import Path
import zipfile

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.cache_folder import cache_folder, make_writable, VARIABLE
from dexlite_ros.errors import WriteError
from dexlite_ros.files import replaced

Pieces = list[NDArray[np.float64]]


def choose_cache(folder: Path | None = None) -> None:
    """
    Choose the folder for this process and its workers; say once if there can be none.

    :param folder: None: that of the environment
    """
    if folder is not None:
        os.environ[VARIABLE] = str(folder.absolute())
    place = pieces_folder()
    try:
        if place is not None:
            make_writable(place)
    except WriteError as error:
        _tell(str(error))
        place = None
    if place is None:
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


def pieces_folder() -> Path | None:
    """Return the folder of the pieces, which need not exist; None: nothing is kept."""
    folder = cache_folder('convex_pieces')
    if folder is None and VARIABLE not in os.environ:
        _tell('the user has no home')
    return folder


def kept_pieces(digest: str) -> Pieces | None:
    """Return the pieces (V, 3) kept under a mesh's digest [m]; None: none that can be read."""
    folder = pieces_folder()
    if folder is None:
        return None
    try:
        with np.load(folder / f'{digest}.npz') as stored:
            return [stored[name] for name in stored.files] or None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None


def keep_pieces(digest: str, pieces: Pieces) -> None:
    """Keep pieces (V, 3) under a mesh's digest [m], if there is a place for them."""
    folder = pieces_folder()
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
