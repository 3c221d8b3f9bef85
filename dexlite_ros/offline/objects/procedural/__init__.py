"""Household shapes from numbers: as many as wanted, watertight, free of third-party rights."""
