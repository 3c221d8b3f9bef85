"""Grasps by the thousand: propose, choose, judge, keep."""
