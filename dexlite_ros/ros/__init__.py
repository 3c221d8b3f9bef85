"""The ROS 2 side: the only place that knows rclpy and messages."""
