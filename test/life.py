"""The life cycle of a node in another process."""

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState

CONFIGURE = Transition.TRANSITION_CONFIGURE
ACTIVATE = Transition.TRANSITION_ACTIVATE
DEACTIVATE = Transition.TRANSITION_DEACTIVATE
CLEANUP = Transition.TRANSITION_CLEANUP
SHUTDOWN = Transition.TRANSITION_UNCONFIGURED_SHUTDOWN


class Life:
    """The life cycle of a node, as ``ros2 lifecycle`` drives it."""

    def __init__(self, peer, *, namespace: str = '') -> None:
        self._peer = peer
        self._node = f'{namespace}/csrnet'
        # Known before the others are asked, so that no response of a transition is lost.
        peer.client(ChangeState, f'{self._node}/change_state')
        assert self.state

    @property
    def state(self) -> str:
        return self._peer.call(GetState, f'{self._node}/get_state').current_state.label

    def change(self, transition: int) -> bool:
        """Ask for a transition; return whether it succeeded."""
        request = {'tries': 1, 'transition': Transition(id=transition)}
        return self._peer.call(ChangeState, f'{self._node}/change_state', **request).success

    def begin(self, transition: int) -> None:
        """Ask for a transition, and do not wait for it."""
        request = ChangeState.Request(transition=Transition(id=transition))
        self._peer.client(ChangeState, f'{self._node}/change_state').call_async(request)

    def set(self, name: str, value: str) -> bool:
        """Set a parameter; return whether the node accepted it."""
        return self._peer.set_string(name, value, node=self._node)
