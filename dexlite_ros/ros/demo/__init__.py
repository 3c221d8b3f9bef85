"""Demo over ROS 2: a cloud, a client and a picture."""
