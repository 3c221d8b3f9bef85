# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 interface: the only part that uses rclpy and messages."""
