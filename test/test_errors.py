# SPDX-License-Identifier: Apache-2.0
"""Errors keep their message."""

import copy
import inspect

import pytest

from dexlite_ros import errors

KINDS = [kind for kind in vars(errors).values()
         if inspect.isclass(kind) and issubclass(kind, errors.DexliteError)]


@pytest.mark.parametrize('kind', KINDS, ids=lambda kind: kind.__name__)
def test_errors_cross_process_borders(kind):
    """An error raised in a worker keeps its class, message and attributes."""
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    values = {'float': 1.5, 'int': 2}
    error = kind(*(
        values.get(each.annotation, each.name) for each in parameters
        if each.kind is each.POSITIONAL_OR_KEYWORD))
    # Copying uses the same protocol as pickling.
    again = copy.copy(error)
    assert type(again) is kind and str(again) == str(error)
    assert vars(again) == vars(error)
