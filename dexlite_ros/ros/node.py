# SPDX-License-Identifier: Apache-2.0
"""
The planner as a managed node: its states, and what is available in each.

unconfigured: diagnostics only · inactive: topics and services are there, requests are answered
NOT_ACTIVE · active: requests are planned.
"""

from __future__ import annotations

import threading
import time
import traceback
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from dexlite_ros.errors import Cancelled, DexliteError, NotActive
from dexlite_ros.ros.diagnostics import DiagnosticsPublisher, Health, memory_use
from dexlite_ros.ros.endpoints import Endpoints
from dexlite_ros.ros.parameters.node_table import NODE_TABLE
from dexlite_ros.ros.parameters.planner_table import PLANNER_TABLE
from dexlite_ros.ros.parameters.unknown import unknown_parameters

ACTIVATION_TIME = 2.0
"""How long a request waits for a node that is activating itself [s]."""
PATIENCE = 1.0
"""How long a state transition waits for calls to be answered and the planner to stop [s]."""
SERIOUS = (1, 14, 15, 16)
"""Error codes that indicate a problem of the node rather than of the request."""


class PlannerNode(LifecycleNode):
    """Segmented point clouds in, ranked grasps out."""

    def __init__(self, node_name: str = 'planner', **kwargs: Any) -> None:
        """
        Declare the parameters and start diagnostics; all else follows in ``configure``.

        :param node_name: name of the node unless remapped.
        :param kwargs: as for rclpy.node.Node.
        """
        super().__init__(node_name, **kwargs)
        NODE_TABLE.declare(self)
        PLANNER_TABLE.declare(self)
        self.add_on_set_parameters_callback(self._judge)
        self._endpoints: Endpoints | None = None
        self._state = 'unconfigured'
        self._problem = ''
        self._active = threading.Event()
        self._stopping = threading.Event()
        self._transition = threading.Lock()
        """Held while endpoints are opened or closed."""
        settings = NODE_TABLE.read(self)
        self._starting = settings.autostart
        self._diagnostics = DiagnosticsPublisher(
            self, settings.diagnostics.period, MutuallyExclusiveCallbackGroup(), self._health)
        self._warn_of_unknown('qos_overrides.', wanted=False)
        if settings.autostart:
            # By a steady clock, because simulated time may not have started; in a group of its
            # own, so that ~/get_state is answered meanwhile.
            self._once = self.create_timer(
                0.0, self._start, MutuallyExclusiveCallbackGroup(),
                clock=Clock(clock_type=ClockType.STEADY_TIME))

    def close(self, timeout: float, planner_timeout: float = PATIENCE) -> bool:
        """
        End for good: cancel all requests, wait until they are answered, and stop the planner.

        :param timeout: how long to wait for the answers [s].
        :param planner_timeout: how long to wait for the planner to notice the stop request [s].
        :return: False if the planner did not stop in time.
        """
        self._stopping.set()
        self._leave_active('finalized')
        return self._tear_down(timeout, planner_timeout)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Build and warm up the planner, then open topics and services."""
        self._state = 'configuring'
        started = time.monotonic()
        try:
            with self._transition:
                endpoints = Endpoints(self, self._require_active, self._stopping.is_set)
                self._endpoints = endpoints
        except DexliteError as error:
            self._problem = str(error)
        except Exception as error:  # the state machine would swallow it
            self._problem = f'unexpected {type(error).__name__}: {error}'
            self.get_logger().error(traceback.format_exc())
        else:
            self._state, self._problem = 'inactive', ''
            self._warn_of_unknown('qos_overrides.', wanted=True)
            self._log_ready(endpoints, time.monotonic() - started)
            return TransitionCallbackReturn.SUCCESS
        if not self._stopping.is_set():
            self.get_logger().fatal(f'cannot be configured: {self._problem}')
        self._state = 'unconfigured'
        return TransitionCallbackReturn.FAILURE

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start planning requests."""
        if self._stopping.is_set():
            return TransitionCallbackReturn.FAILURE
        self._state = 'active'
        self._active.set()
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Refuse new requests and cancel running and waiting ones."""
        self._leave_active('inactive')
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Remove planner, topics and services."""
        self._tear_down(PATIENCE)
        self._state = 'unconfigured'
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Remove everything permanently."""
        self.close(PATIENCE)
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Fall back to unconfigured."""
        return self.on_cleanup(state)

    def _start(self) -> None:
        """Configure and activate without a lifecycle manager."""
        self.destroy_timer(self._once)
        try:
            if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
                self.trigger_activate()
        except RuntimeError as error:  # RCLError
            self.get_logger().warning(f'autostart yielded to another transition: {error}')
        finally:
            self._starting = False

    def _require_active(self) -> None:
        # Services appear shortly before the node is active.
        deadline = time.monotonic() + ACTIVATION_TIME
        while self._starting and time.monotonic() < deadline and not self._stopping.is_set():
            if self._active.wait(0.05):
                break
        if self._stopping.is_set():
            raise Cancelled('the node stops')
        if not self._active.is_set():
            raise NotActive(self._state)

    def _leave_active(self, state: str) -> None:
        self._active.clear()
        self._state = state
        if self._endpoints is not None:
            self._endpoints.worker.cancel()

    def _tear_down(self, timeout: float, planner_timeout: float = PATIENCE) -> bool:
        if not self._transition.acquire(timeout=timeout):  # still loading
            return False
        try:
            endpoints, self._endpoints = self._endpoints, None
            return endpoints is None or endpoints.close(timeout, planner_timeout)
        finally:
            self._transition.release()

    def _warn_of_unknown(self, prefix: str, wanted: bool) -> None:
        """Warn of given parameters that are not declared, with this prefix or all others."""
        for line in unknown_parameters(self, lambda name: name.startswith(prefix) == wanted):
            self.get_logger().warning(line)

    def _judge(self, changes: list[Parameter]) -> SetParametersResult:
        """Reject values that the settings reject; others take effect with the next request."""
        try:
            NODE_TABLE.read(self, changes)
            PLANNER_TABLE.read(self, changes)
        except DexliteError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _log_ready(self, endpoints: Endpoints, seconds: float) -> None:
        synthesis = endpoints.synthesis
        self.get_logger().info(
            f'{synthesis.model_id} on {synthesis.device} ready after {seconds:.1f} s')
        if not endpoints.transforms.available:
            self.get_logger().info(
                'tf2_ros is not installed: results are available only in the frame of the cloud')

    def _health(self) -> Health:
        endpoints = self._endpoints
        if endpoints is None:
            level = DiagnosticStatus.ERROR if self._problem else DiagnosticStatus.WARN
            return Health(level, self._problem or self._state, '', {'state': self._state})
        last = endpoints.handler.last
        age = endpoints.clouds[0].cache.age
        level, text = DiagnosticStatus.OK, 'ready'
        if not self._active.is_set():
            level, text = DiagnosticStatus.WARN, self._state
        elif last.code in SERIOUS:
            level, text = DiagnosticStatus.ERROR, f'last request: error {last.code}'
        return Health(level, text, endpoints.synthesis.device, {
            'state': self._state,
            'model': endpoints.synthesis.model_id,
            'device': endpoints.synthesis.device,
            'requests answered': last.count,
            'requests running or waiting': endpoints.worker.load,
            'last error code': last.code,
            'last time [s]': f'{last.seconds:.3f}',
            'cloud age [s]': 'no cloud' if age is None else f'{age:.2f}',
            'tf2': 'available' if endpoints.transforms.available else 'not installed',
            **memory_use(),
        })
