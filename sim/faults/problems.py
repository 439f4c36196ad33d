"""What is wrong with a fault plan."""


class FaultPlanError(ValueError):
    """A fault plan that cannot be worked with; names the field and what it must be."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem
