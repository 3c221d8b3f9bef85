"""Commands and simulation: everything that needs neither ROS nor a running node."""
