"""Procedural household shapes: unlimited in number, watertight, and free of third-party rights."""
