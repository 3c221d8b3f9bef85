# SPDX-License-Identifier: Apache-2.0
"""An example of how grasps are executed: from the planner's answer to a lifted object."""
