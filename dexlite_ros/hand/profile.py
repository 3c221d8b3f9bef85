# SPDX-License-Identifier: Apache-2.0
"""
Hands as files: all that a ``HandDescription`` says, as YAML that may be edited.

The keys are the fields of the description; those with a default may be left out. What is read is
what was written, number by number.
"""

from __future__ import annotations

from collections.abc import Iterator
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError
import trimesh
import yaml

from dexlite_ros.errors import FileError
from dexlite_ros.files import replaced
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.description_checks import Fault, faults

FORMAT = 'dexlite_ros/hand'
VERSION = 1
FILE_NAME = 'hand.yaml'
"""Name of a profile in a folder of its own."""
HEAD = """\
# A hand. Lengths are in metres, angles in radians, masses in kilograms, torques in N m;
# quaternions are w, x, y, z. A link's position and quaternion are those of its frame in its
# parent's with the joint at zero; the joint turns the link about an axis through its origin.
# Sizes: sphere: radius. capsule, cylinder: radius, half length along z. box: half sides.
# hull: no size, but 'vertices', or 'mesh', the path of a mesh beside this file, in metres.
# The first link is the palm; centres and directions are in its frame.
"""
_ADAPTER = TypeAdapter(HandDescription)
_SAFE_LOADER: type = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
EXPECTED = {
    'float_type': 'a number; powers of ten need a decimal point, as in 2.0e-4',
    'string_type': "a text; put it in quotes if it looks like a number or like 'no'",
    'tuple_type': 'a list', 'dataclass_type': 'keys with values', 'dict_type': 'keys with values'}
"""What is expected, by the type of pydantic's error."""


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Writes vectors and lists of names in one line."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out: an anchor is hard to edit."""
        return True


def _sequence(dumper: _Dumper, items: list[Any]) -> yaml.Node:
    plain = not any(isinstance(each, dict | list) for each in items)
    return dumper.represent_sequence('tag:yaml.org,2002:seq', items, flow_style=plain)


_Dumper.add_representer(list, _sequence)


def write_hand(hand: HandDescription, path: str | Path) -> Path:
    """
    Write a hand as YAML and return the path.

    :raises WriteError: when the file cannot be written
    """
    content = _ADAPTER.dump_python(hand, mode='json', exclude_defaults=True)
    with replaced(path) as temporary:
        temporary.write_text(HEAD + yaml.dump(
            {'format': FORMAT, 'version': VERSION, **content}, Dumper=_Dumper, sort_keys=False,
            width=99, allow_unicode=True), encoding='utf-8')
    return Path(path)


def read_hand(path: str | Path) -> HandDescription:
    """
    Read a hand.

    :param path: of the file, or of its folder if it is named 'hand.yaml'
    :raises FileError: when it is missing, no YAML, of another format or version, or when a key or
        a value is wrong; names key, value and what is expected
    """
    path = Path(path)
    path = path / FILE_NAME if path.is_dir() else path
    content = _content(path)
    for number, link in enumerate(_dicts(content.get('links'))):
        for index, geom in enumerate(_dicts(link.get('geoms'))):
            if 'mesh' in geom:
                geom['vertices'] = _mesh(path, f'links[{number}].geoms[{index}].mesh', geom)
    for key, value in _not_finite(content, ''):
        raise _wrong(path, Fault(key, value, 'a finite number'))
    try:
        # As JSON, where lists may stand for tuples although all else is strict.
        hand = _ADAPTER.validate_json(json.dumps(content), strict=True, extra='forbid')
    except TypeError as error:
        raise FileError(path, f'a value is neither number nor text: {error}') from error
    except ValidationError as error:
        raise _wrong(path, _misfit(error)) from error
    for fault in faults(hand):
        raise _wrong(path, fault)
    return hand


def _content(path: Path) -> dict[str, Any]:
    """Return the content of a file without format and version, which are checked."""
    try:
        content = yaml.load(path.read_text(encoding='utf-8'), Loader=_SAFE_LOADER)
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FileError(path, f'not YAML: {" ".join(str(error).split())}') from error
    if not isinstance(content, dict) or content.pop('format', None) != FORMAT:
        raise FileError(path, f"it is not of the format '{FORMAT}'")
    version = content.pop('version', None)
    if version != VERSION:
        raise FileError(
            path, f'it is of version {version}; this release reads version {VERSION}')
    return content


def _dicts(value: Any) -> list[dict[str, Any]]:
    """Return the mappings of a list; what is no list, or no mapping, is found later."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _mesh(path: Path, key: str, geom: dict[str, Any]) -> list[list[float]]:
    """Return the vertices of the convex hull of a mesh, and take its key out of the shape."""
    name = geom.pop('mesh')
    if not isinstance(name, str) or 'vertices' in geom:
        raise _wrong(path, Fault(key, name, "the path of a mesh, and no 'vertices' beside it"))
    try:
        hull = trimesh.load_mesh(path.parent / name).convex_hull
        vertices: list[list[float]] = np.asarray(hull.vertices).tolist()
    # Each format has errors of its own.
    except (OSError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise _wrong(path, Fault(key, name, f'a mesh that can be read: {error}')) from error
    return vertices


def _not_finite(value: Any, key: str) -> Iterator[tuple[str, float]]:
    """Yield key and value of each number that is NaN or infinite."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _not_finite(each, f'{key}.{name}' if key else str(name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _not_finite(each, f'{key}[{index}]')
    elif isinstance(value, float) and not math.isfinite(value):
        yield key, value


def _wrong(path: Path, fault: Fault) -> FileError:
    return FileError(path, str(fault))


def _misfit(error: ValidationError) -> Fault:
    """Return the first thing that does not fit the fields of a description."""
    first = error.errors(include_url=False)[0]
    key = ''.join(
        f'[{each}]' if isinstance(each, int) else f'.{each}' for each in first['loc'])
    key, kind, value = key.removeprefix('.'), first['type'], first['input']
    if kind == 'missing':
        return Fault(key, None, 'a value: it is missing')
    if kind == 'unexpected_keyword_argument':
        return Fault(key, value, 'no such key: is it misspelt?')
    if kind == 'value_error':
        return Fault('contact_patterns', (value or {}).get('contact_patterns'),
                     f'links with a contact region: {first["msg"].partition(", ")[2]}')
    return Fault(key, value, EXPECTED.get(kind, first['msg']))
