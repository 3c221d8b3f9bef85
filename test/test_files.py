# SPDX-License-Identifier: Apache-2.0
"""Files are written atomically, and read only if their format is as expected."""

from concurrent.futures import ThreadPoolExecutor
import errno
import json
import math
import os

import pytest

from dexlite_ros.errors import FileError, WriteError
from dexlite_ros.files import plain, read_json, replaced, write_json

KIND, VERSION = 'dexlite_ros/something', 3
CONTENT = {'format': KIND, 'version': VERSION, 'value': [1.5, None]}


def test_json_comes_back(tmp_path):
    """Content is read as it was written, in a folder that did not exist."""
    path = tmp_path / 'new' / 'file.json'
    write_json(path, CONTENT)
    assert read_json(path, KIND, VERSION) == CONTENT


@pytest.mark.parametrize(('text', 'reason'), [
    ('{', 'not JSON'), ('\x80', 'not JSON'), ('[]', 'not of the format'),
    ('{"version": 3}', 'not of the format'),
    (json.dumps(CONTENT | {'format': 'other'}), KIND),
    (json.dumps(CONTENT | {'version': 4}), 'version 4; this release reads version 3'),
    (json.dumps({'format': KIND}), 'version None'),
])
def test_other_files_are_refused(tmp_path, text, reason):
    """The error names the file and what is wrong with it."""
    path = tmp_path / 'file.json'
    path.write_text(text, encoding='latin-1')
    with pytest.raises(FileError, match=f'(?s)file.json.*{reason}'):
        read_json(path, KIND, VERSION)
    with pytest.raises(FileError, match='missing.json'):
        read_json(tmp_path / 'missing.json', KIND, VERSION)


def test_a_failing_block_leaves_the_old_file(tmp_path):
    """No partially written file is left."""
    path = tmp_path / 'file.json'
    write_json(path, CONTENT)
    with pytest.raises(RuntimeError), replaced(path) as temporary:
        temporary.write_text('half')
        raise RuntimeError
    assert [each.name for each in tmp_path.iterdir()] == ['file.json']
    assert read_json(path, KIND, VERSION) == CONTENT


@pytest.mark.parametrize(('place', 'cause'), [
    ('', 'it is a folder'), ('file/x.json', 'file'), ('file/deeper/x.json', 'file')])
def test_what_cannot_be_written_is_named(tmp_path, place, cause):
    """A folder instead of a file, a file instead of a folder; nothing is left behind."""
    (tmp_path / 'file').write_text('kept')
    with pytest.raises(WriteError, match=f"'{tmp_path / place}' cannot be written: ") as caught:
        write_json(tmp_path / place, CONTENT)
    assert cause in str(caught.value) and '.tmp' not in str(caught.value)
    assert [each.name for each in tmp_path.iterdir()] == ['file']


def test_a_full_disk_is_named(tmp_path):
    """Whatever fails in the block for the file is reported under the file's own name."""
    path = tmp_path / 'file.json'
    write_json(path, CONTENT)
    with pytest.raises(WriteError, match='file.json.*No space left'), replaced(path) as temporary:
        temporary.write_text('half')
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert read_json(path, KIND, VERSION) == CONTENT


def test_errors_of_other_files_keep_their_name(tmp_path):
    """What the block reads is not what it writes."""
    with pytest.raises(FileNotFoundError, match='elsewhere'), replaced(tmp_path / 'file'):
        (tmp_path / 'other' / 'elsewhere').read_text()


def test_links_and_devices_stay(tmp_path):
    """The file behind a link is replaced, a pipe is written to."""
    (tmp_path / 'link.json').symlink_to(tmp_path / 'file.json')
    write_json(tmp_path / 'link.json', CONTENT)
    assert (tmp_path / 'link.json').is_symlink()
    assert read_json(tmp_path / 'file.json', KIND, VERSION) == CONTENT
    os.mkfifo(tmp_path / 'pipe')
    with ThreadPoolExecutor() as pool:
        text = pool.submit((tmp_path / 'pipe').read_text)
        write_json(tmp_path / 'pipe', CONTENT)
        assert json.loads(text.result(timeout=10)) == CONTENT
    assert (tmp_path / 'pipe').is_fifo()


def test_json_holds_no_numbers_that_are_none(tmp_path):
    """Writing NaN or infinity is an error, and ``plain`` replaces them with null."""
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match='not JSON compliant'):
            write_json(tmp_path / 'file.json', {'value': value})
    nested = {'a': [math.nan, 1.0], 'b': {'c': (math.inf, 2)}, 'd': 'text'}
    assert plain(nested) == {'a': [None, 1.0], 'b': {'c': [None, 2]}, 'd': 'text'}
