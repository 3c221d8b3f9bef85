# SPDX-License-Identifier: Apache-2.0
"""Provenance of files: the question a file answers, and the code that produced it."""

from __future__ import annotations

from functools import cache
import hashlib
import json
from pathlib import Path
import shlex
import subprocess

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.files import write_json


def fingerprint(*parts: object) -> str:
    """Return a short hash of the parts, by their ``repr`` or bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
        digest.update(b'\0')
    return digest.hexdigest()[:24]


def claim(path: Path, key: str, **about: object) -> None:
    """
    Mark an output folder as belonging to a question.

    :param path: of the file that says so, in a folder of that folder
    :param key: of the question
    :param about: what else to write there, for readers
    :raises InvalidRequest: when it belongs to another question
    """
    if not path.exists():
        write_json(path, {'question': key, **about})
    elif json.loads(path.read_text())['question'] != key:
        raise InvalidRequest(
            'output', str(path.parent.parent),
            'a new folder: its content was made with other settings or another release')


@cache
def commit() -> str:
    """Return the commit of the running checkout, or 'unknown', also where there is no git."""
    try:
        answer = subprocess.run(
            ['git', 'describe', '--always', '--dirty'], cwd=Path(__file__).parent, text=True,
            capture_output=True, check=False)
    except OSError:
        return 'unknown'
    return answer.stdout.strip() or 'unknown'


def command_without_folders(*words: str) -> str:
    """Return a command as one line, each path (also in ``--name=PATH``) cut to its last part."""
    parts = (word.partition('=') for word in words)
    return shlex.join(
        f'{Path(name).name or name}{equals}{Path(value).name or value}'
        for name, equals, value in parts)
