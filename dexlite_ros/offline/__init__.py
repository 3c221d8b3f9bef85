"""Commands and simulation: everything that needs no ROS and no running node."""
