"""The engine that serves: replaced without a gap, and built anew after it failed."""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rclpy.impl.rcutils_logger import RcutilsLogger

from csrnet_ros.devices import is_lost
from csrnet_ros.errors import DeviceError, ImageError
from csrnet_ros.inference import Segmentation, SegmentationEngine
from csrnet_ros.inference.images import Image
from csrnet_ros.node.engine_plan import EnginePlan
from csrnet_ros.node.faults import Faults, NoEngineError

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from csrnet_ros.inference.postprocess import Wanted


class ServingEngine:
    """An engine, and how to get the next one. Any thread may call it.

    An image that cannot be labelled is its sender's fault; whatever else goes wrong is the
    engine's, which is closed, and built anew for the next images.

    :param plan: what the first engine is built from
    :param faults: what failed before
    :raises Exception: what building it raises
    """

    def __init__(self, plan: EnginePlan, *, faults: Faults, logger: RcutilsLogger) -> None:
        self._logger = logger
        self._lock = threading.Lock()
        self._closed = False
        self._plan = plan
        self._engine: SegmentationEngine | None = plan.build(log=logger.info)
        self._device = self._engine.device
        self._seen: Image | None = None
        self._lost = False
        self.faults = faults
        faults.mend()

    @property
    def plan(self) -> EnginePlan:
        """What the engine that serves was built from."""
        return self._plan

    @property
    def engine(self) -> SegmentationEngine | None:
        """The engine that serves; None after it failed, until the next images come."""
        return self._engine

    @property
    def takes_raw(self) -> bool:
        """Whether the device converts colours faster than the CPU would."""
        return self._engine is not None and self._engine.device.type != 'cpu'

    @property
    def fault(self) -> str:
        """What is wrong with the engine, or was until a moment ago; empty if nothing."""
        return self.faults.last if self._engine is None or self.faults.fresh else ''

    def segment_batch(
        self, images: Sequence[Image], **wanted: 'Unpack[Wanted]'
    ) -> list[Segmentation]:
        """Label images as ``SegmentationEngine.segment_batch`` does.

        :raises ImageError: if an image is not one that an engine takes
        :raises NoEngineError: if there is none, and the next cannot be built, or not yet
        :raises Exception: what the engine raised
        """
        with self._lock:
            engine = self._engine or self._rebuild()
            try:
                found = engine.segment_batch(images, **wanted)
            except ImageError:
                raise
            except Exception as error:
                self._fail(error)
                self._discard(engine)
                raise
            self._seen = images[-1] if images else self._seen
            return found

    def replace(self, plan: EnginePlan) -> None:
        """Let an engine of ``plan`` serve from now on; until it is proven, the old one does.

        It has to label the image that was labelled last.

        :raises DeviceError: if the engine was closed meanwhile
        :raises Exception: if the new one cannot be built or fails; then the old one stays
        """
        engine = plan.build(log=self._logger.info)
        try:
            if self._seen is not None:
                engine.segment_batch([self._seen])
        except Exception:
            self._discard(engine)
            raise
        with self._lock:
            closed = self._closed
            old = self._engine
            if not closed:
                self._engine, self._plan, self._lost = engine, plan, False
                self.faults.forget()
        if closed:
            self._discard(engine)
            raise DeviceError('the node was cleaned up meanwhile; configure loads the weights')
        if old is not None:
            self._discard(old)

    def gives_way(self) -> bool:
        """Return whether it is time for a new process, since this one can use the device no more.

        It counts as an engine built anew.
        """
        if not self._lost or self.faults.rests:
            return False
        self.faults.begin_rebuild()
        return True

    def close(self) -> None:
        """Give the device memory back; it serves no more."""
        with self._lock:
            engine, self._engine, self._closed = self._engine, None, True
        if engine is not None:
            engine.close()

    def _rebuild(self) -> SegmentationEngine:
        if self._lost:
            raise NoEngineError('this process has lost its device; a new one has to take over')
        self.faults.begin_rebuild()
        self._logger.warning('building the engine anew')
        try:
            self._engine = self._plan.build(log=self._logger.info)
        except Exception as error:
            self._fail(error)
            raise NoEngineError(f'{type(error).__name__}: {error}') from error
        self.faults.mend()
        return self._engine

    def _fail(self, error: Exception) -> None:
        self._engine = None
        self.faults.add(error)
        self._lost = is_lost(self._device)

    def _discard(self, engine: SegmentationEngine) -> None:
        try:
            engine.close()
        except Exception as error:  # a broken device may refuse even that
            self._logger.warning(f'closing an engine failed: {error}')
