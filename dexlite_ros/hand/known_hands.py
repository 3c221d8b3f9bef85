"""The hands that can be planned for, by name."""

from dexlite_ros.hand.shadow_hand import SHADOW_RIGHT

HANDS = {SHADOW_RIGHT.name: SHADOW_RIGHT}
