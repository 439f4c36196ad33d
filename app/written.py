"""Lists and tables as people write them in an environment variable."""

import json

from app.problems import JSON_REMEDY


def split(value: object) -> object:
    """A comma-separated list, as people write one; JSON lists are understood, too."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


def json_object(value: object) -> object:
    """What a text of JSON says; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        raise ValueError(f"is no JSON; {JSON_REMEDY}") from None
