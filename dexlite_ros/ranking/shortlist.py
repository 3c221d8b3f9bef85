# SPDX-License-Identifier: Apache-2.0
"""The most promising grasps of a plan, on their way to the final selection."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from dexlite_ros.approach import Approach
from dexlite_ros.features import GraspFeatures
from dexlite_ros.plan import GraspMetrics
from dexlite_ros.stages import Staged


@dataclass(frozen=True)
class Shortlist:
    """K staged grasps with their probabilities and measures."""

    staged: Staged
    metrics: GraspMetrics
    features: GraspFeatures
    probability: Tensor
    """(K,) probability that the grasp holds."""
    score: Tensor
    """(K,) a cautious estimate of it, by which grasps are ranked."""
    start: Tensor
    """(K,) index of the start that each grasp was refined from."""
    contact_pattern: Tensor
    """(K,) index of the contact pattern that each grasp was refined to."""
    approach: Approach

    def __getitem__(self, index: Tensor) -> Shortlist:
        """Select grasps."""
        return Shortlist(
            self.staged[index], self.metrics[index], self.features[index],
            self.probability[index], self.score[index], self.start[index],
            self.contact_pattern[index], self.approach[index])
