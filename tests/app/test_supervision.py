"""Children: they hear their job, are heard, and are gone when the parent is, however it went."""

import io
import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.console import ExitCode
from app.supervision import Child, ChildDiedError, ChildSpec, Household, Leash, Note, Restarts, last_lines, say
from tests.app.real_command import ROOT

pytestmark = pytest.mark.integration

OBEDIENT = """
    from app.supervision import Leash, say
    leash = Leash()
    job = leash.next_word()
    say("begun", told=job, pid=__import__("os").getpid())
    leash.watch().wait()
    say("ended")
"""
STUBBORN = """
    import signal, time
    from app.supervision import Leash, say
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Leash().next_word()
    say("begun")
    time.sleep(600)
"""
FAILING = """
    import sys
    for number in range(9):
        print("line", number, file=sys.stderr)
    sys.exit(7)
"""
CHATTY = """
    import sys
    from app.supervision import Leash, say
    Leash().next_word()
    print("no json")
    print('["no", "object"]')
    print('{"no": "event"}')
    say("meant", number=1)
"""
SECRETIVE = """
    import os
    from pathlib import Path
    from app.supervision import Leash, say
    Leash().next_word()
    say("begun", known=os.environ["COMPANION_SECRET"] == "hush", line=Path("/proc/self/cmdline").read_text())
"""

MakeSpec = Callable[..., ChildSpec]


@pytest.fixture
def make_spec(tmp_path: Path) -> MakeSpec:
    def make(source: str, name: str = "child", **job: object) -> ChildSpec:
        (tmp_path / f"run_{name}.py").write_text(textwrap.dedent(source))
        path = f"{tmp_path}{os.pathsep}{ROOT}"
        environment = {"PYTHONPATH": path, "COMPANION_SECRET": "hush"}
        log = tmp_path / "logs" / f"{name}.log"
        return ChildSpec(name=name, module=f"run_{name}", job=dict(job), log=log, environment=environment)

    return make


def hear(household: Household, event: str, patience_s: float = 120.0) -> Note:
    until_s = time.monotonic() + patience_s
    while time.monotonic() < until_s:
        note = household.next_note(0.2)
        if note is not None and note.event == event:
            return note
    raise AssertionError(f"no {event} was heard")


def is_alive(pid: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_child_hears_its_job_and_is_heard(make_spec: MakeSpec) -> None:
    with Household() as household:
        household.start(make_spec(OBEDIENT, symbols=["EURUSD"]))
        assert hear(household, "begun").content["told"] == {"symbols": ["EURUSD"]}


def test_a_child_ends_when_it_is_let_go(make_spec: MakeSpec) -> None:
    with Household() as household:
        child = household.start(make_spec(OBEDIENT))
        hear(household, "begun")
        household.stop("child")
        assert child.status == 0
        assert hear(household, "ended").child == "child"
        assert household.children == {}


def test_leaving_ends_all_of_them(make_spec: MakeSpec) -> None:
    with Household() as household:
        children = [household.start(make_spec(OBEDIENT, name)) for name in ("one", "two")]
        for _ in children:
            hear(household, "begun")
    assert [child.status for child in children] == [0, 0]


def test_an_error_in_the_parent_ends_them_too(make_spec: MakeSpec) -> None:
    children: list[Child] = []

    def fail() -> None:
        with Household() as household:
            children.append(household.start(make_spec(OBEDIENT)))
            hear(household, "begun")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert children[0].status == 0


def test_one_that_does_not_listen_is_killed(make_spec: MakeSpec) -> None:
    with Household() as household:
        child = household.start(make_spec(STUBBORN))
        hear(household, "begun")
        household.stop("child", grace_s=0.2)
        assert child.status == -9


def test_a_death_is_reported_with_the_last_lines_of_its_log(make_spec: MakeSpec) -> None:
    with Household() as household:
        child = household.start(make_spec(FAILING))
        assert child.wait(120.0) == 7
        with pytest.raises(ChildDiedError, match="the child process ended with status 7") as died:
            household.check("child")
    assert "line 8" in died.value.problem
    assert "line 3" not in died.value.problem
    assert str(child.spec.log) in died.value.remedy
    assert died.value.code == ExitCode.PROCESS


def test_the_living_pass_the_check(make_spec: MakeSpec) -> None:
    with Household() as household:
        household.start(make_spec(OBEDIENT))
        hear(household, "begun")
        household.check()


def test_noise_on_its_output_is_no_note(make_spec: MakeSpec) -> None:
    with Household() as household:
        child = household.start(make_spec(CHATTY))
        assert child.wait(120.0) == 0
        assert household.next_note(1.0) == Note("child", "meant", {"number": 1})
        assert household.next_note(0.05) is None


def test_the_secret_is_in_the_environment_and_on_no_command_line(make_spec: MakeSpec) -> None:
    spec = make_spec(SECRETIVE)
    with Household() as household:
        household.start(spec)
        note = hear(household, "begun")
    assert note.content["known"] is True
    assert "hush" not in note.content["line"]
    assert "hush" not in repr(spec) + str(spec)


def test_a_child_outlives_no_killed_parent(make_spec: MakeSpec, tmp_path: Path) -> None:
    make_spec(OBEDIENT)
    parent = f"""
        import time
        from pathlib import Path
        from app.supervision import ChildSpec, Household
        household = Household()
        household.start(ChildSpec(name="child", module="run_child", job={{}}, log=Path({str(tmp_path)!r}) / "log"))
        print(household.next_note(30).content["pid"], flush=True)
        time.sleep(600)
    """
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", textwrap.dedent(parent)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert is_alive(pid)
        process.kill()
    until_s = time.monotonic() + 120.0
    while is_alive(pid) and time.monotonic() < until_s:
        time.sleep(0.05)
    assert not is_alive(pid)


def test_a_long_log_is_put_aside(make_spec: MakeSpec) -> None:
    spec = make_spec(FAILING)
    spec.log.parent.mkdir()
    spec.log.write_bytes(b"old\n" * 3_000_000)
    with Household() as household:
        household.start(spec).wait(120.0)
    assert spec.log.with_name("child.log.1").stat().st_size == 12_000_000
    assert last_lines(spec.log)[-1] == "line 8"


def test_telling_the_dead_is_no_error(make_spec: MakeSpec) -> None:
    with Household() as household:
        child = household.start(make_spec(FAILING))
        child.wait(120.0)
        child.tell(endpoint="x" * 100_000)


def test_a_log_that_is_missing_has_no_lines(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none.log") == []


# -- when to start again ---------------------------------------------------------------------------------------------


def test_waits_grow_from_a_second_to_a_minute() -> None:
    restarts = Restarts()
    assert [restarts.died(0.0, 0.1) for _ in range(8)] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_a_steady_minute_forgives() -> None:
    restarts = Restarts()
    for _ in range(5):
        restarts.died(0.0, 0.1)
    assert restarts.died(0.0, 60.0) == 1.0


@given(st.lists(st.floats(0.0, 1000.0), min_size=1, max_size=30), st.floats(0.0, 1e6))
def test_nothing_is_started_before_it_is_due(lives_s: list[float], now_s: float) -> None:
    restarts = Restarts()
    for lived_s in lives_s:
        wait_s = restarts.died(now_s, lived_s)
        assert 1.0 <= wait_s <= 60.0
        assert not restarts.is_due(now_s + wait_s - 0.5)
        assert restarts.is_due(now_s + wait_s)


# -- the child's side ------------------------------------------------------------------------------------------------


def test_a_leash_gives_words_until_it_is_let_go() -> None:
    leash = Leash(io.BytesIO(b'{"role": "bridge"}\n{"endpoint": "tcp://x"}\n'))
    assert leash.next_word() == {"role": "bridge"}
    assert leash.next_word() == {"endpoint": "tcp://x"}
    assert leash.next_word() is None


def test_half_a_word_is_none() -> None:
    assert Leash(io.BytesIO(b'{"role": "bri')).next_word() is None


def test_the_end_of_the_leash_is_noticed() -> None:
    assert Leash(io.BytesIO(b"ignored\n")).watch().wait(60.0)


def test_what_is_said_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    say("progress", played=3)
    assert json.loads(capsys.readouterr().out) == {"event": "progress", "played": 3}
