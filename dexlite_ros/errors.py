# SPDX-License-Identifier: Apache-2.0
"""
The errors of the package, one class per cause.

Each class carries the stable code that SynthesisReport.msg assigns to its cause, and composes its
own message: the offending value first, then the remedy.
"""

from __future__ import annotations

from typing import Any


class DexliteError(Exception):
    """Base of all errors raised on purpose; ``code`` is that of SynthesisReport.msg."""

    code = 1

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the finished message, because constructors take its parts instead."""
        return _rebuilt, (type(self), self.args), self.__dict__


def _rebuilt(kind: type[DexliteError], args: tuple[Any, ...]) -> DexliteError:
    return kind.__new__(kind, *args)


class NotActive(DexliteError):
    """The node is not in its active lifecycle state."""

    code = 2

    def __init__(self, state: str) -> None:
        super().__init__(f"the node is '{state}', not 'active'; activate it and call again")


class Busy(DexliteError):
    """Another request is running and the queue is full."""

    code = 3

    def __init__(self, waiting: int) -> None:
        super().__init__(f'{waiting} requests are already running or waiting; call again later')


class InvalidRequest(DexliteError):
    """A value of the request or the configuration is invalid."""

    code = 4

    def __init__(self, name: str, value: object, expected: str) -> None:
        super().__init__(f'{name} is {value!r}; expected {expected}')


class NoCloud(DexliteError):
    """Neither the request nor the topic gave a cloud."""

    code = 5

    def __init__(self, topic: str, publishers: str) -> None:
        """
        Name the topic.

        :param topic: resolved name
        :param publishers: one clause on who publishes there, and with which effect
        """
        super().__init__(
            f"no object cloud in the request and none received on '{topic}' ({publishers}); "
            "fill the request's field 'cloud' or publish one"
        )


class StaleCloud(DexliteError):
    """The newest cloud is older than allowed, or its stamp cannot be compared with the clock."""

    code = 6

    def __init__(self, problem: str, remedy: str, subject: str = 'object') -> None:
        super().__init__(f'the newest {subject} cloud {problem}; {remedy}')


class BadCloud(DexliteError):
    """The cloud has no usable points."""

    code = 7

    def __init__(self, problem: str, subject: str = 'object') -> None:
        """
        State the problem.

        :param subject: which cloud it is: 'object', 'obstacle' or 'scene'
        """
        super().__init__(f'the {subject} cloud cannot be used: {problem}')


class ScaleError(DexliteError):
    """The cloud is too small or too large for a hand; most often the unit is wrong."""

    code = 8

    def __init__(self, extent: float, lower: float, upper: float) -> None:
        hint = '; it seems to be in millimetres: divide by 1000' if 5.0 < extent < 600.0 else ''
        super().__init__(
            f'the object is {extent:.4g} m across, outside [{lower:g}, {upper:g}] m{hint}'
        )


class UnsupportedHand(DexliteError):
    """There is no hand of this name."""

    code = 9

    def __init__(self, name: str, known: tuple[str, ...], remedy: str = '') -> None:
        super().__init__(
            f"hand '{name}' is not known; known hands: {', '.join(known)}{remedy and '; '}{remedy}"
        )


class TransformError(DexliteError):
    """The result or the obstacles cannot be expressed in the wanted frame."""

    code = 10

    def __init__(self, target: str, source: str, reason: str, purpose: str = 'result') -> None:
        super().__init__(f"no transform from '{source}' to '{target}' for the {purpose}: {reason}")


class PlanningTimeout(DexliteError):
    """The time budget ended before a single grasp was ready."""

    code = 11

    def __init__(self, budget: float) -> None:
        super().__init__(
            f'no grasp was ready within {budget:.2f} s; raise timeout or lower num_candidates'
        )


class Cancelled(DexliteError):
    """The caller cancelled the request, or the node stops."""

    code = 12

    def __init__(self, cause: str = 'the request was cancelled') -> None:
        super().__init__(cause)


class GoalRejected(DexliteError):
    """The planner did not accept the goal of an action."""

    def __init__(self, action: str) -> None:
        super().__init__(
            f"'{action}' rejected the goal: the node is not active or a value is invalid; "
            'its log has the reason'
        )


class NoGraspFound(DexliteError):
    """Every candidate was rejected, or nothing was tried."""

    code = 13

    def __init__(self, reason: str, report: Any, surfaces: tuple[Any, ...]) -> None:
        """
        State the reason.

        :param report: PlanReport of the failed plan, with a count for every filter
        :param surfaces: ObjectSurface of each of its hypotheses, in the frame of the input; the
            first is the one that was planned on
        """
        self.report, self.surfaces = report, surfaces
        super().__init__(reason)


class UngraspableObject(NoGraspFound):
    """The hand cannot hold the object as it lies; nothing was tried."""


class OutOfMemory(DexliteError):
    """The device has too little memory even for the smallest batch."""

    code = 14

    def __init__(self, device: str) -> None:
        super().__init__(f'{device} ran out of memory; lower num_candidates')


class DeviceError(DexliteError):
    """The wanted device is missing or failed."""

    code = 15

    def __init__(self, device: str, reason: str) -> None:
        super().__init__(f"device '{device}' cannot be used: {reason}")


class ModelError(DexliteError):
    """The network's weights are missing or do not fit."""

    code = 16

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"weights '{path}' cannot be used: {reason}")


class MissingDependency(DexliteError):
    """An optional library is not installed."""

    def __init__(self, package: str, purpose: str, remedy: str) -> None:
        super().__init__(f"'{package}' is needed {purpose}; {remedy}")


class UnusableObject(DexliteError):
    """An object has a shape that cannot be simulated, or a position that cannot be stored."""

    def __init__(self, reason: str) -> None:
        super().__init__(f'the object cannot be used: {reason}')


class BadMesh(DexliteError):
    """A mesh does not enclose a volume, or does not tell which."""

    def __init__(self, reason: str) -> None:
        super().__init__(f'the mesh cannot be used: {reason}')
        self.reason = reason


class FileError(DexliteError):
    """A file is missing or does not have the expected format."""

    code = 4

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"file '{path}' cannot be read: {reason}")
        self.reason = reason


class WriteError(DexliteError):
    """A file cannot be written; what stood there before is still there."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"file '{path}' cannot be written: {reason}")
