"""Settings that cannot be worked with."""


class SettingsError(ValueError):
    """A setting that cannot be worked with; names the setting and the remedy."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"{setting}: {problem}")
        self.setting = setting
