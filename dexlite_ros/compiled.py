# SPDX-License-Identifier: Apache-2.0
"""
Functions compiled to machine code by numba, and kept on disk for the next process.

Compiling takes seconds, loading what was kept hundredths of a second. The code is kept in the
folder of ``cache_folder``, under a digest of the sources, since numba itself would not notice a
change in a function that another one calls. Where nothing can be kept, it is compiled once per
process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
import hashlib
import logging
from pathlib import Path
import threading
from typing import Any, TypeVar

import numba

from dexlite_ros.cache_folder import cache_folder, make_writable
from dexlite_ros.errors import WriteError

PATIENCE = 2.0
"""Time after which a compilation is announced [s]."""
Function = TypeVar('Function', bound=Callable[..., Any])
# The arithmetic may be reordered, division by zero raises nothing, and other threads run.
_OPTIONS: dict[str, Any] = {'nogil': True, 'error_model': 'numpy', 'no_cfunc_wrapper': True}
_lock = threading.Lock()
_log = logging.getLogger(__name__)


def compiled(function: Function) -> Function:
    """Compile a function that only compiled functions call; it becomes a part of them."""
    return _part(function, fastmath=True)


def compiled_exactly(function: Function) -> Function:
    """Compile a function as ``compiled`` does, with NaN and infinity as IEEE 754 has them."""
    return _part(function, fastmath=False)


def _part(function: Function, fastmath: bool) -> Function:
    part: Function = numba.njit(
        fastmath=fastmath, forceinline=True, no_cpython_wrapper=True, **_OPTIONS)(function)
    return part


class Entry:
    """A compiled function that is called from Python; compiled or loaded when it is needed."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.__doc__ = function.__doc__
        self._function = function
        self._compiled: dict[tuple[Any, ...], Any] = {}

    def __call__(self, *arguments: Any) -> Any:
        """Call the compiled function."""
        return self.ready(*arguments)(*arguments)

    def ready(self, *arguments: Any) -> Any:
        """Return the function compiled for arguments of these types, without calling it."""
        types = tuple(map(numba.typeof, arguments))
        with _lock:
            if types not in self._compiled:
                with _announced():
                    self._compiled[types] = (
                        _kept(self._function, types) or _fresh(self._function, types))
            return self._compiled[types]


def _fresh(function: Callable[..., Any], types: tuple[Any, ...]) -> Any:
    """Return the function compiled for these types, without keeping it."""
    dispatcher = numba.njit(fastmath=True, **_OPTIONS)(function)
    _compile(dispatcher, types)
    return dispatcher


def _kept(function: Callable[..., Any], types: tuple[Any, ...]) -> Any:
    """Return the function from the cache, or compiled into it; None if that is impossible."""
    folder = cache_folder('compiled')
    if folder is None:
        return None
    folder = folder / _digest(Path(function.__code__.co_filename).parent)
    try:
        make_writable(folder)
        dispatcher = numba.njit(fastmath=True, **_OPTIONS)(function)
        with _config(CACHE_DIR=str(folder)):
            dispatcher.enable_caching()
        _compile(dispatcher, types)
    except WriteError as error:
        _log.info('compiled code is not kept for the next time: %s', error)
        return None
    except numba.core.errors.NumbaError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a damaged file leads to
        _log.warning('the compiled code in %s cannot be used: %r', folder, error)
        return None
    return dispatcher


def _compile(dispatcher: Any, types: tuple[Any, ...]) -> None:
    # Vectorised loops test whether arrays overlap, and go on one by one if they might: then the
    # last bits of a result would depend on where in memory the arrays lie. At level 3 compiling
    # takes twice as long. Neither makes these functions faster.
    level = type(numba.config.OPT)(2)
    with _config(OPT=level, LOOP_VECTORIZE=0, SLP_VECTORIZE=0):
        dispatcher.compile(types)


@contextmanager
def _config(**values: Any) -> Iterator[None]:
    """Change numba's configuration for a while."""
    before = {name: getattr(numba.config, name) for name in values}
    vars(numba.config).update(values)
    try:
        yield
    finally:
        vars(numba.config).update(before)


@cache
def _digest(folder: Path) -> str:
    """Return a digest of the sources that a compiled function of this folder may consist of."""
    digest = hashlib.sha256()
    for path in sorted({*folder.glob('*.py'), Path(__file__)}):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _announced() -> Iterator[None]:
    """Say what takes so long, if it does."""
    timer = threading.Timer(PATIENCE, _announce)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@cache
def _announce() -> None:
    """Say it once: several functions are compiled, one after the other."""
    _log.warning(
        'compiling for this processor, which takes about ten seconds and is kept for the next '
        'time where that is possible')
