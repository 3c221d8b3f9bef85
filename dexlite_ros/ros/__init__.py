"""The ROS 2 interface: the only part that uses rclpy and messages."""
