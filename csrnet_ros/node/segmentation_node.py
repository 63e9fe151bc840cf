"""The ROS 2 node: images in on a topic, labels out, as a managed (lifecycle) node."""

import gc
import sys
import threading
from typing import Any

import rclpy
from rcl_interfaces.msg import SetParametersResult
from rclpy.exceptions import ParameterException
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.logging import get_logger
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from csrnet_ros.node.camera import Camera
from csrnet_ros.node.diagnostics import Diagnostics
from csrnet_ros.node.end_signals import EndSignals
from csrnet_ros.node.engine_plan import EnginePlan
from csrnet_ros.node.faults import Faults
from csrnet_ros.node.label_info import LabelInfoPublisher
from csrnet_ros.node.legacy import DeviceLostError, Legacy
from csrnet_ros.node.log import forward_log
from csrnet_ros.node.managed_node import SUCCESS, ManagedNode
from csrnet_ros.node.parameter_table import (
    change_settings,
    check_overrides,
    check_qos_overrides,
    declare_parameters,
    parameter_rows,
)
from csrnet_ros.node.parameters import CameraSettings, NodeSettings, camera_prefix
from csrnet_ros.node.services import Services
from csrnet_ros.node.serving_engine import ServingEngine
from csrnet_ros.node.worker import Worker

NODE_NAME = 'csrnet'


class SegmentationNode(ManagedNode):
    """Labels the images of its cameras.

    configure loads and warms up the engine, activate subscribes, deactivate stops within one
    frame, cleanup gives everything back. A transition that fails says why and leaves the node
    in the state that it was in.

    Spinning it raises ``DeviceLostError`` when a new process has to take its place.

    :param legacy: how the node stood whose place it takes
    :raises ValueError: if a parameter's value is impossible
    :raises rclpy.exceptions.ParameterException: if it has the wrong type or range
    """

    def __init__(self, legacy: Legacy | None = None) -> None:
        legacy = legacy or Legacy({}, Faults())
        left = [Parameter(name, value=value) for name, value in legacy.parameters.items()]
        super().__init__(NODE_NAME, parameter_overrides=left)
        forward_log(self.get_logger())
        self.settings = declare_parameters(self, NodeSettings())
        self._camera_settings = {
            name: declare_parameters(
                self, CameraSettings.defaults(name), prefix=camera_prefix(name)
            )
            for name in self.settings.cameras
        }
        check_overrides(self, nameless=parameter_rows(CameraSettings))
        self.add_on_set_parameters_callback(self._on_set_parameters)
        Services(self, reload=self._reload, reloaded=self._publish_label_info)
        self._arrived = threading.Condition()
        self._faults = legacy.faults
        self._engine: ServingEngine | None = None
        self._label_info: LabelInfoPublisher | None = None
        self._cameras: list[Camera] = []
        self._diagnostics: Diagnostics | None = None
        self._worker: Worker | None = None

    def start(self) -> bool:
        """Configure and activate; return whether both succeeded."""
        return self.trigger_configure() == SUCCESS and self.trigger_activate() == SUCCESS

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.attempt('configure', self._configure, undo=self.release)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        outcome = self.attempt('activate', self._activate, undo=self._deactivate)
        return super().on_activate(state) if outcome == SUCCESS else outcome

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        outcome = self.attempt('deactivate', self._deactivate)
        return super().on_deactivate(state) if outcome == SUCCESS else outcome

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.attempt('clean up', self.release)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self.attempt('shut down', self.release)

    def release(self) -> None:
        """Stop, and give back all that configure and activate made; harmless if repeated."""
        self._deactivate()
        if self._diagnostics is not None:
            self._diagnostics.close()
            self._diagnostics = None
        if self._label_info is not None:
            self._label_info.close()
            self._label_info = None
        while self._cameras:
            self._cameras.pop().close()
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        self._faults = Faults()

    def _configure(self) -> None:
        plan = EnginePlan.read(self.settings, log=self.get_logger().info)
        self._engine = ServingEngine(plan, faults=self._faults, logger=self.get_logger())
        self._cameras = [
            Camera(self, name=name, settings=settings, arrived=self._arrived, now_s=self._now_s)
            for name, settings in self._camera_settings.items()
        ]
        self._label_info = LabelInfoPublisher(self)
        self._publish_label_info()
        self._diagnostics = Diagnostics(
            self, self._engine, self._cameras, now_s=self._now_s, told=self._give_way
        )

    def _reload(self) -> str:
        engine = self._engine
        if engine is None:
            raise ValueError('the node is not configured; configure loads the weights')
        plan = EnginePlan.read(self.settings, log=self.get_logger().info)
        engine.replace(plan)  # which refuses if it was closed meanwhile
        return f'{plan.weights} is in use'

    def _publish_label_info(self) -> None:
        if self._engine is not None and self._label_info is not None:
            self._label_info.publish(self._engine.plan.checkpoint.labels)

    def _activate(self) -> None:
        assert self._engine is not None, 'ROS activates configured nodes only'
        self._worker = Worker(
            self._engine,
            cameras=self._cameras,
            arrived=self._arrived,
            now_s=self._now_s,
            simulated=lambda: bool(self.get_parameter('use_sim_time').value),
        )
        self._apply_live_settings()
        self._worker.start()
        for camera in self._cameras:
            camera.subscribe()
            self.get_logger().info(f'labelling {camera.topic}')
        check_qos_overrides(self)

    def _deactivate(self) -> None:
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        for camera in self._cameras:
            camera.unsubscribe()

    def _give_way(self) -> None:
        if self._engine is None or self._worker is None:  # not active
            return
        if self._engine.gives_way():
            served = self._engine.plan.settings
            raise DeviceLostError(Legacy.of(self, self._faults, served=served))

    def _on_set_parameters(self, parameters: list['Parameter[Any]']) -> SetParametersResult:
        changes = {parameter.name: parameter.value for parameter in parameters}
        configured = self._engine is not None
        try:
            changed = change_settings(self.settings, changes, configured=configured)
            self._camera_settings = {
                name: change_settings(
                    settings, changes, configured=configured, prefix=camera_prefix(name)
                )
                for name, settings in self._camera_settings.items()
            }
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.settings = changed
        self._apply_live_settings()
        return SetParametersResult(successful=True)

    def _apply_live_settings(self) -> None:
        for camera in self._cameras:
            camera.enabled = self.settings.enable
            camera.settings = self._camera_settings[camera.name]
        if self._worker is not None:
            self._worker.overlay_opacity = self.settings.overlay_opacity

    def _now_s(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9


def main(args: list[str] | None = None) -> int:
    """Run the node until a signal ends it; return 1 if it could not start, else 0."""
    # What is imported stays. To search all of it for garbage would stop every thread for 90 ms.
    gc.freeze()
    signals = EndSignals()
    try:
        with signals:
            return _run(args, signals)
    except DeviceLostError as error:
        if signals.came:
            return 0
        get_logger(NODE_NAME).error(f'{error}; a new process takes over')
        return error.legacy.leave()


def _run(args: list[str] | None, signals: EndSignals) -> int:
    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except UnicodeEncodeError as error:
        what = f'the argument {error.object!r} is not UTF-8'
        print(f'{NODE_NAME}: ROS cannot start: {what}', file=sys.stderr)
        return 1
    except RuntimeError as error:
        print(f'{NODE_NAME}: ROS cannot start: {error}', file=sys.stderr)
        return 1
    node = None
    try:
        try:
            legacy = Legacy.take()
            node = signals.node = SegmentationNode(legacy)
        except (ParameterException, ValueError) as error:
            get_logger(NODE_NAME).error(f'cannot start: {error}')
            return 1
        starts = not signals.came and (legacy or node.settings.autostart)
        if starts and not node.start():
            return 0 if signals.came else 1
        signals.spin(node)
    finally:
        if node is not None:
            node.release()
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
