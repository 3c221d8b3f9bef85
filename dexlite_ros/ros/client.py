# SPDX-License-Identifier: Apache-2.0
"""
A client of the planner node whose calls may block anywhere.

``Client.call`` of rclpy deadlocks inside a callback of the same executor. This client has its own
node, executor and thread, so its methods can be called from a script, a callback or another
thread. It imports neither torch nor the planner.
"""

from __future__ import annotations

from collections.abc import Callable
import threading
import time
from typing import Any
import uuid

from lifecycle_msgs.srv import GetState
from rclpy.action import ActionClient
from rclpy.client import Client
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from dexlite_ros.action import SynthesizeGrasps
from dexlite_ros.ros.goal import SynthesisGoal, wait_for_future
from dexlite_ros.ros.process import spin
from dexlite_ros.srv import GraspSynthesis

DEFAULT_PLANNER = 'planner'
ASKING_PERIOD = 1.0
"""How long an answer about the node's state is waited for before asking again [s]."""


class PlannerClient:
    """Calls one planner node."""

    def __init__(self, planner: str = DEFAULT_PLANNER, namespace: str = '') -> None:
        """
        Connect; the planner need not exist yet.

        :param planner: name of the planner node, relative to ``namespace`` or absolute.
        :param namespace: of this client's own node.
        """
        self._planner = planner
        self.node = Node(f'planner_client_{uuid.uuid4().hex[:8]}', namespace=namespace)
        self._clients: dict[str, Client] = {}
        self._action: ActionClient | None = None
        self._executor = SingleThreadedExecutor()
        self._stop = threading.Event()
        self._thread = spin(self._executor, self.node, self._stop)

    def __enter__(self) -> PlannerClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect."""
        self._stop.set()
        self._executor.wake()
        self._thread.join()
        self._executor.shutdown()
        if self._action is not None:
            self._action.destroy()
        self.node.destroy_node()

    def synthesize_async(self, request: GraspSynthesis.Request) -> Future:
        """Send ``request`` and return at once; the future's result is the response."""
        return self._client('grasp_synthesis', GraspSynthesis).call_async(request)

    def synthesize(
        self, request: GraspSynthesis.Request, timeout: float = 30.0
    ) -> GraspSynthesis.Response:
        """
        Send ``request`` and wait for the response.

        :param request: an empty request uses the newest cloud and the node's parameters.
        :param timeout: longer than the request's own timeout [s].
        :raises TimeoutError: no such node, or no answer.
        """
        return self._call('grasp_synthesis', GraspSynthesis, request, timeout)

    def start(
        self,
        request: GraspSynthesis.Request,
        on_progress: Callable[[SynthesizeGrasps.Feedback], None] | None = None,
        timeout: float = 10.0,
    ) -> SynthesisGoal:
        """
        Send ``request`` as a goal of the action, which tells its progress and can be cancelled.

        :param request: as for ``synthesize``.
        :param on_progress: called in this client's thread with each feedback message; must not
            block.
        :param timeout: how long to wait for the acceptance of the goal [s].
        :raises TimeoutError: no such node, or no answer.
        :raises GoalRejected: the node is not active or a value is invalid.
        """
        client = self._action_client()
        deadline = time.monotonic() + timeout
        if not client.wait_for_server(timeout_sec=timeout):
            raise TimeoutError(f"no action '{client._action_name}' within {timeout:.0f} s")
        return SynthesisGoal.send(
            client, self._executor, request, on_progress, max(0.0, deadline - time.monotonic()))

    def trigger(self, service: str, timeout: float = 10.0) -> Trigger.Response:
        """
        Call ``cancel``, ``clear`` or ``reload_model``.

        :param service: name of the service.
        :param timeout: [s]
        :raises TimeoutError: no such node, or no answer.
        """
        return self._call(service, Trigger, Trigger.Request(), timeout)

    def wait_until_active(self, timeout: float = 60.0) -> None:
        """
        Wait until the node is active; the existence of its services does not imply that.

        :param timeout: [s]
        :raises TimeoutError: the node does not become active in time.
        """
        deadline = time.monotonic() + timeout
        last = 'not answering'
        while last != 'active':
            remaining = deadline - time.monotonic()
            if remaining <= 0.0:
                raise TimeoutError(
                    f"'{self._planner}' did not become active in {timeout:g} s; it is {last}")
            time.sleep(min(0.1, remaining) if last != 'not answering' else 0.0)
            try:  # a call that is lost, or answered late, is made again
                last = self.state(min(ASKING_PERIOD, remaining))
            except TimeoutError:
                last = 'not answering'

    def state(self, timeout: float = 10.0) -> str:
        """
        Return the node's lifecycle state.

        :param timeout: [s]
        :raises TimeoutError: no such node.
        """
        response = self._call('get_state', GetState, GetState.Request(), timeout)
        return response.current_state.label

    def _call(self, service: str, kind: type, request: object, timeout: float) -> Any:
        deadline = time.monotonic() + timeout
        client = self._client(service, kind)
        if not client.wait_for_service(timeout_sec=timeout):
            raise TimeoutError(f"no service '{client.srv_name}' within {timeout:.0f} s")
        future = client.call_async(request)
        try:
            return wait_for_future(future, deadline - time.monotonic())
        except TimeoutError:
            client.remove_pending_request(future)
            raise TimeoutError(f"no answer from '{client.srv_name}' in {timeout:.0f} s") from None

    def _action_client(self) -> ActionClient:
        if self._action is None:
            self._action = ActionClient(
                self.node, SynthesizeGrasps, f'{self._planner}/synthesize_grasps')
            self._executor.wake()
        return self._action

    def _client(self, service: str, kind: type) -> Client:
        if service not in self._clients:
            self._clients[service] = self.node.create_client(kind, f'{self._planner}/{service}')
            self._executor.wake()
        return self._clients[service]
