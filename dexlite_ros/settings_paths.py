# SPDX-License-Identifier: Apache-2.0
"""Nested frozen settings changed by path, such as ``ranking.caution``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
import difflib
import json
from operator import attrgetter
from typing import Any, TYPE_CHECKING, TypeVar

from dexlite_ros.errors import InvalidRequest

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Settings = TypeVar('Settings', bound='DataclassInstance')


def paths(settings: DataclassInstance, prefix: str = '') -> list[str]:
    """Return the paths of all values in nested settings."""
    found = []
    for field in fields(settings):
        path, value = prefix + field.name, getattr(settings, field.name)
        found += paths(value, path + '.') if _nested(value) else [path]
    return found


def override(settings: Settings, values: Mapping[str, Any], prefix: str = '') -> Settings:
    """
    Return ``settings`` with the fields at the given paths replaced; other paths do nothing.

    :param settings: a dataclass, possibly nested
    :param values: e.g. {'markers.alpha': 0.7}
    :param prefix: path of ``settings`` itself, ending in a dot
    """
    changes: dict[str, Any] = {}
    for field in fields(settings):
        path, value = prefix + field.name, getattr(settings, field.name)
        if _nested(value):
            changes[field.name] = override(value, values, path + '.')
        elif path in values:
            changes[field.name] = values[path]
    return replace(settings, **changes)


def changed(settings: Settings, texts: Sequence[str]) -> Settings:
    """
    Return ``settings`` with the changes that texts such as ``ranking.caution=1`` ask for.

    Values are written as in JSON; those of text need no quotation marks.

    :raises InvalidRequest: for a text without '=', an unknown path, or a value of another type
    """
    values = {}
    for text in texts:
        path, sign, value = text.partition('=')
        if not sign:
            raise InvalidRequest('set', text, 'NAME=VALUE, such as ranking.caution=1')
        values[path] = _value(settings, path, value)
    return override(settings, values)


def _value(settings: DataclassInstance, path: str, text: str) -> Any:
    """Return a value of the type that the settings have at a path."""
    known = paths(settings)
    if path not in known:
        near = difflib.get_close_matches(path, known, 1) or ['ranking.caution']
        raise InvalidRequest('set', path, f"the name of a setting, such as '{near[0]}'")
    now = attrgetter(path)(settings)
    if isinstance(now, str):
        return text
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = text
    if isinstance(now, float) and type(value) is int:
        value = float(value)
    if isinstance(now, tuple) or type(value) is not type(now):
        raise InvalidRequest(f'set {path}', text, f'a {type(now).__name__}, such as {now}')
    return value


def _nested(value: object) -> bool:
    return is_dataclass(value) and not isinstance(value, type)
