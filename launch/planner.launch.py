# SPDX-License-Identifier: Apache-2.0
"""
Start the planner node and, on request, RViz.

The node configures and activates itself unless ``autostart:=false`` leaves that to a lifecycle
manager. It subscribes to ``object_cloud`` in its namespace. What the arguments name is looked for
before anything is started, because a launch that fails later leaves the node running.
"""

from pathlib import Path

from ament_index_python.packages import PackageNotFoundError
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch.substitutions.substitution_failure import SubstitutionFailure
from launch_ros.actions import LifecycleNode, Node
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue
from launch_ros.substitutions import ExecutableInPackage, FindPackageShare


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, their check, the planner and RViz."""
    return LaunchDescription(
        [*_arguments(), OpaqueFunction(function=_check), _planner(), _rviz()])


def _arguments() -> list[DeclareLaunchArgument]:
    return [
        DeclareLaunchArgument(
            'namespace', default_value='',
            description='Namespace of the node and its topics; empty: the root.'),
        DeclareLaunchArgument(
            'params_file', default_value=_config('planner.yaml'),
            description='YAML file with the parameters; the default file explains each of them.'),
        DeclareLaunchArgument(
            'cloud_topic', default_value='object_cloud',
            description='Topic of the segmented object cloud (sensor_msgs/PointCloud2).'),
        DeclareLaunchArgument(
            'obstacle_topic', default_value='obstacle_cloud',
            description='Topic of the points the hand must not touch (sensor_msgs/PointCloud2).'),
        DeclareLaunchArgument(
            'use_sim_time', default_value='false', choices=['true', 'false'],
            description='true: use the time from /clock, for simulations and recordings.'),
        DeclareLaunchArgument(
            'autostart', default_value='true', choices=['true', 'false'],
            description='true: the node activates itself. false: a lifecycle manager does.'),
        DeclareLaunchArgument(
            'log_level', default_value='info', choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='Lowest severity of messages that the node logs.'),
        DeclareLaunchArgument(
            'rviz', default_value='false', choices=['true', 'false'],
            description='true: show clouds and grasps in RViz (needs a screen).'),
        DeclareLaunchArgument(
            'rviz_config', default_value=_config('planner.rviz'),
            description='RViz configuration; topics in the default one follow the namespace.'),
        DeclareLaunchArgument(
            'fixed_frame', default_value='map',
            description="RViz's fixed frame; clouds must be in it or have a transform to it."),
    ]


def _check(context: LaunchContext) -> None:
    """
    Stop the launch, with nothing started, if a file or RViz is missing.

    :raises RuntimeError: names the argument, its value and the remedy in one line.
    """
    _check_file(context, 'params_file')
    if not IfCondition(LaunchConfiguration('rviz')).evaluate(context):
        return
    try:
        ExecutableInPackage('rviz2', 'rviz2').perform(context)
    except (PackageNotFoundError, SubstitutionFailure):
        raise RuntimeError(
            'rviz:=true, but rviz2 is not installed; install it '
            '(apt install ros-$ROS_DISTRO-rviz2) or launch with rviz:=false') from None
    _check_file(context, 'rviz_config')


def _check_file(context: LaunchContext, argument: str) -> None:
    path = LaunchConfiguration(argument).perform(context)
    if not Path(path).is_file():
        raise RuntimeError(
            f"{argument}:='{path}', but there is no such file; name an existing one, or leave "
            f'{argument} out for the one of the package')


def _planner() -> LifecycleNode:
    switches = {
        name: ParameterValue(LaunchConfiguration(name), value_type=bool)
        for name in ('use_sim_time', 'autostart')
    }
    return LifecycleNode(
        package='dexlite_ros',
        executable='planner_node',
        name='planner',
        namespace=LaunchConfiguration('namespace'),
        parameters=[
            ParameterFile(LaunchConfiguration('params_file'), allow_substs=True),
            switches,
        ],
        remappings=_clouds(),
        arguments=['--ros-args', '--log-level', LaunchConfiguration('log_level')],
        output='screen',
    )


def _rviz() -> Node:
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=LaunchConfiguration('namespace'),
        arguments=[
            '-d', LaunchConfiguration('rviz_config'),
            '-f', LaunchConfiguration('fixed_frame'),
        ],
        parameters=[
            {'use_sim_time': ParameterValue(LaunchConfiguration('use_sim_time'), value_type=bool)}
        ],
        remappings=_clouds(),
        condition=IfCondition(LaunchConfiguration('rviz')),
    )


def _clouds() -> list[tuple[str, LaunchConfiguration]]:
    return [
        ('object_cloud', LaunchConfiguration('cloud_topic')),
        ('obstacle_cloud', LaunchConfiguration('obstacle_topic')),
    ]


def _config(name: str) -> PathJoinSubstitution:
    return PathJoinSubstitution([FindPackageShare('dexlite_ros'), 'config', name])
