# SPDX-License-Identifier: Apache-2.0
"""The hands that can be planned for, by name."""

from dexlite_ros.errors import UnsupportedHand
from dexlite_ros.hand.description import HandDescription
from dexlite_ros.hand.shadow_hand import SHADOW_LEFT, SHADOW_RIGHT

DEFAULT_HAND = SHADOW_RIGHT.name
HANDS: dict[str, HandDescription] = {
    hand.name: hand for hand in (SHADOW_RIGHT, SHADOW_LEFT)}


def find_hand(name: str) -> HandDescription:
    """
    Return the hand of that name.

    :raises UnsupportedHand: when there is no such hand
    """
    if name not in HANDS:
        raise UnsupportedHand(name, tuple(HANDS))
    return HANDS[name]
