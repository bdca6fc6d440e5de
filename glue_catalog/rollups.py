"""How each month, and all closed months together, come from smaller parts: grouped by some columns, the rest summed up.

What is no key is summed where it is a number of the Tally, else its largest value is kept.
"""

from dataclasses import dataclass
from typing import Literal

Aggregate = Literal["sum", "min", "max"]


@dataclass(frozen=True)
class Rollup:
    """`table` is made of the partitions of `source`; `source_column` becomes what one is called, its first `cut` signs.

    `takes` renames: column of the row -> (column of the source, how). All columns not named there are keys.
    """

    table: str
    source: str
    source_column: str
    takes: dict[str, tuple[str, Aggregate]]
    cut: int | None = None
    last_months: int | None = None
    """So many closed months alone."""

    is_scanned: bool = False
    """Whether it is read whole each night."""

    by_default: bool = False
    """Only what counts by the default policy: other policies read the source."""


def _tally(**more: tuple[str, Aggregate]) -> dict[str, tuple[str, Aggregate]]:
    return {"plays": ("plays", "sum"), "ms": ("ms", "sum"), "ms_estimated": ("ms_estimated", "sum"), **more}


_NAMES: dict[str, tuple[str, Aggregate]] = {
    "track_name": ("track_name", "max"),
    "artist_name": ("artist_name", "max"),
    "album_name": ("album_name", "max"),
}

_BETWEEN: dict[str, tuple[str, Aggregate]] = {"first_day": ("day", "min"), "last_day": ("day", "max")}

MONTHLY = (
    Rollup("month_tracks", "day_tracks", "day", _tally(**_NAMES)),
    Rollup("month_ways", "day_tracks", "day", _tally()),
    Rollup("month_quarters", "day_quarters", "day", _tally()),
    Rollup("month_hours", "day_quarters", "day", _tally()),
    Rollup("month_sessions", "day_sessions", "day", {}),
    Rollup("month_binges", "day_binges", "day", {}),
    Rollup("month_accounts", "settled_days", "dt", {}),
    Rollup("track_versions", "tracks", "dt", {}, is_scanned=True),
    Rollup("artist_versions", "artists", "dt", {}, is_scanned=True),
)
"""Of days or dates to their month; the open month too, each night."""

LASTING = (
    Rollup("all_tracks", "month_tracks", "month", _tally(**_NAMES, **_BETWEEN), by_default=True),
    Rollup("recent_tracks", "month_tracks", "month", _tally(**_BETWEEN), last_months=24, by_default=True),
    Rollup("all_years", "month_tracks", "year", _tally(**_BETWEEN), cut=4, by_default=True),
    Rollup("all_time", "month_tracks", "", _tally(**_NAMES, **_BETWEEN), cut=0, by_default=True),
    Rollup("all_contexts", "month_tracks", "month", _tally(**_BETWEEN), by_default=True),
    Rollup("all_ways", "month_ways", "", _tally()),
    Rollup("all_hours", "month_hours", "", _tally(), by_default=True),
    Rollup("all_accounts", "month_accounts", "", {}),
    Rollup("all_sessions", "month_sessions", "", {}),
    Rollup("all_binges", "month_binges", "", {}),
)
"""Of closed months to one object. Two years are what rolling windows and the equal ones before them reach back."""

ROLLUPS = {rollup.table: rollup for rollup in (*MONTHLY, *LASTING)}
"""By the table that is made."""
