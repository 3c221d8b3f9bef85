"""What proposes grasps from a cloud: PointNet and a conditional variational auto-encoder."""
