# SPDX-License-Identifier: Apache-2.0
"""What may go wrong in a cell, on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LATE = 3.0
"""[s]"""


@dataclass(frozen=True)
class Faults:
    """Faults of the devices; they may be changed while a cell runs."""

    camera: Literal['none', 'silent', 'frozen', 'late'] = 'none'
    """silent: it sends nothing; frozen: its last image again and again; late: each image ``LATE``
    seconds after it was taken."""
    refuses_fingers: bool = False
    """The controller of the fingers accepts no trajectory."""
    stuck_joint: str = ''
    """This joint stays where it is commanded to be when it gets stuck; empty: none."""
