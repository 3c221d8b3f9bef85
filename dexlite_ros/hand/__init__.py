"""The hand: facts, description, kinematics and geometry."""
