"""Household shapes from numbers: any number of them, watertight, and nobody's property."""
