"""What the tables are: one spec each, from the models. Terraform and DuckDB both read what comes of it."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, Field

from glue_catalog import summary_rows as rows
from playledger.models import Gap, Instant, Play, SettledDay

Format = Literal["jsonl", "parquet"]


class TrackRow(BaseModel):
    """One version of a track's metadata: a row of the `tracks` table."""

    track_uri: str = Field(description="Spotify URI")
    track_id: str | None = Field(description="Spotify id")
    name: str = Field(description="title")
    artist_name: str | None = Field(description="first credited artist")
    artist_id: str | None = Field(description="Spotify id of the first credited artist")
    artists: tuple[str, ...] = Field(description="all credited artists")
    album: str | None = Field(description="album title")
    album_id: str | None = Field(description="Spotify id of the album")
    release_date: str | None = Field(description="YYYY, YYYY-MM or YYYY-MM-DD")
    isrc: str | None = Field(description="recording code")
    duration_ms: int | None = Field(description="length in ms")
    grade_rank: int = Field(description="1 stub (export names), 2 payload, 3 fetched")
    changed_at: Instant = Field(description="when this version was learned, UTC")


class ArtistRow(BaseModel):
    """One version of an artist's metadata: a row of the `artists` table."""

    artist_id: str = Field(description="Spotify id")
    name: str = Field(description="name")
    genres: tuple[str, ...] = Field(description="genres, where Spotify still gives them")
    popularity: int | None = Field(description="0 to 100, where Spotify still gives it")
    image_url: str | None = Field(description="largest image")
    grade_rank: int = Field(description="1 stub, 2 payload, 3 fetched")
    changed_at: Instant = Field(description="when this version was learned, UTC")


class CoverageRow(BaseModel):
    """What is known to be whole, and what came late, folded from one day's entries: a row of the `coverage` table."""

    dt: str = Field(description="UTC date of these entries in the journal")
    made_from: str = Field(description="digest of these entries")
    what: Literal["polls", "export", "late"] = Field(
        description="polls: they vouch for lo..hi; export: a file spans lo..hi; late: a play came behind newer ones"
    )
    lo: Instant = Field(description="oldest moment, UTC; 1970 where a window reached back to the beginning")
    hi: Instant = Field(description="newest moment, UTC")
    quiet_until: Instant | None = Field(
        description="of polls: last poll before lo that the one beginning at lo tells of"
    )


class PlaylistRow(BaseModel):
    """One track of one week's playlist: a row of the `playlists` table; dt is the Monday of the local week."""

    position: int = Field(description="place in the playlist, from 1")
    track_uri: str = Field(description="Spotify URI")
    playlist_id: str = Field(description="Spotify id of the playlist")
    playlist_name: str = Field(description="its name")
    unplayed_days: int = Field(description="not played for so many days")
    written_at: Instant = Field(description="UTC")


@dataclass(frozen=True)
class TableSpec:
    """One table: where it lies below the prefix, how it is partitioned, what a row is."""

    name: str
    about: str
    row: type[BaseModel]
    partition: Literal["dt", "day", "month", ""] = ""
    format: Format = "jsonl"


TABLES = {
    spec.name: spec
    for spec in (
        TableSpec("plays", "every play, once", Play, "dt"),
        TableSpec("settled_days", "the account of each settled day", SettledDay, "dt"),
        TableSpec("coverage", "what polls and exports vouch for; by UTC month of the journal", CoverageRow, "month"),
        TableSpec("gaps", "holes in coverage", Gap),
        TableSpec("tracks", "versions of track metadata; dt of the change", TrackRow, "dt"),
        TableSpec("artists", "versions of artist metadata; dt of the change", ArtistRow, "dt"),
        TableSpec("playlists", "the weekly playlists; dt is the week's Monday", PlaylistRow, "dt"),
        TableSpec("day_tracks", "plays per local day, track, context and way", rows.DayTrackRow, "day"),
        TableSpec("day_quarters", "plays per local day, quarter hour, track and context", rows.DayQuarterRow, "day"),
        TableSpec("day_sessions", "runs of music per local day", rows.SessionRow, "day"),
        TableSpec("day_binges", "the same again and again, per local day", rows.BingeRow, "day"),
        TableSpec("month_tracks", "day_tracks of a month", rows.MonthTrackRow, "month", "parquet"),
        TableSpec("month_ways", "ways of listening per day, of a month", rows.MonthWayRow, "month", "parquet"),
        TableSpec("month_quarters", "day_quarters of a month", rows.MonthQuarterRow, "month", "parquet"),
        TableSpec("month_hours", "plays per hour, of a month", rows.MonthHourRow, "month", "parquet"),
        TableSpec("month_sessions", "day_sessions of a month", rows.MonthSessionRow, "month", "parquet"),
        TableSpec("month_binges", "day_binges of a month", rows.MonthBingeRow, "month", "parquet"),
        TableSpec("track_versions", "versions of track metadata learned in a month", TrackRow, "month", "parquet"),
        TableSpec("artist_versions", "versions of artist metadata learned in a month", ArtistRow, "month", "parquet"),
        TableSpec("all_tracks", "plays per month and track, of all closed months", rows.AllTrackRow, "", "parquet"),
        TableSpec("recent_tracks", "all_tracks of the last two years", rows.RecentTrackRow, "", "parquet"),
        TableSpec("all_years", "all_tracks by the year", rows.AllYearRow, "", "parquet"),
        TableSpec("all_time", "all_tracks of all time", rows.AllTimeRow, "", "parquet"),
        TableSpec("all_contexts", "plays per month and context, closed months", rows.AllContextRow, "", "parquet"),
        TableSpec("all_ways", "ways of listening per day, of all closed months", rows.MonthWayRow, "", "parquet"),
        TableSpec("all_hours", "plays per hour, of all closed months", rows.AllHourRow, "", "parquet"),
        TableSpec("all_sessions", "day_sessions of all closed months", rows.MonthSessionRow, "", "parquet"),
        TableSpec("all_binges", "day_binges of all closed months", rows.MonthBingeRow, "", "parquet"),
        TableSpec("month_accounts", "settled_days of a month", rows.AccountRow, "month", "parquet"),
        TableSpec("all_accounts", "settled_days of all closed months", rows.AccountRow, "", "parquet"),
        TableSpec("songs", "what tracks are called, and which are one song", rows.SongRow, "", "parquet"),
        TableSpec("exclusions", "what the policy leaves out", rows.ExclusionRow),
        TableSpec("checked", "what the checks have found sound", rows.CheckedRow),
        TableSpec("past_years", "answers about years that are over", rows.PastYearRow),
        TableSpec("windows", "the spans that the dashboard tells of", rows.WindowRow),
        TableSpec("window_parts", "the years, months and days that those spans are made of", rows.WindowPartRow),
    )
}
"""All derived tables. The journal itself is added to the catalog as `journal`."""


def object_name(spec: TableSpec, partition: str) -> str:
    """Path of a partition's object below the prefix."""
    file = f"{spec.name}.{'jsonl.gz' if spec.format == 'jsonl' else 'parquet'}"
    return f"{spec.name}/{spec.partition}={partition}/{file}" if spec.partition else f"{spec.name}/{file}"
