"""Everything that can break breaks, at every point, in one thread: deaths of both sides on one clock."""

import random
from collections import Counter
from pathlib import Path

import pytest

from account.journal import JournalReader
from sim.memory import DiskMemory
from tests.crash.market import Market
from tests.crash.points import Plan, Point
from tests.crash.rig import Rig
from tests.crash.verdicts import faults
from tests.crash.watched import EaPoint

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.integration]
