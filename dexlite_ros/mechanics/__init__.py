"""The mechanics of a grasp: energy terms, contact forces, squeeze forces, stiffness."""
