"""Errors carry their sentence wherever they go."""

import copy
import inspect

import pytest

from dexlite_ros import errors

KINDS = [kind for kind in vars(errors).values()
         if inspect.isclass(kind) and issubclass(kind, errors.DexliteError)]


@pytest.mark.parametrize('kind', KINDS, ids=lambda kind: kind.__name__)
def test_errors_cross_process_borders(kind):
    """As they do when a worker raises one: same class, message and parts."""
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    values = {'float': 1.5, 'int': 2}
    error = kind(*(
        values.get(each.annotation, each.name) for each in parameters
        if each.kind is each.POSITIONAL_OR_KEYWORD))
    # Copying asks for the same parts as pickling.
    again = copy.copy(error)
    assert type(again) is kind and str(again) == str(error)
    assert vars(again) == vars(error)
