from wire.enums import ErrorCode
from wire.errors import LocalProtocolError, ProtocolError, RemoteProtocolError, WireError

PROBLEM = WireError(ErrorCode.TOO_LARGE, "length", "is 9 bytes; at most 8")


def test_an_error_says_what_is_wrong_where_and_how() -> None:
    assert str(PROBLEM) == "TOO_LARGE: length is 9 bytes; at most 8"
    assert (PROBLEM.code, PROBLEM.field, PROBLEM.detail) == (ErrorCode.TOO_LARGE, "length", "is 9 bytes; at most 8")
    assert isinstance(PROBLEM, ValueError)


def test_a_broken_protocol_is_not_a_wrong_value() -> None:
    for problem in (LocalProtocolError(PROBLEM), RemoteProtocolError(PROBLEM, b"answer")):
        assert isinstance(problem, ProtocolError)
        assert not isinstance(problem, ValueError)
        assert str(problem) == str(PROBLEM)
        assert (problem.code, problem.field, problem.detail) == (PROBLEM.code, PROBLEM.field, PROBLEM.detail)


def test_what_the_peer_is_told_travels_with_the_error() -> None:
    assert RemoteProtocolError(PROBLEM, b"answer").answer == b"answer"
    assert not hasattr(LocalProtocolError(PROBLEM), "answer")
