"""What can be wrong with a frame or with its place in the conversation."""

from wire.enums import ErrorCode


class WireError(ValueError):
    """A frame that cannot be read, or a message that cannot be written; names the field."""

    def __init__(self, code: ErrorCode, field: str, detail: str) -> None:
        super().__init__(f"{code.name}: {field} {detail}")
        self.code = code
        self.field = field
        self.detail = detail


class ProtocolError(Exception):
    """One side broke the protocol."""

    def __init__(self, problem: WireError) -> None:
        super().__init__(str(problem))
        self.code = problem.code
        self.field = problem.field
        self.detail = problem.detail


class LocalProtocolError(ProtocolError):
    """We tried to say what may not be said now. Nothing is to be sent; the session stands as before the attempt."""


class RemoteProtocolError(ProtocolError):
    """The peer broke the protocol. The session is FAILED; `answer` is the ERROR frame that tells the peer why."""

    def __init__(self, problem: WireError, answer: bytes) -> None:
        super().__init__(problem)
        self.answer = answer
