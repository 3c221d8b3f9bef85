# SPDX-License-Identifier: Apache-2.0
"""
From a checked request and undecoded clouds to a published result.

All of this runs in the worker's thread, the only one that uses the planner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from dexlite_ros.errors import BadCloud, Cancelled, NoGraspFound, PlanningTimeout
from dexlite_ros.hand.known_hands import find_hand
from dexlite_ros.msg import DexGraspArray
from dexlite_ros.object.cloud import PointCloud
from dexlite_ros.plan import GraspPlan, PlanReport, TwoHandPlan
from dexlite_ros.plan_request import PlanRequest
from dexlite_ros.plan_warning import PlanWarning
from dexlite_ros.planner import GraspPlanner
from dexlite_ros.planner_settings import PlannerSettings
from dexlite_ros.ros.conversions import grasp_array, ResultLabels
from dexlite_ros.ros.markers import joined, PlanMarkers
from dexlite_ros.ros.parameters.node_table import NODE_TABLE, NodeSettings
from dexlite_ros.ros.parameters.planner_table import PLANNER_TABLE
from dexlite_ros.ros.point_clouds import finite_cloud, OBSTACLES, usable_points
from dexlite_ros.ros.publishers import ResultPublishers
from dexlite_ros.ros.synthesis_request import SynthesisRequest
from dexlite_ros.ros.transforms import (
    FrameTransforms,
    pairs_in_frame,
    plan_in_frame,
    surface_in_frame,
    transform_points,
)
from dexlite_ros.ros.worker import Job
from dexlite_ros.two_hands.settings import Burden
from dexlite_ros.two_hands.two_hand_planner import TwoHandPlanner

PUBLISHING_TIME = 0.25
"""Part of each time budget reserved for converting the plan to messages [s]."""


@dataclass(frozen=True)
class RequestClouds:
    """The clouds of a request, not yet decoded."""

    target: PointCloud2
    obstacles: PointCloud2 | None


@dataclass(frozen=True)
class Answer:
    """The answer to a successful request."""

    result: DexGraspArray
    report: PlanReport


class Synthesis:
    """The planner with everything else that a request needs."""

    def __init__(
        self, node: Node, transforms: FrameTransforms, publishers: ResultPublishers
    ) -> None:
        self._node = node
        self._transforms = transforms
        self._publishers = publishers
        self._settings: PlannerSettings
        self._two_hands: dict[str, TwoHandPlanner]
        self.load()
        self._markers = PlanMarkers(self._planner.hand)

    @property
    def device(self) -> str:
        """Name of the planner's device."""
        return self._planner.device

    @property
    def model_id(self) -> str:
        """Name of the proposer."""
        return self._planner.model_id

    def load(self) -> None:
        """Build the planner from the current parameters, and warm it up."""
        self._build(PLANNER_TABLE.read(self._node))
        if NODE_TABLE.read(self._node).warm_up:
            self._planner.warm_up()

    def run(
        self,
        job: Job[Answer],
        number: int,
        request: SynthesisRequest,
        clouds: RequestClouds,
        warnings: list[PlanWarning],
    ) -> Answer:
        """
        Plan, publish, and return the result.

        :param job: the job this runs in; provides the time left and the stop request.
        :param number: request counter.
        :param request: the checked request.
        :param clouds: clouds of the object and the obstacles.
        :param warnings: gets what is noticed about the clouds before planning.
        :raises DexliteError: its class tells why there is no result.
        """
        settings = NODE_TABLE.read(self._node)
        cloud = object_cloud(clouds.target, request)
        header = clouds.target.header
        frame = request.target_frame or header.frame_id
        matrix = self._matrix(frame, header, job, settings, 'result')
        obstacles = self._obstacles(clouds, job, settings, warnings)
        shown = Header(stamp=header.stamp, frame_id=frame.removeprefix('/'))
        try:
            plan = self._plan(job, request, cloud, obstacles)
        except NoGraspFound as error:
            if settings.markers.enabled and not job.should_stop():
                surface = surface_in_frame(error.surfaces[0], matrix)
                self._publishers.publish_markers(self._markers.draw_surface(surface, shown))
            raise
        if job.should_stop():
            raise Cancelled()
        labels = ResultLabels(shown, number, request.object_id, settings.trajectory.times)
        moved = (pairs_in_frame(plan, matrix) if isinstance(plan, TwoHandPlan)
                 else plan_in_frame(plan, matrix))
        return self._publish(moved, labels, settings)

    def _plan(
        self,
        job: Job[Answer],
        request: SynthesisRequest,
        cloud: PointCloud,
        obstacles: np.ndarray | None,
    ) -> GraspPlan | TwoHandPlan:
        wanted = PLANNER_TABLE.read(self._node)
        if wanted != self._settings:  # a parameter changed since the last request
            self._build(wanted)
        planner = partial(self._pairs, request) if request.second_hand else self._planner.plan
        budget = job.remaining - PUBLISHING_TIME
        if budget <= 0:
            raise PlanningTimeout(request.plan.timeout)
        return planner(
            cloud, replace(request.plan, timeout=budget), obstacles=obstacles,
            should_stop=job.should_stop, progress=job.report)

    def _pairs(
        self, request: SynthesisRequest, cloud: PointCloud, plan: PlanRequest, **others: Any
    ) -> TwoHandPlan:
        """Plan for two hands; the planner is kept for the next request with the same hand."""
        second = request.second_hand
        if second not in self._two_hands:
            self._two_hands = {second: TwoHandPlanner(self._planner.hand, second)}
        settings = self._settings
        burden = Burden(request.mass or settings.mass, friction=settings.friction)
        return self._two_hands[second].plan(cloud, plan, burden, **others)

    def _matrix(
        self, target: str, source: Header, job: Job[Answer], settings: NodeSettings, purpose: str
    ) -> np.ndarray:
        """Return T_target_source (4, 4) at the time of the source; waits as long as it may."""
        # A little earlier than the request's timeout, so that the answer says what was missing.
        patience = min(settings.tf.timeout, max(0.0, job.remaining - PUBLISHING_TIME))
        return self._transforms.matrix(
            target, source.frame_id, source.stamp, patience, job.should_stop, purpose)

    def _obstacles(
        self,
        clouds: RequestClouds,
        job: Job[Answer],
        settings: NodeSettings,
        warnings: list[PlanWarning],
    ) -> np.ndarray | None:
        """Return the obstacles (M, 3) in the frame of the object's cloud; None: there are none."""
        if clouds.obstacles is None:
            return None
        points = usable_points(clouds.obstacles, OBSTACLES)
        if not len(points):
            warnings.append(obstacles_empty(clouds.obstacles))
            return None
        header = clouds.obstacles.header
        if not header.frame_id:
            raise BadCloud('its header has no frame_id', OBSTACLES)
        matrix = self._matrix(
            clouds.target.header.frame_id, header, job, settings, 'obstacle cloud')
        return transform_points(matrix, points)

    def _publish(
        self, plan: GraspPlan | TwoHandPlan, labels: ResultLabels, settings: NodeSettings
    ) -> Answer:
        result = grasp_array(plan, labels)
        markers = self._drawn(plan, labels.header, settings) if settings.markers.enabled else None
        self._publishers.publish(result, markers)
        return Answer(result, plan.report)

    def _drawn(
        self, plan: GraspPlan | TwoHandPlan, header: Header, settings: NodeSettings
    ) -> MarkerArray:
        """Return the markers of a plan of one hand or of two."""
        style = settings.markers.style
        if isinstance(plan, GraspPlan):
            return self._markers.draw(plan, header, style)
        second = PlanMarkers(find_hand(plan.second.hand))
        return joined(
            self._markers.draw(plan.first, header, style),
            second.draw(plan.second, header, style))

    def _build(self, settings: PlannerSettings) -> None:
        own = NODE_TABLE.read(self._node)
        self._planner = GraspPlanner(settings, device=own.device, hand=own.hand)
        self._two_hands = {}
        self._settings = settings


def obstacles_empty(cloud: PointCloud2) -> PlanWarning:
    """Return the warning for an obstacle cloud without finite points."""
    count = cloud.width * cloud.height
    what = f'none of its {count} points is finite' if count else 'it has no points'
    return PlanWarning(
        'obstacles_empty', f'the obstacle cloud was not used: {what}; nothing is avoided')


def object_cloud(message: PointCloud2, request: SynthesisRequest) -> PointCloud:
    """
    Return the decoded cloud with its viewpoint.

    :raises BadCloud: unusable, or without a frame
    """
    if not message.header.frame_id:
        raise BadCloud('its header has no frame_id')
    return finite_cloud(message, request.viewpoint)
