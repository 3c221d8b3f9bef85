# SPDX-License-Identifier: Apache-2.0
"""
Read third-party .npy files, which hold pickled dictionaries, without executing their content.

Unpickling calls any function that a file names. Here a file can name only the functions that
rebuild numpy arrays, and these are replaced with stand-ins that accept only plain values: numpy's
own would let a file describe an array of raw pointers.
"""

from __future__ import annotations

import math
from pathlib import Path
import pickle
from typing import Any, BinaryIO, Literal

import numpy as np

from dexlite_ros.errors import FileError

KINDS = 'biufSU'
"""Element types whose bytes can be used directly: numbers and text."""


class _ElementType:
    """Stands in for numpy.dtype: stores the type code and byte order."""

    def __init__(self, code: str, *_: object) -> None:
        self._code, self._order = code, ''

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._order = state[1] if state[1] in ('<', '>') else ''

    @property
    def is_object(self) -> bool:
        """Return whether the elements are arbitrary Python objects."""
        return self._code == 'O8'

    def numbers(self, data: bytes) -> np.ndarray:
        """Return bytes as a flat array of this type."""
        element = np.dtype(self._order + self._code)
        if element.kind not in KINDS or not isinstance(data, bytes):
            raise pickle.UnpicklingError(f"elements of type '{self._code}' are not read")
        return np.frombuffer(data, element)


class _Array:
    """Stands in for an array being rebuilt, which ``value`` returns."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, element, fortran, data = state
        self._shape = tuple(map(int, shape))
        self._order: Literal['C', 'F'] = 'F' if fortran else 'C'
        self._elements = list(data) if element.is_object else element.numbers(data)

    def value(self) -> np.ndarray:
        """Return the array, with nested stand-ins replaced."""
        elements = self._elements
        if isinstance(elements, list):
            if len(elements) != math.prod(self._shape):
                raise pickle.UnpicklingError(f'{len(elements)} elements for {self._shape}')
            values = np.empty(len(elements), object)
            for index, each in enumerate(elements):
                values[index] = _finished(each)
            elements = values
        return elements.reshape(self._shape, order=self._order).copy()


def _rebuild(*_: object) -> _Array:
    """Stand in for numpy's _reconstruct."""
    return _Array()


def _scalar(element: _ElementType, data: bytes) -> object:
    """Stand in for numpy's scalar."""
    (value,) = element.numbers(data)
    return value


STAND_INS = {
    ('numpy', 'ndarray'): _Array,
    ('numpy', 'dtype'): _ElementType,
    # numpy 2 moved the other two.
    **{(module, name): stand_in
       for module in ('numpy.core.multiarray', 'numpy._core.multiarray')
       for name, stand_in in (('_reconstruct', _rebuild), ('scalar', _scalar))},
}
"""Names allowed in a file, and their stand-ins."""


class _ArrayUnpickler(pickle.Unpickler):
    """Rebuilds only numpy arrays and plain containers."""

    def find_class(self, module: str, name: str) -> object:
        """Return a stand-in."""
        if (module, name) not in STAND_INS:
            raise pickle.UnpicklingError(f"it wants to call '{module}.{name}'")
        return STAND_INS[module, name]


def load_npy(path: str | Path) -> np.ndarray:
    """
    Return the array in a .npy file, which may hold dictionaries of arrays and numbers.

    :raises FileError: missing, not a .npy file, truncated, or naming anything but numpy arrays
    """
    try:
        with Path(path).open('rb') as stream:
            header = _read_header(stream)
            if not header.hasobject:
                stream.seek(0)
                return np.load(stream, allow_pickle=False)
            content = _finished(_ArrayUnpickler(stream).load())
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    # A broken pickle can raise any exception.
    except Exception as error:
        raise FileError(path, str(error) or repr(error)) from error
    if not isinstance(content, np.ndarray):
        raise FileError(path, f'it holds {type(content).__name__}, not an array')
    return content


def save_npy(path: Path, content: object) -> None:
    """Write a dictionary, or an array of dictionaries, as these formats require."""
    with path.open('wb') as stream:
        np.save(stream, np.array(content, dtype=object), allow_pickle=True)


def _finished(value: object) -> object:
    """Return nested containers with stand-ins replaced by arrays."""
    if isinstance(value, _Array):
        return value.value()
    if isinstance(value, dict):
        return {key: _finished(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_finished(each) for each in value)
    return value


def _read_header(stream: BinaryIO) -> np.dtype:
    """Return the element type, leaving the stream at the start of the data."""
    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f'version {version} of the .npy format is not known')
    return read(stream)[2]
