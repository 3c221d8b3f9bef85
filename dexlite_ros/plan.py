# SPDX-License-Identifier: Apache-2.0
"""
What a planner returns: ranked grasps, the numbers behind the ranking, and a report.

K is the number of returned grasps, best first. All tensors are on the CPU. Poses and points are
in the frame of the input cloud.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from dexlite_ros.features import GraspFeatures
from dexlite_ros.grasp import StagedGrasp
from dexlite_ros.object.cleaning import DroppedPoints, largest_first
from dexlite_ros.object.cloud import Points
from dexlite_ros.object.hypotheses import Hypothesis
from dexlite_ros.object.surface import ObjectSurface
from dexlite_ros.object.viewpoint import Viewpoint
from dexlite_ros.plan_warning import PlanWarning


@dataclass(frozen=True)
class GraspMetrics:
    """Measures of K grasps, each (K,); a measure that was not computed is NaN."""

    energy: Tensor
    """Final weighted energy of the optimiser, dimensionless; smaller is better."""
    residual: Tensor
    """Squared net wrench that no friction-cone forces can cancel; 1e-6 means equilibrium."""
    normal_variation: Tensor
    """Mean change of the object's unit normal within 3 mm of the contacts; 0 is flat."""
    penetration: Tensor
    """Deepest hand-object overlap at the grasp stage [m], >= 0."""
    self_penetration: Tensor
    """Deepest hand-hand overlap at the grasp stage [m], >= 0."""
    clearance: Tensor
    """Smallest signed distance from the hand to obstacles over pregrasp and grasp [m]; the support
    is none of them."""
    pregrasp_clearance: Tensor
    """Smallest signed distance from the open hand to the object [m]."""
    joint_limit_margin: Tensor
    """Smallest distance of any joint at any stage to its limit [rad]."""
    support_clearance: Tensor
    """Smallest signed height of the hand above the support over pregrasp and grasp [m]."""
    approach_clearance: Tensor
    """Smallest signed distance from the open hand to everything on its straight way to the
    pregrasp [m]."""

    def __getitem__(self, index: slice | Tensor) -> GraspMetrics:
        """Select grasps."""
        return GraspMetrics(**{name: value[index] for name, value in vars(self).items()})

    def cpu(self) -> GraspMetrics:
        """Return a copy on the CPU."""
        return GraspMetrics(**{name: value.cpu() for name, value in vars(self).items()})


@dataclass(frozen=True)
class Contacts:
    """The C contacts of one grasp."""

    links: tuple[str, ...]
    """(C,) link names."""
    points: Tensor
    """(C, 3) on the object's surface [m]."""
    normals: Tensor
    """(C, 3) unit, out of the object."""
    forces: Tensor
    """(C, 3) force of the hand on the object at the squeeze stage [N]."""
    spreads: Tensor
    """(C,) standard deviation of the surface's place there, over all hypotheses [m]."""


@dataclass(frozen=True)
class StageTimes:
    """Wall time of each step of planning [s]; 0 for a step that was not reached."""

    surface: float = 0.0
    propose: float = 0.0
    refine: float = 0.0
    stage: float = 0.0
    rank: float = 0.0
    total: float = 0.0


@dataclass(frozen=True)
class Rejections:
    """
    Candidates that are not in the result, each counted for the first filter it fails.

    Together with the returned grasps they are all that were refined.
    """

    non_finite: int = 0
    approach: int = 0
    penetration: int = 0
    self_penetration: int = 0
    obstacle: int = 0
    joint_limits: int = 0
    pregrasp: int = 0
    residual: int = 0
    score: int = 0
    duplicate: int = 0
    surplus: int = 0
    """Not rejected: there were enough better ones."""
    blocked: int = 0

    def __add__(self, other: Rejections) -> Rejections:
        """Return the sum of the counts."""
        mine, theirs = vars(self), vars(other)
        return Rejections(**{name: count + theirs[name] for name, count in mine.items()})

    def summary(self) -> str:
        """Return the non-zero counts of the filters as one phrase, largest first."""
        return largest_first(vars(replace(self, surplus=0))) or 'none rejected'


@dataclass(frozen=True)
class LikelySurface:
    """One of the surfaces that the object may have."""

    method: str
    """Method that closed it."""
    weight: float
    """How likely it is; the weights of all add up to 1."""

    @classmethod
    def list_of(cls, hypotheses: Sequence[Hypothesis]) -> tuple[LikelySurface, ...]:
        """Return the hypotheses without their meshes."""
        return tuple(cls(each.surface.method, each.weight) for each in hypotheses)


@dataclass(frozen=True)
class PlanReport:
    """Facts about how a plan was made."""

    times: StageTimes
    rejected: Rejections
    num_candidates: int
    """Number of starts."""
    num_refined: int
    """Starts that survived pruning, whether refined to the end or lost to a value that is not
    finite; 0 without refinement."""
    num_points: int
    """Points of the cloud after cleaning; 0 when planned on a mesh."""
    seen_fraction: float
    """Share of the closed surface within 8 mm of a measured point; 1 for meshes."""
    surface_method: str
    """Method that closed the surface."""
    seed: int
    device: str
    model_id: str
    """Name of the proposer: ``hull-starts``, ``name@hash`` of a network, or several with ``+``."""
    stopped_early: bool
    """True when the time budget ended the refinement before its last step."""
    hypotheses: tuple[LikelySurface, ...] = ()
    """The surfaces that the object may have; planned on the first."""
    viewpoint: Viewpoint = Viewpoint(None, 'none')
    """Where the cloud was seen from, and how that is known."""
    dropped: DroppedPoints = DroppedPoints()
    """Points of the clouds that were not used, by reason."""
    warnings: tuple[PlanWarning, ...] = ()
    """What was wrong or uncertain about the input."""


@dataclass(frozen=True)
class GraspPlan:
    """K ranked grasps of the hand ``hand``; wrist poses are those of ``hand_link``."""

    hand: str
    hand_link: str
    joint_names: tuple[str, ...]
    grasps: StagedGrasp
    score: Tensor
    """(K,) ranking key in [0, 1], larger is better: a cautious estimate of the next."""
    success_probability: Tensor
    """(K,) calibrated probability that the grasp holds under the settings' conditions."""
    metrics: GraspMetrics
    features: GraspFeatures
    """Inputs that the probability was computed from."""
    start: Tensor
    """(K,) index of the proposal that each grasp was refined from."""
    contact_pattern: tuple[str, ...]
    """(K,) name of the hand's contact pattern that each grasp was refined to."""
    approach_direction: Tensor
    """(K, 3) unit vector along which the open hand moves straight to its pregrasp."""
    contacts: tuple[Contacts, ...]
    surface: ObjectSurface
    """The closed surface used for planning, in the frame of the cloud."""
    report: PlanReport
    other_surfaces: tuple[ObjectSurface, ...] = ()
    """The less likely surfaces, in the order of the report's hypotheses, in the same frame."""
    cloud: Points | None = None
    """(N, 3) the points that were planned on, cleaned and thinned [m]; None: a mesh was."""

    def __len__(self) -> int:
        return len(self.grasps)


@dataclass(frozen=True)
class PairMetrics:
    """Measures of K pairs of grasps, each (K,)."""

    residual: Tensor
    """Largest wrench that the contact forces of both hands leave unbalanced, under the weight and
    a disturbance from any side, as a share of the weight; moments are divided by 5 cm."""
    hand_clearance: Tensor
    """Smallest distance between the two hands at all stages [m]."""
    press: Tensor
    """Larger one of the hands' sums of normal forces [N]."""
    torque: Tensor
    """Largest torque of any finger joint [N m]."""

    def __getitem__(self, index: Tensor) -> PairMetrics:
        """Select pairs."""
        return PairMetrics(**{name: value[index] for name, value in vars(self).items()})


@dataclass(frozen=True)
class TwoHandPlan:
    """K ranked pairs: a grasp of the first hand and that of the same rank of the second."""

    first: GraspPlan
    second: GraspPlan
    metrics: PairMetrics
    mass: float
    """Of the object that the pairs are meant for [kg]."""

    def __len__(self) -> int:
        return len(self.first)

    @property
    def plans(self) -> tuple[GraspPlan, GraspPlan]:
        """The grasps of each hand."""
        return self.first, self.second

    @property
    def report(self) -> PlanReport:
        """Facts about how the pairs were found; both hands have the same."""
        return self.first.report
