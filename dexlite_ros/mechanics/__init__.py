"""What makes a grasp good: energy terms, contact forces, squeeze forces, stiffness."""
