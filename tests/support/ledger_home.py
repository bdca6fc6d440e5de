"""A home with a ledger in it: weeks of polled plays, an account, metadata, a playlist, a policy."""

from datetime import timedelta
from pathlib import Path

from enrichment.keep import Known, keep
from glue_catalog.tables import PlaylistRow
from playledger.journal import encode
from playledger.models import ArtistMetadata, Grade, Token, TrackMetadata, utc_day
from playledger.ports import Journal
from settlement.job import rebuild
from tests.support.builders import NOON, a_claim, a_play, minutes, spotify_id, track_uri
from wiring.laptop import Laptop, open_home

OWNER = "a" * 64
POLICY = b"least_seconds = 30\n"


def fill_journal(journal: Journal, days: int, first_track: int = 1) -> None:
    """One object a day, the last on the day of NOON: three plays and the claim of the poll that saw them."""
    for back in range(days):
        noon = NOON - timedelta(days=back)
        plays = [a_play(noon - minutes(4 * number), first_track + number, ingested_at=noon) for number in range(3)]
        claim = a_claim(plays[-1].played_at, plays[0].played_at, n=3, limit=50, server_now=noon)
        batch = encode([*plays, claim], utc_day(noon))
        journal.put(batch.key, batch.body)


def metadata(count: int = 3) -> Known:
    """That many tracks and as many artists, as if Spotify had been asked for them."""
    known = Known()
    for number in range(1, count + 1):
        known.add_track(
            TrackMetadata(
                track_uri=track_uri(number),
                track_id=spotify_id(number),
                name=f"Song {number}",
                artists=(f"Band {number}", "Guest"),
                artist_ids=(spotify_id(number, "A"), spotify_id(99, "A")),
                grade=Grade.FETCHED,
                changed_at=NOON,
            )
        )
        artist = spotify_id(number, "A")
        known.add_artist(ArtistMetadata(artist_id=artist, name=f"Band {number}", grade=Grade.FETCHED, changed_at=NOON))
    return known


def playlist_row() -> dict[str, object]:
    """The one track of the one week's playlist."""
    row = PlaylistRow(
        position=1,
        track_uri=track_uri(1),
        playlist_id="P" * 22,
        playlist_name="Unplayed lately",
        unplayed_days=90,
        written_at=NOON,
    )
    return row.model_dump(mode="json")


def fill(laptop: Laptop, days: int = 40, owner: str | None = OWNER) -> None:
    """Fills the home."""
    fill_journal(laptop.journal, days)
    state = rebuild(laptop.journal, laptop.hot, now=NOON)
    assert state is not None
    laptop.hot.commit([], state.model_copy(update={"version": state.version + 1, "account_hash": owner}))
    laptop.tokens.save(Token(refresh_token="canary-refresh", authorized_at=NOON, account_hash=owner), None)
    keep(laptop.tables, laptop.cache, metadata(), now=NOON)
    laptop.tables.write("playlists", "2026-03-09", [playlist_row()], digest="week", replaces=None)
    (laptop.home / "policy.toml").write_bytes(POLICY)


def filled(home: Path, days: int = 40, owner: str | None = OWNER) -> Path:
    """A new home, filled and closed."""
    with open_home(home, {}, lambda: NOON) as laptop:
        fill(laptop, days, owner)
    return home


def contents(home: Path) -> dict[str, bytes]:
    """Every file of the home, but for the two that SQLite keeps beside its own."""
    found = (path for path in sorted(home.rglob("*")) if path.is_file() and not path.name.endswith(("-wal", "-shm")))
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in found}
