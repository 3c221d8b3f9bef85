"""The network that proposes grasps: PointNet and a conditional variational auto-encoder."""
