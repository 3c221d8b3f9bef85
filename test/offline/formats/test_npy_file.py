# SPDX-License-Identifier: Apache-2.0
"""Files with pickled dictionaries are read, and malicious ones are never executed."""

import os
import pickle  # noqa: TID251  (to write what must be refused)

import numpy as np
import pytest

from dexlite_ros.errors import FileError
from dexlite_ros.offline.formats.npy_file import load_npy, save_npy


class Hostile:
    """Malicious object that makes the reader create a folder."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (self.path,)


def test_dictionaries_of_arrays_and_numbers(tmp_path):
    """Arrays, numpy numbers, strings and lists come back as they were."""
    content = {'qpos': np.arange(3, dtype=np.float32), 'scale': np.float64(0.1), 'names': ['a'],
               'grid': np.asfortranarray(np.arange(6).reshape(2, 3)),
               'text': np.array(['x', 'yz']), 'big': np.arange(2, dtype='>f8')}
    save_npy(tmp_path / 'one.npy', content)
    back = load_npy(tmp_path / 'one.npy').item()
    for name in ('qpos', 'grid', 'text', 'big'):
        np.testing.assert_array_equal(back[name], content[name])
        assert back[name].dtype == content[name].dtype
    assert back['scale'] == 0.1 and back['names'] == ['a']
    save_npy(tmp_path / 'many.npy', [content, content])
    assert load_npy(tmp_path / 'many.npy').shape == (2,)


def test_plain_arrays(tmp_path):
    """A file without objects needs no pickle at all."""
    np.save(tmp_path / 'plain.npy', np.eye(3))
    np.testing.assert_array_equal(load_npy(tmp_path / 'plain.npy'), np.eye(3))


@pytest.mark.parametrize('protocol', range(2, 6))
def test_hostile_files_are_refused(tmp_path, protocol):
    """Nothing but numpy's own rebuilding is called, whatever the pickle's protocol."""
    trap = tmp_path / 'trap'
    path = tmp_path / 'hostile.npy'
    with path.open('wb') as stream:
        np.lib.format.write_array_header_1_0(
            stream, {'descr': '|O', 'fortran_order': False, 'shape': ()})
        pickle.dump(Hostile(str(trap)), stream, protocol=protocol)
    with pytest.raises(FileError, match='wants to call'):
        load_npy(path)
    assert not trap.exists()


def test_a_trap_inside_a_dictionary_is_refused(tmp_path):
    """Also where the array around it is a good one."""
    trap = tmp_path / 'trap'
    save_npy(tmp_path / 'hostile.npy', {'qpos': np.zeros(3), 'scale': Hostile(str(trap))})
    with pytest.raises(FileError, match='wants to call'):
        load_npy(tmp_path / 'hostile.npy')
    assert not trap.exists()


class Pointers:
    """An array of eight bytes that would be taken for a pointer to an object."""

    def __reduce__(self) -> tuple:
        rebuild = np.zeros(0).__reduce__()[0]
        element = np.dtype('O')
        return rebuild, (np.ndarray, (0,), b'b'), (1, (1,), element, False, b'\x08' * 8)


def test_bytes_are_never_taken_for_objects(tmp_path):
    """An array of objects is built from values, not from memory."""
    path = tmp_path / 'pointers.npy'
    with path.open('wb') as stream:
        np.lib.format.write_array_header_1_0(
            stream, {'descr': '|O', 'fortran_order': False, 'shape': ()})
        pickle.dump(Pointers(), stream, protocol=3)
    with pytest.raises(FileError, match='elements for'):
        load_npy(path)


def test_broken_files(tmp_path):
    """Missing, foreign and truncated files give an error with the path."""
    save_npy(tmp_path / 'good.npy', {'qpos': np.arange(100.0)})
    (tmp_path / 'short.npy').write_bytes((tmp_path / 'good.npy').read_bytes()[:-50])
    (tmp_path / 'text.npy').write_text('no array')
    for name in ('missing.npy', 'short.npy', 'text.npy'):
        with pytest.raises(FileError, match=name):
            load_npy(tmp_path / name)
