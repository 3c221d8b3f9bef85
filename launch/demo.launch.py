# SPDX-License-Identifier: Apache-2.0
"""
Demo: the planner, published clouds of an object on a table, one call of the planner, and RViz.

The client prints its table and exits; the planner and RViz run until Ctrl-C.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, the planner, the clouds and the client."""
    return LaunchDescription([
        *_arguments(), _planner(), _demo_node('cloud_publisher', 'frame_id', 'example'),
        _demo_node('demo_client')])


def _arguments() -> list[DeclareLaunchArgument]:
    return [
        DeclareLaunchArgument(
            'namespace', default_value='',
            description='Namespace of all nodes and topics; empty: the root.'),
        DeclareLaunchArgument(
            'frame_id', default_value='camera',
            description="Frame of the demo clouds, and RViz's fixed frame: no transforms needed."),
        DeclareLaunchArgument(
            'example', default_value='table', choices=['table', 'all-sides'],
            description='table: a tube behind a neighbour, seen by one camera. all-sides: a mug '
                        'without a table, seen by three.'),
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


def _demo_node(name: str, *parameters: str) -> Node:
    return Node(
        package='dexlite_ros',
        executable=name,
        name=name,
        namespace=LaunchConfiguration('namespace'),
        parameters=[{each: LaunchConfiguration(each) for each in parameters}],
        output='screen',
    )
