# SPDX-License-Identifier: Apache-2.0
"""Where to look at a hand from, whatever the axes of its palm link are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dexlite_ros.hand.description import HandDescription

BESIDE_THUMB = np.array([0.75, -0.6, 0.35])
"""From the thumb's side, slightly from the palm and from above, so that fingers and object show:
along the columns of ``anatomical_axes``."""


def anatomical_axes(hand: HandDescription) -> NDArray[np.float64]:
    """
    Return unit vectors (3, 3) in the frame of the palm link.

    Their columns lead to the side of the thumb, out of the back of the hand, and to the fingers;
    those of a left hand are left-handed. They are the axes of the right Shadow Hand's palm.
    """
    palmar, fingers = np.array(hand.palmar_direction), np.array(hand.finger_direction)
    side = np.cross(fingers, palmar)
    links = {link.name: link for link in hand.links}
    thumb = np.array(links[hand.finger(hand.pinch_points[0][0])].position)
    sign = -1.0 if (thumb - hand.palm_centre) @ side < 0 else 1.0
    return np.stack([sign * side, -palmar, fingers], axis=1)


def view_in_palm(hand: HandDescription) -> NDArray[np.float64]:
    """Return the direction (3,) from a hand to the camera, in the frame of its palm link."""
    view: NDArray[np.float64] = anatomical_axes(hand) @ BESIDE_THUMB
    return view
