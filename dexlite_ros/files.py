# SPDX-License-Identifier: Apache-2.0
"""Atomic writing: after a crash either the old file or the new one is there, never half of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import json
import math
import os
from pathlib import Path
import tempfile
from typing import Any

from dexlite_ros.errors import FileError, WriteError


@contextmanager
def replaced(path: str | Path) -> Iterator[Path]:
    """
    Yield a temporary path, whose file takes the place of ``path`` if the block raises nothing.

    The new content is then on the disk, not only in the system's cache. A device or a pipe is
    written to, not replaced, and so is the file that a link leads to.

    :param path: the file to write; its folder is created if needed
    :raises WriteError: when the folder cannot be made or written to, the disk is full, or the path
        is a folder
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise WriteError(path, 'it is a folder; give the path of a file')
        special = path.exists() and not path.is_file()
        with _copied(path) if special else _renamed(Path(os.path.realpath(path))) as temporary:
            yield temporary
    except OSError as error:
        if _elsewhere(error, path):
            raise
        raise WriteError(path, cause(error)) from error


@contextmanager
def _renamed(path: Path) -> Iterator[Path]:
    """Yield a path beside a file, which is renamed to that file in the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        yield temporary
        _to_disk(temporary)
        temporary.replace(path)
        _to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _copied(path: Path) -> Iterator[Path]:
    """Yield a path elsewhere, whose content is written to a device or a pipe in the end."""
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / path.name
        yield temporary
        with path.open('wb') as stream:
            stream.write(temporary.read_bytes())


def cause(error: OSError) -> str:
    """Return why an operation failed, as one line; the path is not part of it."""
    return error.strerror or ' '.join(str(error).split()) or type(error).__name__


def _elsewhere(error: OSError, path: Path) -> bool:
    """Return whether an error names a file of another folder than ``path``."""
    named = error.filename
    if not isinstance(named, str | os.PathLike):
        return False
    folder, other = Path(os.path.realpath(path)).parent, Path(os.path.realpath(named))
    return other.parent != folder and not folder.is_relative_to(other)


def _to_disk(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are written to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: str | Path, content: object) -> None:
    """Write plain data to a file; NaN and infinity, which JSON cannot represent, are errors."""
    with replaced(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, allow_nan=False) + '\n')


def read_json(path: str | Path, kind: str, version: int) -> dict[str, Any]:
    """
    Return the content of a JSON file that states its 'format' and 'version'.

    :param kind: required value of 'format'
    :param version: required value of 'version'
    :raises FileError: when it is missing, not JSON, or of another format or version
    """
    content = _json(path)
    if not isinstance(content, dict) or content.get('format') != kind:
        raise FileError(path, f"it is not of the format '{kind}'")
    if content.get('version') != version:
        raise FileError(
            path, f'it is of version {content.get("version")}; this release reads version '
            f'{version}')
    return content


def format_of(path: str | Path) -> str:
    """
    Return the 'format' that a JSON file states; empty: none.

    :raises FileError: when it is missing or not JSON
    """
    content = _json(path)
    return str(content.get('format', '')) if isinstance(content, dict) else ''


def _json(path: str | Path) -> Any:
    """Return the content of a JSON file; FileError: it is missing or not JSON."""
    try:
        return json.loads(Path(path).read_text())
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise FileError(path, f'not JSON: {error}') from error


def plain(value: Any) -> Any:
    """Return nested data with None in place of NaN and infinity, which JSON cannot represent."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
