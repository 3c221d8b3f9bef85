# SPDX-License-Identifier: Apache-2.0
"""
A simulated cell in which objects are picked one after the other.

Planner, segmenter and, on request, RViz run beside it; all end when the last object is done. The
report and an animation are in the folder ``output``, relative to where the launch was started.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import IfElseSubstitution, LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, the planner, the segmenter and the picks."""
    return LaunchDescription([*_arguments(), _planner(), _segmenter(), _picks()])


def _arguments() -> list[DeclareLaunchArgument]:
    return [
        DeclareLaunchArgument(
            'objects', default_value='household:600-610',
            description='Where the objects come from: procedural:N, household:N-M, or a folder of '
                        'meshes.'),
        DeclareLaunchArgument(
            'count', default_value='10', description='Objects to pick, spread over the source.'),
        DeclareLaunchArgument(
            'clutter', default_value='false', choices=['true', 'false'],
            description='true: five objects on the table at a time. false: one.'),
        DeclareLaunchArgument(
            'camera', default_value='kinect', choices=['ideal', 'kinect', 'stereo'],
            description='Make of the camera, with its errors.'),
        DeclareLaunchArgument(
            'seed', default_value='1', description='Of poses, camera errors and plans.'),
        DeclareLaunchArgument(
            'output', default_value='output/pick',
            description='Folder of report.json and pick.gif.'),
        DeclareLaunchArgument(
            'rviz', default_value='false', choices=['true', 'false'],
            description='true: show clouds and grasps in RViz (needs a screen).'),
        DeclareLaunchArgument(
            'log_level', default_value='info', choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='Lowest severity of messages that the planner logs.'),
    ]


def _planner() -> IncludeLaunchDescription:
    passed = {name: LaunchConfiguration(name) for name in ('rviz', 'log_level')}
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            PathJoinSubstitution(
                [FindPackageShare('dexlite_ros'), 'launch', 'planner.launch.py'])),
        launch_arguments={
            **passed, 'use_sim_time': 'true',
            'fixed_frame': 'camera_depth_optical_frame'}.items(),
    )


def _segmenter() -> Node:
    return Node(
        package='dexlite_ros',
        executable='segmenter',
        name='segmenter',
        parameters=[{
            'use_sim_time': True,
            # The cell's clouds are large, and sent again until they arrive whole.
            'qos_overrides./camera/depth/points.subscription.reliability': 'reliable'}],
        remappings=[('points', 'camera/depth/points')],
        output='screen',
    )


def _picks() -> Node:
    options = [
        word for name in ('objects', 'count', 'camera', 'seed', 'output')
        for word in (f'--{name}', LaunchConfiguration(name))]
    clutter = IfElseSubstitution(LaunchConfiguration('clutter'), '--clutter', '--no-clutter')
    return Node(
        package='dexlite_ros',
        executable='pick',
        arguments=[*options, clutter, '--no-start-nodes'],
        output='screen',
        emulate_tty=True,
        on_exit=Shutdown(),
    )
