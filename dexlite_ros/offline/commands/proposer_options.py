"""Options of the commands that plan: where candidates come from."""

from __future__ import annotations

from dataclasses import dataclass

from dexlite_ros.proposal.proposer import Method


@dataclass(frozen=True, kw_only=True)
class ProposerOptions:
    """What proposes grasps."""

    method: Method | None = None
    """Where candidates come from: the network, starts around the hull, or both.
    None: as the preset has it; 'default': the network, 'dexlite': starts around the hull."""
    weights: str = ''
    """Path of the network's weights; empty: those that come with the package."""
