# SPDX-License-Identifier: Apache-2.0
"""
Plans as messages, and messages as grasps.

Every scalar is converted with ``float`` or ``int``, because rclpy silently serialises a numpy or
torch scalar in a float field as garbage. Topics that repeat parts of a result are derived from the
result message itself, so they cannot disagree with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
import math

from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point, Pose, PoseArray, PoseStamped, Quaternion, Vector3
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
import torch
from torch import Tensor
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from dexlite_ros import plan_warning
from dexlite_ros.grasp import GraspBatch, StagedGrasp, STAGES
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.msg import (
    DexGrasp,
    DexGraspArray,
    LikelySurface,
    PlanWarning,
    SynthesisReport,
)
from dexlite_ros.plan import GraspMetrics, GraspPlan, PlanReport, TwoHandPlan

METRICS = tuple(field.name for field in fields(GraspMetrics))


@dataclass(frozen=True)
class ResultLabels:
    """Metadata of a result besides the plan."""

    header: Header
    """Stamp of the cloud, frame of the poses."""
    request: int
    """Request counter, the first part of the grasps' ids."""
    object_id: str
    stage_times: tuple[float, float, float]
    """Times at which the hand trajectory reaches each stage [s]."""


def grasp_array(plan: GraspPlan | TwoHandPlan, labels: ResultLabels) -> DexGraspArray:
    """
    Return the plan, whose poses are already in ``labels.header.frame_id``, as a message.

    Both halves of a pair are neighbours: ranks 2 k and 2 k + 1 are those of pair k.
    """
    grasps = (_halves(plan, labels) if isinstance(plan, TwoHandPlan)
              else [_grasp(plan, rank, labels) for rank in range(len(plan))])
    return DexGraspArray(
        header=labels.header,
        object_id=labels.object_id,
        model_id=plan.report.model_id,
        grasps=grasps,
        hypotheses=_likely(plan.report),
        warnings=warning_messages(plan.report.warnings),
    )


def _grasp(plan: GraspPlan, rank: int, labels: ResultLabels) -> DexGrasp:
    contacts = plan.contacts[rank]
    return DexGrasp(
        header=labels.header,
        id=f'{labels.request}.{rank}',
        object_id=labels.object_id,
        rank=rank,
        hand=plan.hand,
        hand_link=plan.hand_link,
        **{f'{stage}_pose': _pose(getattr(plan.grasps, stage), rank) for stage in STAGES},
        hand_trajectory=_trajectory(plan, rank, labels.stage_times),
        score=float(plan.score[rank]),
        success_probability=float(plan.success_probability[rank]),
        **{name: float(getattr(plan.metrics, name)[rank]) for name in METRICS},
        sim_result=DexGrasp.SIM_NOT_RUN,
        contact_links=list(contacts.links),
        contact_points=points(contacts.points),
        contact_normals=vectors(contacts.normals),
        contact_forces=vectors(contacts.forces),
        contact_spreads=contacts.spreads.tolist(),
        contact_pattern=plan.contact_pattern[rank],
        approach_direction=vectors(plan.approach_direction[[rank]])[0],
        pair=-1,
        pair_residual=math.nan,
    )


def _halves(plan: TwoHandPlan, labels: ResultLabels) -> list[DexGrasp]:
    """Return the grasps of both hands, pair by pair."""
    grasps: list[DexGrasp] = []
    for pair in range(len(plan)):
        for hand in plan.plans:
            grasp = _grasp(hand, pair, labels)
            grasp.rank = len(grasps)
            grasp.id = f'{labels.request}.{grasp.rank}'
            grasp.pair, grasp.pair_residual = pair, float(plan.metrics.residual[pair])
            grasps.append(grasp)
    return grasps


def pose(position: Sequence[float], quat_xyzw: Sequence[float]) -> Pose:
    """Return a pose message with the quaternion normalised in double precision."""
    quat = torch.as_tensor(quat_xyzw, dtype=torch.float64)
    x, y, z, w = (quat / quat.norm()).tolist()
    return Pose(position=_point(position), orientation=Quaternion(x=x, y=y, z=z, w=w))


def points(rows: Tensor) -> list[Point]:
    """Return (N, 3) [m] as messages."""
    return [_point(row) for row in rows.tolist()]


def vectors(rows: Tensor) -> list[Vector3]:
    """Return (N, 3) as messages."""
    return [Vector3(x=x, y=y, z=z) for x, y, z in rows.tolist()]


def report_message(report: PlanReport | None) -> SynthesisReport:
    """Return the report of a plan as a message; None: the request failed before planning."""
    if report is None:
        return SynthesisReport()
    times, rejected = vars(report.times), vars(report.rejected)
    eye = report.viewpoint.position
    return SynthesisReport(
        **{f'{name}_time': float(value) for name, value in times.items()},
        **{f'rejected_{name}': int(value) for name, value in rejected.items()},
        num_candidates=int(report.num_candidates),
        num_refined=int(report.num_refined),
        num_points=int(report.num_points),
        seen_fraction=float(report.seen_fraction),
        surface_method=report.surface_method,
        seed=int(report.seed),
        device=report.device,
        model_id=report.model_id,
        stopped_early=bool(report.stopped_early),
        **{f'dropped_{name}': int(value) for name, value in vars(report.dropped).items()},
        hypotheses=_likely(report),
        viewpoint=_point((0.0, 0.0, 0.0) if eye is None else eye.tolist()),
        viewpoint_source=report.viewpoint.source,
        warnings=warning_messages(report.warnings),
    )


def _likely(report: PlanReport) -> list[LikelySurface]:
    return [LikelySurface(method=each.method, weight=each.weight) for each in report.hypotheses]


def warning_messages(warnings: Iterable[plan_warning.PlanWarning]) -> list[PlanWarning]:
    """Return warnings as messages."""
    return [PlanWarning(code=each.code, message=each.message) for each in warnings]


def pose_array(result: DexGraspArray) -> PoseArray:
    """Return the poses at the grasp stage, best first."""
    return PoseArray(header=result.header, poses=[grasp.grasp_pose for grasp in result.grasps])


def best_pose(result: DexGraspArray) -> PoseStamped:
    """Return the pose of the best grasp at the grasp stage."""
    return PoseStamped(header=result.header, pose=result.grasps[0].grasp_pose)


def best_joint_states(result: DexGraspArray) -> JointState:
    """Return the joints of the best grasp at the grasp stage; the wrist joints are 0."""
    trajectory = result.grasps[0].hand_trajectory
    wrist = find_hand(result.grasps[0].hand).wrist_joints
    return JointState(
        header=result.header,
        name=[*wrist, *trajectory.joint_names],
        position=[*(0.0 for _ in wrist), *trajectory.points[DexGrasp.POINT_GRASP].positions],
    )


def staged_grasps(result: DexGraspArray) -> StagedGrasp:
    """Return the grasps of a message as tensors, in the frame of the message, for clients."""
    return StagedGrasp(*(
        _batch(
            [getattr(grasp, f'{stage}_pose') for grasp in result.grasps],
            [grasp.hand_trajectory.points[index].positions for grasp in result.grasps],
        )
        for index, stage in enumerate(STAGES)
    ))


def _batch(poses: list[Pose], joints: list[Sequence[float]]) -> GraspBatch:
    position = [[p.position.x, p.position.y, p.position.z] for p in poses]
    quat_xyzw = torch.tensor(
        [[p.orientation.x, p.orientation.y, p.orientation.z, p.orientation.w] for p in poses]
    )
    return GraspBatch.from_quat_xyzw(
        torch.tensor(position), quat_xyzw,
        torch.tensor([list(row) for row in joints], dtype=torch.float32))


def _pose(grasps: GraspBatch, index: int) -> Pose:
    one = grasps[index:index + 1]
    return pose(one.translation[0].tolist(), one.quat_xyzw()[0].tolist())


def _point(position: Sequence[float]) -> Point:
    x, y, z = position
    return Point(x=float(x), y=float(y), z=float(z))


def _trajectory(
    plan: GraspPlan, rank: int, times: tuple[float, float, float]
) -> JointTrajectory:
    return JointTrajectory(
        joint_names=list(plan.joint_names),
        points=[
            JointTrajectoryPoint(
                positions=getattr(plan.grasps, stage).joints[rank].tolist(),
                time_from_start=duration(time),
            )
            for stage, time in zip(STAGES, times, strict=True)
        ],
    )


def duration(seconds: float) -> Duration:
    """Return a non-negative time span [s] as a message."""
    whole, nanoseconds = divmod(round(seconds * 1e9), 10**9)
    return Duration(sec=int(whole), nanosec=int(nanoseconds))


def seconds(span: Duration | Time) -> float:
    """Return a time span, or the time since the epoch of a stamp, in seconds."""
    return span.sec + span.nanosec * 1e-9
