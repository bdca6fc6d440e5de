"""The weekly playlist: liked songs that were not played for a while, in one playlist that is kept for life."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from glue_catalog.tables import PlaylistRow
from playledger.errors import AccessRefused, StateConflict, WorldChanged
from playledger.models import Model
from playledger.policy import DEFAULT, Policy
from playledger.ports import QueryEngine, Spotify, TableStore
from playlist import shelf
from playlist.parse import Listed, saved_track
from playlist.select import SavedTrack, choose, recording
from sql import load

QUESTION = "playlist/played_since"
TABLE = "playlists"
TRIES = 3


class PlaylistReport(Model):
    """What the playlist of a week holds. `changed` is false where it held just that already, or nothing was chosen.

    `liked` counts liked songs, `candidates` those of them that were not played, `chosen` those in the playlist; where
    nothing is chosen the playlist is left as it was. `known_through` is the newest local day that plays are known of.
    """

    id: str | None
    name: str
    week: str
    chosen: int
    candidates: int
    liked: int
    changed: bool
    known_through: date | None


def write_playlist(
    engine: QueryEngine,
    tables: TableStore,
    spotify: Spotify,
    *,
    now: datetime,
    tz: str,
    name: str,
    unplayed_days: int,
    size: int,
    policy: Policy = DEFAULT,
) -> PlaylistReport:
    """Writes the playlist of the local week of `now`: at most `size` liked songs without a play in `unplayed_days`.

    Today and as many whole local days before it. Safe to repeat: with the same selection nothing is written again.
    Raises what Spotify raises; a playlist that was left half-written is written again by the next run.
    """
    today = now.astimezone(ZoneInfo(tz)).date()
    liked = [saved_track(item) for item in shelf.pages(spotify.saved_tracks)]
    played = _played(engine, today - timedelta(days=unplayed_days), policy)
    choice = choose(filter(None, liked), played, week=_week(today), size=size)
    report = PlaylistReport(
        id=None,
        name=name,
        week=_week(today),
        chosen=len(choice.tracks),
        candidates=choice.candidates,
        liked=len(liked),
        changed=False,
        known_through=max(map(date.fromisoformat, tables.list("day_tracks")), default=None),
    )
    if not choice.tracks:
        return report
    week = _Week(tables, spotify, now, today - timedelta(days=today.weekday()), name, unplayed_days)
    playlist, changed = week.bring(choice.tracks)
    return report.model_copy(update={"id": playlist.id, "name": playlist.name or name, "changed": changed})


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def _played(engine: QueryEngine, since: date, policy: Policy) -> set[str]:
    """URIs and recordings of songs with a play that counts, and of those left out.

    A song skipped at once was not heard, so it may come again.
    """
    rows = engine.rows(load(QUESTION), p_from=since.isoformat(), p_month_from=since.isoformat()[:7], **policy.counting)
    recordings = (recording(row["track_name"], row["artist_name"]) for row in rows)
    return {row["track_uri"] for row in rows} | {known for known in recordings if known}


class _Week:
    """One week's playlist, at Spotify and in the table."""

    def __init__(
        self, tables: TableStore, spotify: Spotify, now: datetime, monday: date, name: str, unplayed_days: int
    ) -> None:
        self._tables = tables
        self._spotify = spotify
        self._now = now
        self._partition = monday.isoformat()
        self._name = name
        self._unplayed_days = unplayed_days

    def bring(self, tracks: Sequence[SavedTrack]) -> tuple[Listed, bool]:
        """The playlist, holding these tracks, and whether anything had to be written."""
        playlist = shelf.find(self._spotify, self._known_id())
        stored = self._tables.list(TABLE).get(self._partition)
        if playlist and stored and stored.digest == self._digest(playlist, tracks):
            return playlist, False
        playlist = self._filled(playlist, tracks)
        self._store(playlist, tracks)
        return playlist, True

    def _filled(self, playlist: Listed | None, tracks: Sequence[SavedTrack]) -> Listed:
        """The playlist once it holds the tracks: another one where Spotify refuses us the one we knew."""
        if playlist:
            try:
                shelf.fill(self._spotify, playlist.id, tracks)
            except (AccessRefused, WorldChanged):
                playlist = shelf.another(self._spotify, besides=playlist.id)
            else:
                return playlist
        playlist = playlist or shelf.create(self._spotify, self._name, self._description())
        shelf.fill(self._spotify, playlist.id, tracks)
        return playlist

    def _known_id(self) -> str | None:
        """The id that was stored last."""
        partitions = self._tables.list(TABLE)
        rows = self._tables.read(TABLE, max(partitions)) if partitions else []
        return str(rows[0]["playlist_id"]) if rows else None

    def _description(self) -> str:
        return f"Liked songs not played for {self._unplayed_days} days, new every week. Written by Playledger"

    def _digest(self, playlist: Listed, tracks: Sequence[SavedTrack]) -> str:
        """Names the selection."""
        named = [playlist.id, self._unplayed_days, [track.uri for track in tracks]]
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:32]

    def _store(self, playlist: Listed, tracks: Sequence[SavedTrack]) -> None:
        rows = [self._row(position, track, playlist) for position, track in enumerate(tracks, 1)]
        for _ in range(TRIES):
            stored = self._tables.list(TABLE).get(self._partition)
            try:
                self._tables.write(TABLE, self._partition, rows, digest=self._digest(playlist, tracks), replaces=stored)
            except StateConflict:
                continue
            return
        raise StateConflict(f"{TABLE} of {self._partition} was replaced {TRIES} times meanwhile")

    def _row(self, position: int, track: SavedTrack, playlist: Listed) -> dict[str, object]:
        row = PlaylistRow(
            position=position,
            track_uri=track.uri,
            playlist_id=playlist.id,
            playlist_name=playlist.name or self._name,
            unplayed_days=self._unplayed_days,
            written_at=self._now,
        )
        return row.model_dump(mode="json")
