"""See it work: a cloud, a client and a picture over ROS 2."""
