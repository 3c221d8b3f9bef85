# SPDX-License-Identifier: Apache-2.0
"""
Demo: the planner, a published cloud of a mug, one call of the planner, and RViz.

The client prints its table and exits; the planner and RViz run until Ctrl-C.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, the planner, the cloud and the client."""
    return LaunchDescription(
        [*_arguments(), _planner(), _demo_node('cloud_publisher'), _demo_node('demo_client')])


def _arguments() -> list[DeclareLaunchArgument]:
    return [
        DeclareLaunchArgument(
            'namespace', default_value='',
            description='Namespace of all nodes and topics; empty: the root.'),
        DeclareLaunchArgument(
            'frame_id', default_value='camera',
            description="Frame of the demo cloud, and RViz's fixed frame: no transforms needed."),
        DeclareLaunchArgument(
            'rviz', default_value='true', choices=['true', 'false'],
            description='true: show clouds and grasps in RViz (needs a screen).'),
        DeclareLaunchArgument(
            'log_level', default_value='info', choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='Lowest severity of messages that the planner logs.'),
    ]


def _planner() -> IncludeLaunchDescription:
    passed = {name: LaunchConfiguration(name) for name in ('namespace', 'rviz', 'log_level')}
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            PathJoinSubstitution(
                [FindPackageShare('dexlite_ros'), 'launch', 'planner.launch.py'])),
        launch_arguments={**passed, 'fixed_frame': LaunchConfiguration('frame_id')}.items(),
    )


def _demo_node(name: str) -> Node:
    return Node(
        package='dexlite_ros',
        executable=name,
        name=name,
        namespace=LaunchConfiguration('namespace'),
        parameters=[{'frame_id': LaunchConfiguration('frame_id')}],
        output='screen',
    )
