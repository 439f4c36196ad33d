"""What goes wrong on a simulated terminal, by the name an option gives it."""

from app.console import CommandError, ExitCode
from sim.faults.plan import FaultPlan
from sim.faults.presets import plan_named
from sim.faults.problems import FaultPlanError


def faults_named(name: str) -> FaultPlan:
    """The fault plan called `name`, or the one in the file of that name.

    Raises:
        CommandError: where there is neither, or the file holds no plan.
    """
    try:
        return plan_named(name)
    except FaultPlanError as problem:
        raise CommandError(f"--faults {name}: {problem}", code=ExitCode.USAGE) from None
