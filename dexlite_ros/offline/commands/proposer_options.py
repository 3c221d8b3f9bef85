"""Options of the commands that plan: where candidates come from."""

from __future__ import annotations

from dataclasses import dataclass

from dexlite_ros.proposal.proposer import find_method, Method, MethodName


@dataclass(frozen=True, kw_only=True)
class ProposerOptions:
    """What proposes grasps."""

    method: MethodName | None = None
    """Where candidates come from: the network, starts around the hull, or both.
    None: as the preset has it; 'default': the network, 'dexlite': starts around the hull."""
    weights: str = ''
    """Path of the network's weights; empty: those that come with the package."""

    def known_method(self) -> Method | None:
        """Return the method under its present name; None: as the preset has it."""
        return None if self.method is None else find_method(self.method)
