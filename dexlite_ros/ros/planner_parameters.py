"""The ROS parameters that are the planner's own settings, by the path of the field."""

from __future__ import annotations

from rclpy.node import Node

from dexlite_ros.planner import PlannerSettings
from dexlite_ros.ros.parameters import build, Declaration, values

PLANNER_PARAMETERS: tuple[Declaration, ...] = ()


def planner_settings(node: Node) -> PlannerSettings:
    """Return the planner's settings as the node's parameters are now."""
    return build(PlannerSettings, values(node, PLANNER_PARAMETERS))
