"""Which tracks are one song: real titles of releases that must come together, and of recordings that must not."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import table_derivation
from adapters.table_store import DirectoryTableStore
from aggregation import songs as module
from aggregation.songs import BEFORE, VERSIONS, songs, title_no
from aggregation.titles import called
from playledger.policy import Songs
from playledger.ports import Source
from tests.support.memory import MemoryTableStore

pytestmark = pytest.mark.unit

Row = Mapping[str, Any]
NOTHING = dict.fromkeys(
    ("track_id", "artist_name", "artist_id", "album", "album_id", "release_date", "isrc", "duration_ms")
)


def track(uri: str, name: str, artist: str = "Band", **more: Any) -> dict[str, Any]:
    """A version of a track."""
    known = {"track_uri": uri, "name": name, "artists": [artist], "artist_name": artist, "grade_rank": 2}
    return {**NOTHING, **known, "changed_at": "2026-01-01 00:00:00.000", **more}


ARTIST = {
    "artist_id": "X", "name": "Band", "genres": [], "popularity": None, "image_url": None, "grade_rank": 2,
    "changed_at": "2026-01-01 00:00:00.000",
}  # fmt: skip
SEEN_COLUMNS = ("track_uri", "track_name", "artist_name", "album_name")


def named(
    *rows: Row, artists: Sequence[Row] = (), seen: Sequence[Row] = (), said: Songs | None = None, tables: Any = None
) -> list[dict[str, Any]]:
    """Rows of `songs` that are made of these versions, and of what plays were seen to be called."""
    tables = tables or MemoryTableStore()
    for table, known in (("track_versions", rows), ("artist_versions", artists)):
        tables.write(table, "2026-01", known, digest="", replaces=tables.list(table).get("2026-01"))
    before = tables.list("songs").get("")
    sources = [Source(table, ["2026-01"], names) for table, names in VERSIONS.items()]
    sources += [Source("songs", [""] if before else [], BEFORE)]
    tables.derive("songs", "", songs(sources, seen, said or Songs()), digest="", replaces=before)
    return list(tables.read("songs", ""))


def song_of(*rows: Row, said: Songs | None = None) -> dict[str, str]:
    """URI -> the URI that stands for its song."""
    return {row["track_uri"]: row["song_uri"] or row["track_uri"] for row in named(*rows, said=said)}


ONE = [
    ("Time", "Time - 2023 Remaster"),
    ("Unwell", "Unwell - 2007 Remaster"),
    ("Heroes", "\u201cHeroes\u201d - 2017 Remaster"),
    ("Can't Hold Us", "Can't Hold Us (feat. Ray Dalton)"),
    ("Can\u2019t Hold Us", "Can't Hold Us - feat. Ray Dalton"),
    ("Stayin' Alive", "Stayin Alive"),
    ("Sunflower", "Sunflower (with Swae Lee)"),
    ("Creep", "Creep - Radio Edit"),
    ("Creep", "CREEP (Explicit)"),
    ("Yesterday", "Yesterday - Mono / Remastered 2009"),
    ("Yesterday", "Yesterday (Remastered 2009) [Stereo]"),
    ("Hurt", "Hurt - Album Version"),
    ("Hurt", "Hurt (Deluxe Edition)"),
    ("Hurt", "Hurt ft. Somebody"),
    ("Hyperballad", "Hyper-ballad".replace("-", "")),
    ("J\u00f3ga", "Joga"),
    ("Mudra (Outro)", "Mudra - Outro"),
    ("\u30ac\u30fc\u30eb", "\u30ac\u30fc\u30eb\uff08feat. \u30df\u30af\uff09"),
    ("Song", "Song (feat. A) [2011 Remaster] - Single Version"),
]

TWO = [
    ("Time", "Time - Live"),
    ("Time", "Time (Live at Wembley 1974) [2011 Remaster]"),
    ("Time", "Time - Live / Remastered 2011"),
    ("Cold Heart", "Cold Heart - PNAU Remix"),
    ("Cold Heart", "Cold Heart (PNAU Remix) - Radio Edit"),
    ("Creep", "Creep - Acoustic"),
    ("Creep", "Creep (Acoustic Version) (feat. A)"),
    ("Creep", "Creep - Instrumental"),
    ("Creep", "Creep - Sped Up"),
    ("Creep", "Creep (Demo)"),
    ("Shine On, Pt. 1", "Shine On, Pt. 2"),
    ("Shine On (Pts. 1-5)", "Shine On (Pts. 6-9)"),
    ("Another Brick", "Another Brick, Pt. 2"),
    ("In the Flesh", "In the Flesh?"),
    ("All Too Well", "All Too Well (Taylor's Version)"),
    ("All Too Well (Taylor's Version)", "All Too Well (10 Minute Version) (Taylor's Version)"),
    ("Let It Go", "Let It Go - Demi Lovato Version"),
    ("Dancing", "Dancing (Like There's No Life With or Without You)"),
    ("\u30ac\u30fc\u30eb", "\u30ab\u30fc\u30eb"),
    ("\u043c\u043e\u0439", "\u043c\u043e\u0438"),
    ("\u0915\u093f", "\u0915\u0940"),
    ("\u0e01\u0e34", "\u0e01\u0e37"),
    ("\u5341\u5e74", "\u5341\u9762\u57cb\u4f0f"),
    ("1", "11"),
    ("!!!", "..."),
    ("C", "C#"),
    ("(Live)", "(Remix)"),
]


@pytest.mark.parametrize(("first", "second"), ONE)
def test_releases_of_a_recording_are_one_song(first: str, second: str) -> None:
    assert len(set(song_of(track("a", first), track("b", second)).values())) == 1


@pytest.mark.parametrize(("first", "second"), TWO)
def test_other_recordings_are_songs_of_their_own(first: str, second: str) -> None:
    assert len(set(song_of(track("a", first), track("b", second)).values())) == 2


@pytest.mark.parametrize("title", ["(feat. A)", "[Deluxe]", " - Remastered", "- 2011 Remaster", "", "???", "\u0301"])
def test_a_title_of_nothing_but_additions_still_is_one(title: str) -> None:
    assert song_of(track("a", title), track("b", "Song")) == {"a": "a", "b": "b"}


def test_the_same_title_by_another_artist_is_another_song() -> None:
    assert song_of(track("a", "Hurt", "Nine Inch Nails"), track("b", "Hurt", "Johnny Cash")) == {"a": "a", "b": "b"}


def test_only_the_first_artist_counts_whatever_its_case_and_accents() -> None:
    rows = [track("a", "Song", "Bj\u00f6rk"), track("b", "Song", "BJORK", artists=["BJORK", "Guest"])]
    assert set(song_of(*rows).values()) == {"a"}


def test_tracks_of_nobody_are_songs_of_their_own() -> None:
    rows = [track(uri, "Intro", artists=[], artist_name=None) for uri in "ab"]
    assert song_of(*rows) == {"a": "a", "b": "b"}


def test_the_recording_code_decides_where_it_is_given() -> None:
    rows = [
        track("a", "Song", isrc="X1"),
        track("b", "Song - Renamed", isrc="X1"),
        track("c", "Song", isrc="X2"),
        track("d", "Other", isrc="X3"),
        track("e", "Other"),
    ]
    assert song_of(*rows) == {"a": "a", "b": "a", "c": "c", "d": "d", "e": "d"}


def test_the_earliest_release_stands_for_the_song_and_gives_its_year() -> None:
    rows = [
        track("a", "Time - 2011 Remaster", release_date="2011-09-26"),
        track("b", "Time", release_date="1973"),
        track("c", "Time"),
    ]
    found = named(*rows)
    assert {(row["song_uri"] or row["track_uri"], row["release_year"]) for row in found} == {("b", 1973)}
    assert [row["name"] for row in found] == ["Time - 2011 Remaster", "Time", "Time"]


def test_what_the_listener_says_goes_before_everything_and_is_taken_back_without_a_trace() -> None:
    rows = [track("a", "Song"), track("b", "Song"), track("c", "Else", isrc="X"), track("d", "Other")]
    before = song_of(*rows)
    assert song_of(*rows, said=Songs.model_construct(apart=("b",))) == {"a": "a", "b": "b", "c": "c", "d": "d"}
    assert song_of(*rows, said=Songs.model_construct(same=(("d", "c"),))) == {"a": "a", "b": "a", "c": "d", "d": "d"}
    assert song_of(*rows) == before == {"a": "a", "b": "a", "c": "c", "d": "d"}


def test_a_song_is_named_by_the_first_of_its_tracks_that_is_known() -> None:
    found = song_of(track("b", "One"), track("c", "Two"), said=Songs.model_construct(same=(("never", "c", "b"),)))
    assert found == {"b": "c", "c": "c"}


# ---- whatever the titles ----------------------------------------------------------------------------------------

TITLES = st.one_of(
    st.text(max_size=12),
    st.sampled_from([title for pair in (*ONE, *TWO) for title in pair]),
    st.builds(
        "{} {}".format, st.sampled_from(["Time", "\u30ac", "a"]), st.sampled_from(["- Live", "(feat. X)", "[Mono]"])
    ),
)
ROWS = st.lists(
    st.builds(
        dict, name=TITLES, artist=st.sampled_from("XY"), isrc=st.sampled_from([None, None, "1", "2"]),
        release_date=st.sampled_from([None, "1999", "2001-02-03"]),
    ),
    max_size=12,
)  # fmt: skip


def tracks(drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [track(f"t{number:02d}", row.pop("name"), row.pop("artist"), **row) for number, row in enumerate(drawn)]


@given(ROWS, st.randoms(use_true_random=False))
def test_songs_come_out_the_same_in_any_order(drawn: list[dict[str, Any]], chance: Any) -> None:
    rows = tracks(drawn)
    shuffled = chance.sample(rows, len(rows))
    assert named(*rows) == named(*shuffled)


SAID = st.builds(
    lambda same, apart: Songs.model_construct(same=same, apart=apart),
    st.lists(st.lists(st.sampled_from(["t00", "t01", "t02", "t09"]), min_size=2, max_size=3, unique=True), max_size=2),
    st.lists(st.sampled_from(["t00", "t03", "never"]), max_size=2),
)
SEEN = st.lists(st.sampled_from(["t00", "t05", "u1", "u2"]), unique=True)


@settings(max_examples=20)
@given(ROWS, ROWS, SAID, SEEN)
def test_songs_come_out_the_same_on_the_laptop_as_in_aws(
    drawn: list[dict[str, Any]], again: list[dict[str, Any]], said: Songs, seen: list[str]
) -> None:
    rows = tracks(drawn) + [row | {"artist_name": "", "album": "A|b"} for row in tracks(again)]
    more = {"said": said, "seen": [dict.fromkeys(SEEN_COLUMNS, uri) for uri in seen]}
    artists = [ARTIST | {"artist_id": "X", "genres": genres} for genres in (["a", "b", "a"], [])]
    rows += [track("artist", "Title", artist_id="X")]
    with TemporaryDirectory() as home:
        laptop = DirectoryTableStore(Path(home))
        first = named(*rows[::2], artists=artists, tables=laptop, **more)
        then = named(*rows, artists=artists, tables=laptop, **more)
    assert first == named(*rows[::2], artists=artists, **more)
    assert then == named(*rows, artists=artists, **more)


@given(ROWS, ROWS)
def test_titles_that_are_kept_make_the_same_songs_as_from_the_start(
    drawn: list[dict[str, Any]], later: list[dict[str, Any]]
) -> None:
    def otherwise(rows: list[dict[str, Any]], date: str | None) -> list[dict[str, Any]]:
        return [row | {"artists": ["Z"]} if row["release_date"] == date else row for row in tracks(rows)]

    kept, rows = MemoryTableStore(), otherwise(later, "1999")
    named(*otherwise(drawn, None), tables=kept)
    assert named(*rows, tables=kept) == named(*rows)


def test_a_title_is_not_kept_of_which_the_credited_artist_is_another_than_the_name_says() -> None:
    kept = MemoryTableStore()
    named(track("a", "Song", artists=["Other"]), track("b", "Song"), tables=kept)
    rows = (track("a", "Song"), track("b", "Song"))
    assert named(*rows, tables=kept) == named(*rows)


def test_only_titles_that_are_not_known_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(title: str, artist: str | None, uri: str) -> int:
        asked.append(uri)
        return title_no(title, artist, uri)

    monkeypatch.setattr(module, "NUMBERED", replace(module.NUMBERED, function=noted))
    kept, old = MemoryTableStore(), [track("a", "One"), track("b", "Two"), track("c", "Three")]
    named(*old, tables=kept)
    asked.clear()
    named(old[0], track("b", "Two", "Other"), track("c", "Three (Live)"), track("d", "Four"), tables=kept)
    assert asked == ["b", "c", "d"]


def test_twice_the_tracks_are_not_much_more_than_twice_the_work_for_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    workbench, steps = table_derivation._workbench, [0]

    def counting() -> sqlite3.Connection:
        db = workbench()
        db.set_progress_handler(lambda: steps.__setitem__(0, steps[0] + 1), 100)
        return db

    def taken(count: int) -> int:
        steps[0] = 0
        rows = [track(f"t{n}", f"Title {n}", f"Artist {n}", album=f"{n % 199}", isrc=f"{n}") for n in range(count)]
        kept = MemoryTableStore()
        assert len({row["song_uri"] or row["track_uri"] for row in named(*rows, tables=kept)}) == count
        named(*rows, tables=kept)
        return steps[0]

    monkeypatch.setattr(table_derivation, "_workbench", counting)
    assert taken(2000) < 2.5 * taken(1000)


@given(ROWS)
def test_every_track_is_in_one_song_that_stands_for_itself(drawn: list[dict[str, Any]]) -> None:
    rows = tracks(drawn)
    found = song_of(*rows)
    assert set(found) == {row["track_uri"] for row in rows}
    assert all(found[song] == song for song in found.values())
    assert song_of(*[row for row in rows if row["track_uri"] in found.values()]).keys() == set(found.values())


@given(TITLES)
def test_what_was_folded_is_folded_for_good(title: str) -> None:
    name = called(title, "Band", "a").split("\n")[0]
    assert called(name, "Band", "a").split("\n")[0] == name


NUMBERED = (
    track("b", "Two", "band", album="Long"),
    track("a", "One", " BAND ", album="long "),
    track("c", "Three", "\u0130lk", album=None),
    track("d", "Four", None, artists=[], album="Long"),
)


def test_songs_artists_and_albums_are_numbered_in_the_order_of_their_keys() -> None:
    found = [(row["song_no"], row["artist_no"], row["album_no"]) for row in named(*NUMBERED)]
    assert found == [(1, 1, 1), (2, 1, 1), (3, 2, None), (4, None, None)]


def test_one_track_stands_for_an_artist_and_for_an_album_the_first_that_knows_its_id() -> None:
    told = [("a", None, "A1"), ("b", "X", None), ("c", "X", "A1")]
    rows = [track(uri, uri, artist_id=artist, album="One", album_id=album) for uri, artist, album in told]
    found = {row["track_uri"]: (row["is_artist"], row["is_album"]) for row in named(*rows)}
    assert found == {"a": (False, True), "b": (True, False), "c": (False, False)}


def test_a_track_is_its_songs_only_one_unless_another_was_put_to_it() -> None:
    rows = (track("a", "Time"), track("b", "Time - 2011 Remaster"), track("c", "Else"), track("d", "Other"))
    told = Songs.model_construct(same=(("c", "d"),), apart=("b",))
    found = [{row["track_uri"] for row in named(*rows, said=said) if row["is_only"]} for said in (Songs(), told)]
    assert found == [{"c", "d"}, {"a", "b"}]


def test_a_track_without_artist_or_album_stands_for_none() -> None:
    [row] = named(track("a", "A", artists=[], artist_name=None))
    assert (row["is_artist"], row["is_album"]) == (False, False)


def test_numbers_are_those_that_the_engine_would_give_by_name() -> None:
    rows = named(*NUMBERED)
    names = "dense_rank() over (order by lower(trim(artist_name)))"
    values = ", ".join("(?)" for _ in rows)
    asked = f"select {names} from (values {values}) as named (artist_name) where artist_name is not null"  # noqa: S608
    told = duckdb.execute(asked, [row["artist_name"] for row in rows]).fetchall()
    assert sorted(number for (number,) in told) == sorted(row["artist_no"] for row in rows if row["artist_no"])
