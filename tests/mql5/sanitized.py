"""Run by a test in a process of its own: a life of orders, with dribbling sockets, in an EA built with sanitizers."""

import sys
from pathlib import Path

from sim.mql5.abi import SocketFault
from sim.mql5.desk import Desk
from sim.mql5.host import EaHost
from sim.mql5.hosted import build_companion, run_compiled
from tests.mql5.test_hosted import Life, config
from tests.sim.router import RouterBridge


def _dribble(ea: EaHost, _desk: Desk) -> None:
    ea.host.faults = SocketFault.READ_DRIBBLES | SocketFault.IS_READABLE_GUESSES


def main() -> None:
    """Play, and say what came of it."""
    folder = Path(sys.argv[1])
    with RouterBridge(Life()) as bridge:
        done = run_compiled(config(bridge.endpoint, folder), built=build_companion(sanitize=True), meddle=_dribble)
    assert bridge.problems == []
    sys.stdout.write(f"clean {done.order_list_hash}\n")


if __name__ == "__main__":
    main()
