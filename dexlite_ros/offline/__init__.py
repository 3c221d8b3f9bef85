# SPDX-License-Identifier: Apache-2.0
"""Commands and simulation: everything that needs neither ROS nor a running node."""
