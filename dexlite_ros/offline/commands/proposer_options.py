# SPDX-License-Identifier: Apache-2.0
"""Options of the commands that plan: the source of candidates, and how they are refined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from dexlite_ros.proposal.proposer import find_method, Method, MethodName
from dexlite_ros.refinement.backend import Backend


@dataclass(frozen=True, kw_only=True)
class ProposerOptions:
    """The method that proposes grasps, and what refines them."""

    method: MethodName | None = None
    """Source of candidates: the network, starts around the hull, or both.
    None: that of the preset; 'default': both, 'dexlite': starts around the hull."""
    weights: str = ''
    """Path of the network's weights; empty: those shipped with the package."""
    backend: Backend = 'auto'
    """What computes the refinement: compiled functions on the CPU (fused), or torch.
    auto: the former on the CPU, else the latter."""

    set: Annotated[tuple[str, ...] | None, tyro.conf.arg(metavar='NAME=VALUE [...]')] = None
    """Any other setting of the planner, by the name of the node's parameter, such as
    ranking.caution=1, or of a field of PlannerSettings; None: none."""

    def known_method(self) -> Method | None:
        """Return the method under its current name; None: that of the preset."""
        return None if self.method is None else find_method(self.method)
