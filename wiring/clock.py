"""The machine's clock: the only one there is outside the commands. Jobs are told the time."""

from datetime import UTC, datetime


def wall_clock() -> datetime:
    """Now, by this machine."""
    return datetime.now(UTC)
