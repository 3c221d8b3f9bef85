# SPDX-License-Identifier: Apache-2.0
"""Parameters that are given to a node but that it does not have, most often misspelt ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches

from rclpy.node import Node


def unknown_parameters(
    node: Node, concerns: Callable[[str], bool] = lambda _: True
) -> Iterator[str]:
    """
    Yield a sentence on each parameter that was given but is not declared, in order.

    :param node: node that has declared its parameters.
    :param concerns: selects the names to look at.
    """
    declared = list(node.get_parameters_by_prefix(''))
    for name in sorted(node._parameter_overrides):
        if concerns(name) and not node.has_parameter(name):
            near = get_close_matches(name, declared, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ''
            yield f"the parameter '{name}' is not one of this node and has no effect{hint}"
