# SPDX-License-Identifier: Apache-2.0
"""Ways in which a hand may close, and how its wrist is held meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ClosingWay = Literal['straight', 'touch', 'stop']
Wrist = Literal['stiff', 'soft']


@dataclass(frozen=True)
class Closing:
    """How the hand closes in a test."""

    way: ClosingWay = 'straight'
    """'straight': from stage to stage; 'touch': with a gentle touch before the squeeze; 'stop':
    each finger stops when it feels the object, and waits for the others."""
    wrist: Wrist = 'stiff'
    """'stiff': follows the commands; 'soft': held by springs until the hand has squeezed."""


USUAL_CLOSING = Closing()
