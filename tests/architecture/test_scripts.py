"""The start scripts on machines that lack something, tried with stand-ins for Python, pip and apt-get."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

pytestmark = pytest.mark.integration

TOOLS = ("bash", "cat", "chmod", "cp", "dirname", "env", "grep", "head", "mkdir", "readlink", "sha256sum")

# says what it was called with; makes an environment that holds itself; "installs" the command
PYTHON = r"""#!/usr/bin/env bash
printf 'python %s\n' "$*" >>"$CALLS"
case "$*" in
*version_info\ *) [ "${OLD-}" != 1 ] ;;
*"import ensurepip, venv"*) [ -e "$ENSUREPIP" ] ;;
*"print("*) echo python3.11-venv ;;
*--version*) echo "Python 3.11.2" ;;
*"-m venv"*) mkdir -p "${*: -1}/bin" && cp "$0" "${*: -1}/bin/python" ;;
*--editable*)
    command=$(dirname "$0")/companion
    printf '#!/usr/bin/env bash\necho "companion $*"\n' >"$command" && chmod +x "$command"
    ;;
esac
"""
APT = '#!/usr/bin/env bash\nprintf \'apt-get %s\\n\' "$*" >>"$CALLS"\n: >"$ENSUREPIP"\n'


class Machine:
    """A bare machine: a clone of the scripts and a PATH with nothing but what is put there."""

    def __init__(self, folder: Path) -> None:
        self.clone, self.bin, self.calls_file = folder / "a clone", folder / "bin", folder / "calls"
        self.ensurepip = folder / "ensurepip"
        self.bin.mkdir()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or tool)
        shutil.copytree(ROOT / "scripts", self.clone / "scripts")
        shutil.copytree(ROOT / "locks", self.clone / "locks")
        shutil.copy(ROOT / "pyproject.toml", self.clone)

    def add(self, command: str, text: str) -> None:
        """Put a command on the PATH."""
        (self.bin / command).write_text(text)
        (self.bin / command).chmod(0o755)

    def run(self, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Start scripts/run from some other folder."""
        known = {"PATH": str(self.bin), "CALLS": str(self.calls_file), "ENSUREPIP": str(self.ensurepip)}
        command = [str(self.clone / "scripts" / "run"), *options]
        return subprocess.run(command, env=known | environment, cwd=os.sep, capture_output=True, text=True, check=False)

    def calls(self) -> str:
        """What the stand-ins were called with since the last look."""
        text = self.calls_file.read_text() if self.calls_file.exists() else ""
        self.calls_file.unlink(missing_ok=True)
        return text


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with Python and its venv module."""
    bare = Machine(tmp_path)
    bare.add("python3", PYTHON)
    bare.ensurepip.touch()
    return bare


def test_a_fresh_clone_is_installed_and_started(machine: Machine) -> None:
    result = machine.run("--days", "2 of them")
    assert (result.returncode, result.stdout) == (0, "companion demo --days 2 of them\n"), result.stderr
    calls = machine.calls()
    assert "--require-hashes" in calls
    assert "locks/service.txt" in calls


def test_the_second_start_installs_nothing(machine: Machine) -> None:
    machine.run()
    machine.calls()
    result = machine.run()
    assert (result.returncode, result.stderr) == (0, "")
    assert machine.calls() == ""


@pytest.mark.parametrize("changed", ["pyproject.toml", "locks/service.txt"])
def test_a_change_installs_again(machine: Machine, changed: str) -> None:
    machine.run()
    machine.calls()
    with (machine.clone / changed).open("a") as file:
        file.write("# changed\n")
    machine.run()
    assert "--require-hashes" in machine.calls()


def test_a_clone_that_moved_installs_again(machine: Machine) -> None:
    machine.run()
    machine.calls()
    machine.clone = machine.clone.rename(machine.clone.with_name("elsewhere"))
    assert machine.run().returncode == 0
    assert "--editable" in machine.calls()


def test_no_python_at_all_is_explained(machine: Machine) -> None:
    (machine.bin / "python3").unlink()
    result = machine.run()
    assert result.returncode == 1
    assert "Python 3.11 or newer is needed" in result.stderr


def test_an_old_python_is_explained(machine: Machine) -> None:
    result = machine.run(OLD="1")
    assert result.returncode == 1
    assert "Python 3.11 or newer is needed" in result.stderr


def test_root_gets_the_missing_venv_module(machine: Machine) -> None:
    machine.ensurepip.unlink()
    machine.add("apt-get", APT)
    machine.add("id", "#!/usr/bin/env bash\necho 0\n")
    result = machine.run()
    assert result.returncode == 0, result.stderr
    assert "apt-get install -y -qq --no-install-recommends python3.11-venv" in machine.calls()


def test_others_are_told_what_to_install(machine: Machine) -> None:
    machine.ensurepip.unlink()
    machine.add("apt-get", APT)
    machine.add("id", "#!/usr/bin/env bash\necho 1000\n")
    result = machine.run()
    assert result.returncode == 1
    assert "sudo apt-get install -y python3.11-venv" in result.stderr
    assert "apt-get" not in machine.calls()


def test_without_apt_the_reason_is_given(machine: Machine) -> None:
    machine.ensurepip.unlink()
    result = machine.run()
    assert result.returncode == 1
    assert "no ensurepip" in result.stderr
