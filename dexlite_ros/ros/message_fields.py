# SPDX-License-Identifier: Apache-2.0
"""Messages of different types that have the same fields."""

from __future__ import annotations

from typing import Any, TypeVar

Message = TypeVar('Message')


def copy_fields(message: Any, kind: type[Message]) -> Message:
    """
    Return a message of another type with the values of this one.

    :param message: has at least the fields of ``kind``, such as the goal of the action
        SynthesizeGrasps for the request of the service GraspSynthesis
    :param kind: type of the returned message
    """
    names = kind.get_fields_and_field_types()  # type: ignore[attr-defined]
    return kind(**{name: getattr(message, name) for name in names})
