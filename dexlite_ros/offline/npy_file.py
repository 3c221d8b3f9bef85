"""
Other people's .npy files, which hold pickled dictionaries, read without running what is in them.

Unpickling calls whatever the file names. Here only the callables that rebuild numpy arrays and
scalars can be named; anything else is refused before it is looked up.
"""

from __future__ import annotations

from pathlib import Path
import pickle

import numpy as np

from dexlite_ros.errors import FileError

_REBUILD = {'_reconstruct', 'scalar'}
ALLOWED = {
    ('numpy', 'ndarray'), ('numpy', 'dtype'),
    *(('numpy.core.multiarray', name) for name in _REBUILD),
    # numpy 2 has moved them.
    *(('numpy._core.multiarray', name) for name in _REBUILD),
}
"""What a file may name."""


class _ArrayUnpickler(pickle.Unpickler):
    """Rebuilds numpy arrays and plain containers, nothing else."""

    def find_class(self, module: str, name: str) -> object:
        """Return one of the allowed callables."""
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it wants to call '{module}.{name}'")
        return super().find_class(module, name)


def load_npy(path: str | Path) -> np.ndarray:
    """
    Return the array in a .npy file, which may hold dictionaries of arrays and numbers.

    :raises FileError: missing, not a .npy file, cut short, or naming anything but numpy arrays
    """
    try:
        with Path(path).open('rb') as stream:
            header = _read_header(stream)
            if not header.hasobject:
                stream.seek(0)
                return np.load(stream, allow_pickle=False)
            content = _ArrayUnpickler(stream).load()
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    # A pickle can be broken in as many ways as Python has errors.
    except Exception as error:
        raise FileError(path, str(error) or repr(error)) from error
    if not isinstance(content, np.ndarray):
        raise FileError(path, f'it holds {type(content).__name__}, not an array')
    return content


def save_npy(path: Path, content: object) -> None:
    """Write a dictionary, or an array of them, as these formats want it."""
    with path.open('wb') as stream:
        np.save(stream, np.array(content, dtype=object), allow_pickle=True)


def _read_header(stream) -> np.dtype:  # noqa: ANN001  (any binary stream)
    """Return the type of the elements; the stream then stands at the data."""
    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f'version {version} of the .npy format is not known')
    return read(stream)[2]
