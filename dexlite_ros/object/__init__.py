"""From clouds and meshes to closed surfaces and their signed distance."""
