"""Both ends of a conversation joined in memory, with a clock that the test turns."""

import pytest

from tests.wire.samples import BRIDGE_NONCE, HELLO, NAMES, SAMPLES
from wire import codec
from wire.errors import RemoteProtocolError
from wire.messages import ErrorMessage, Message
from wire.session import BridgeSession, Limits, Session, TerminalSession
from wire.states import OVER, Sender, SessionState, Trigger

SECRET = b"a secret that both know"


class Link:
    """Two real sessions; what one says the other hears at once, unless the test carries the frame itself."""

    def __init__(self, bridge_secret: bytes = SECRET, limits: Limits | None = None) -> None:
        self.now_ns = 1_000_000_000_000
        self.terminal = TerminalSession(SECRET, self.now_ns, limits)
        self.bridge = BridgeSession(bridge_secret, self.now_ns, limits)

    def end(self, sender: Sender) -> Session:
        """The session of `sender`."""
        return self.bridge if sender is Sender.BRIDGE else self.terminal

    def other(self, sender: Sender) -> Session:
        """The session that hears `sender`."""
        return self.terminal if sender is Sender.BRIDGE else self.bridge

    def frame(self, sender: Sender, message: Message) -> bytes:
        """What goes over the wire when `sender` says `message`."""
        return self.end(sender).send(message, self.now_ns)

    def deliver(self, sender: Sender, frame: bytes) -> list[Message]:
        """What the other end makes of a frame of `sender`'s."""
        return self.other(sender).receive(frame, self.now_ns)

    def say(self, sender: Sender, message: Message) -> Message:
        """Send, and return what was heard."""
        (heard,) = self.deliver(sender, self.frame(sender, message))
        return heard

    def step(self, trigger: Trigger) -> None:
        """The next step of the handshake."""
        if trigger is Trigger.CHALLENGE:
            self.deliver(Sender.BRIDGE, self.bridge.challenge(BRIDGE_NONCE, self.now_ns))
        elif trigger is Trigger.AUTH:
            self.deliver(Sender.TERMINAL, self.terminal.authenticate(self.now_ns))
        else:
            sender = Sender.BRIDGE if trigger is Trigger.WELCOME else Sender.TERMINAL
            self.say(sender, HELLO if trigger is Trigger.HELLO else SAMPLES[trigger])


WAY = {
    SessionState.GREETED: Trigger.HELLO,
    SessionState.CHALLENGED: Trigger.CHALLENGE,
    SessionState.PROVEN: Trigger.AUTH,
    SessionState.WELCOMED: Trigger.WELCOME,
    SessionState.LISTED: Trigger.SYMBOLS,
    SessionState.RECONCILED: Trigger.SNAPSHOT,
    SessionState.LIVE: Trigger.READY,
    SessionState.CLOSED: Trigger.BYE,
    SessionState.FAILED: Trigger.FATAL,
}
"""The step that leads to each state."""


def linked(state: SessionState, limits: Limits | None = None) -> Link:
    """A link whose both ends stand in `state`."""
    link = Link(limits=limits)
    for reached, trigger in WAY.items():
        if reached in OVER and reached is not state:
            continue
        if link.terminal.state is state:
            break
        link.step(trigger)
    return link


RUNNING = [state for state in SessionState if state not in OVER]


def refusal_in(problem: RemoteProtocolError) -> ErrorMessage:
    """The ERROR that the peer is sent."""
    _, message = codec.decode(problem.answer)
    assert isinstance(message, ErrorMessage)
    return message


def broken(link: Link, sender: Sender, frame: bytes) -> RemoteProtocolError:
    """What the hearer of `frame` makes of it; it must be the end of the session."""
    with pytest.raises(RemoteProtocolError) as caught:
        link.deliver(sender, frame)
    assert link.other(sender).state is SessionState.FAILED
    answer = refusal_in(caught.value)
    assert answer.fatal
    assert answer.code is caught.value.code
    return caught.value


def in_place(link: Link, sender: Sender, message: Message) -> bytes:
    """`message` with a header that is right in every respect, whatever `sender` may say now."""
    end = link.end(sender)
    return codec.encode(message, seq=end.sent_seq + 1, ack=end.heard_seq, session=end.session, symbols=NAMES)


def case_name(value: object) -> str:
    """For the ids of parametrised tests."""
    return value.name if isinstance(value, Sender | Trigger | SessionState) else str(value)
