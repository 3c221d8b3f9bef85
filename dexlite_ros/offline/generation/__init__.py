"""Generation of large datasets: propose, choose, judge and store grasps."""
