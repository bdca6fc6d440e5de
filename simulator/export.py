"""Writes a timeline as the extended streaming history that Spotify mails out: 23 keys a row, the shape of 2024 on."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from playledger.models import from_ms
from simulator.bodies import Json
from simulator.catalogue import Track
from simulator.plays import ListenedPlay

FOLDER = "Spotify Extended Streaming History"
ROWS_PER_FILE = 16_000
"""About 12 MB, as Spotify cuts them."""

PLATFORMS = ("ios", "web_player windows 10;chrome", "linux")


def export_row(play: ListenedPlay) -> Json:
    """One row; the personal fields hold what documentation addresses are made for."""
    item = play.item
    track = item if isinstance(item, Track) else None
    return {
        "ts": from_ms(play.ended_at_ms).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "platform": PLATFORMS[play.device % len(PLATFORMS)],
        "ms_played": play.ms_played,
        "conn_country": "ZZ",
        "ip_addr": "192.0.2.1",
        "master_metadata_track_name": track.name if track else None,
        "master_metadata_album_artist_name": track.album.artist.name if track else None,
        "master_metadata_album_album_name": track.album.name if track else None,
        "spotify_track_uri": track.uri if track else None,
        "episode_name": None if isinstance(item, Track) else item.name,
        "episode_show_name": None if isinstance(item, Track) else item.show,
        "spotify_episode_uri": None if isinstance(item, Track) else item.uri,
        "audiobook_title": None,
        "audiobook_uri": None,
        "audiobook_chapter_uri": None,
        "audiobook_chapter_title": None,
        "reason_start": play.reason_start,
        "reason_end": play.reason_end,
        "shuffle": play.shuffle,
        "skipped": play.skipped,
        "offline": play.offline,
        "offline_timestamp": play.started_at_ms // 1000,
        "incognito_mode": play.incognito,
    }


def export_files(plays: Sequence[ListenedPlay], rows_per_file: int = ROWS_PER_FILE) -> Iterator[tuple[str, str]]:
    """Name and JSON text of each file; every play is in one of them, private and podcast ones too."""
    ordered = sorted(plays, key=lambda play: play.ended_at_ms)
    for number, start in enumerate(range(0, max(1, len(ordered)), rows_per_file)):
        part = ordered[start : start + rows_per_file]
        rows = ",\n".join(json.dumps(export_row(play), ensure_ascii=False) for play in part)
        yield f"Streaming_History_Audio_{_years(part)}_{number}.json", f"[{rows}]"


def _years(plays: Sequence[ListenedPlay]) -> str:
    if not plays:
        return "none"
    first, last = from_ms(plays[0].ended_at_ms).year, from_ms(plays[-1].ended_at_ms).year
    return f"{first}" if first == last else f"{first}-{last}"


def write_export(plays: Sequence[ListenedPlay], folder: Path, rows_per_file: int = ROWS_PER_FILE) -> list[Path]:
    """Writes `Streaming_History_Audio_<years>_<n>.json` files into the folder, which is made; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in export_files(plays, rows_per_file):
        paths.append(folder / name)
        paths[-1].write_text(text, "utf-8")
    return paths


def write_zip(plays: Sequence[ListenedPlay], path: Path, rows_per_file: int = ROWS_PER_FILE) -> Path:
    """Writes the same files into one zip, in the folder that Spotify puts them in; returns its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in export_files(plays, rows_per_file):
            archive.writestr(f"{FOLDER}/{name}", text)
    return path
