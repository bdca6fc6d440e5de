"""The account in memory: what the window shows at a moment, and the bodies' shapes of 2026."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from playledger.models import from_ms, to_ms
from simulator import (
    CALM,
    HARD,
    HEAVY,
    Account,
    Liked,
    ListenedPlay,
    Quirks,
    View,
    frozen,
    generate,
    liked_songs,
    make_catalogue,
    played,
)
from simulator.account import ElementName

pytestmark = pytest.mark.unit

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CATALOGUE = make_catalogue(2, 60)
LONG = [track for track in CATALOGUE.tracks if track.duration_ms > 60_000]
PLAYS = generate(HARD, 5, START, START + timedelta(days=30), catalogue=CATALOGUE, quirks=Quirks(late_share=0.05))


def account(plays: list[ListenedPlay] | None = None, **options: Any) -> Account:
    return Account(PLAYS if plays is None else plays, catalogue=CATALOGUE, **options)


def by_definition(plays: list[ListenedPlay], now: datetime, limit: int = 50) -> list[ListenedPlay]:
    """The window, the slow way."""
    published = [play for play in plays if play.visible and play.published_at_ms <= to_ms(now)]
    return sorted(published, key=lambda play: play.played_at_ms, reverse=True)[:limit]


def keys(plays: list[ListenedPlay]) -> list[str]:
    return [play.key for play in plays]


@pytest.mark.parametrize("seed", range(5))
def test_the_window_is_the_newest_fifty_of_what_is_published(seed: int) -> None:
    rng = Random(seed)
    plays = frozen(PLAYS, NOW - timedelta(days=2), NOW + 9 * HOUR)
    one = account(plays)

    for _ in range(60):
        now = NOW + timedelta(minutes=rng.uniform(-20_000, 14_000))
        limit = rng.randint(1, 50)
        assert keys(one.window(now, limit)) == keys(by_definition(plays, now, limit))


def test_a_play_is_listed_from_its_publication_on_and_in_its_own_place() -> None:
    plays = played(START, *LONG[:3])
    late = replace(plays[1], published_at_ms=plays[2].published_at_ms + 5_000)
    one = account([plays[0], late, plays[2]])

    assert one.window(from_ms(late.published_at_ms - 1)) == [plays[2], plays[0]]
    assert one.window(from_ms(late.published_at_ms)) == [plays[2], late, plays[0]]


def test_a_play_dated_in_the_future_is_listed_when_it_is_published() -> None:
    play = replace(ListenedPlay.of(LONG[0], START), played_at_ms=to_ms(START + timedelta(days=3)))

    assert account([play]).window(START) == [play]


def test_the_window_never_holds_more_than_fifty_and_no_short_play() -> None:
    shown = account().window(NOW, 500)

    assert len(shown) == 50
    assert all(play.ms_played >= 30_000 for play in shown)


def test_visible_is_all_that_often_enough_polling_of_a_prompt_feed_catches() -> None:
    profile = replace(HEAVY, offline_share=0.0)
    one = account(generate(profile, 5, START, START + timedelta(days=10), catalogue=CATALOGUE, quirks=CALM))
    caught = {play.key for quarter in range(10 * 24 * 4 + 1) for play in one.window(START + quarter * HOUR / 4)}

    assert len(one.visible) > 400
    assert caught == {play.key for play in one.visible if play.published_at_ms <= to_ms(START + timedelta(days=10))}


@pytest.mark.parametrize(
    ("view", "now", "limit"),
    [
        pytest.param(View(age=3 * HOUR), NOW - 3 * HOUR, 50, id="stale"),
        pytest.param(View(as_of=NOW - 40 * HOUR), NOW - 40 * HOUR, 50, id="frozen"),
        pytest.param(View(keep=7), NOW, 7, id="short"),
    ],
)
def test_a_distorted_view_is_the_truth_of_another_moment_or_less_of_it(view: View, now: datetime, limit: int) -> None:
    assert keys(account().window(NOW, view=view)) == keys(by_definition(PLAYS, now, limit))


def test_a_device_whose_plays_have_not_arrived_is_missing_from_that_moment_on() -> None:
    first, second, third = played(START, *LONG[:3])
    plays = [replace(first, device=1), second, replace(third, device=1)]
    view = View(without_device=1, since=from_ms(first.ended_at_ms + 1))

    assert account(plays).window(NOW, view=view) == [plays[1], plays[0]]


# ---- the body of recently-played ------------------------------------------------------------------------------------


def test_the_body_has_the_shape_of_2026() -> None:
    body = account().recently_played(NOW, 50)
    item = body["items"][0]

    assert set(body) == {"href", "items", "limit", "next", "cursors"}
    assert set(item) == {"track", "played_at", "context"}
    assert not {"popularity", "available_markets", "linked_from"} & set(item["track"])
    assert not {"popularity", "available_markets", "label", "album_group"} & set(item["track"]["album"])
    assert item["track"]["external_ids"]["isrc"].startswith("ZZ")
    assert item["track"]["album"]["release_date"]
    json.dumps(body)


def test_the_body_has_every_key_of_a_recorded_one_that_was_not_removed(real_data: Path) -> None:
    recorded = json.loads((real_data / "api-bodies" / "recently-played.2023.json").read_text("utf-8"))
    removed = {"popularity", "available_markets"}

    def shape(body: dict[str, Any]) -> dict[str, set[str]]:
        track = body["items"][0]["track"]
        return {
            "body": set(body),
            "item": set(body["items"][0]),
            "track": set(track) - removed,
            "album": set(track["album"]) - removed,
            "artist": set(track["artists"][0]),
            "cursors": set(body["cursors"]),
        }

    assert shape(account().recently_played(NOW, 50)) == shape(recorded)


def test_cursors_are_strings_of_the_newest_and_the_oldest_moment_shown() -> None:
    body = account().recently_played(NOW, 50)
    shown = account().window(NOW)

    assert body["cursors"] == {"after": str(shown[0].played_at_ms), "before": str(shown[-1].played_at_ms)}


def test_an_account_that_never_played_gives_null_cursors() -> None:
    body = account([]).recently_played(NOW, 50)

    assert (body["items"], body["next"], body["cursors"]) == ([], None, None)


def test_cursors_are_exclusive_and_never_reach_beyond_the_window() -> None:
    one = account()
    shown = one.window(NOW)

    newer = one.recently_played(NOW, 50, after_ms=shown[3].played_at_ms)
    older = one.recently_played(NOW, 50, before_ms=shown[-2].played_at_ms)
    none = one.recently_played(NOW, 50, before_ms=shown[-1].played_at_ms)

    assert [item["track"]["uri"] for item in newer["items"]] == [play.item.uri for play in shown[:3]]
    assert [item["track"]["uri"] for item in older["items"]] == [shown[-1].item.uri]
    assert none["items"] == []


def test_a_cursor_looks_through_the_whole_window_however_small_the_page() -> None:
    one = account()
    shown = one.window(NOW)

    before = one.recently_played(NOW, 2, before_ms=shown[30].played_at_ms)
    after = one.recently_played(NOW, 2, after_ms=shown[30].played_at_ms)

    assert [item["track"]["uri"] for item in before["items"]] == [play.item.uri for play in shown[31:33]]
    assert [item["track"]["uri"] for item in after["items"]] == [play.item.uri for play in shown[28:30]]


@pytest.mark.parametrize(
    ("unix_ms", "text"),
    [(1_767_225_600_000, "2026-01-01T00:00:00Z"), (1_767_225_600_007, "2026-01-01T00:00:00.007Z")],
)
def test_a_moment_has_milliseconds_unless_there_are_none(unix_ms: int, text: str) -> None:
    play = replace(ListenedPlay.of(LONG[0], START), played_at_ms=unix_ms, published_at_ms=unix_ms)

    assert account([play]).recently_played(NOW)["items"][0]["played_at"] == text


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("spotify:playlist:37i9dQZF1DX0000000000A", "playlist"),
        ("spotify:user:simulated:playlist:37i9dQZF1DX0000000000A", "playlist"),
        ("spotify:album:37i9dQZF1DX0000000000A", "album"),
        ("spotify:artist:37i9dQZF1DX0000000000A", "artist"),
        ("spotify:collection", "collection"),
        (None, None),
    ],
)
def test_a_context_has_its_type_and_its_uri_or_is_null(uri: str | None, kind: str | None) -> None:
    play = ListenedPlay.of(LONG[0], START, context_uri=uri)
    context = account([play]).recently_played(NOW)["items"][0]["context"]

    assert (context and context["type"], context and context["uri"]) == (kind, uri)


def test_deleting_a_playlist_turns_the_context_of_its_plays_to_null() -> None:
    one = account([])
    mine = one.add_playlist("mine")
    one = account([ListenedPlay.of(LONG[0], START, context_uri=mine.uri), ListenedPlay.of(LONG[1], START + HOUR)])
    one.playlists = [mine]

    before = one.recently_played(NOW)["items"][1]["context"]
    one.forget_playlist(mine.id, NOW)

    assert before["uri"] == mine.uri
    assert one.recently_played(NOW)["items"][1]["context"] is None
    assert one.playlists == []


# ---- library and playlists ------------------------------------------------------------------------------------------


def test_liked_songs_are_the_ones_liked_by_now_newest_first() -> None:
    liked = [Liked(LONG[number], to_ms(START + number * HOUR)) for number in range(5)]
    page = account(liked=liked).saved_tracks(START + 3 * HOUR, 2, 1)

    assert [item["track"]["id"] for item in page["items"]] == [LONG[2].id, LONG[1].id]
    assert (page["total"], page["offset"], page["limit"]) == (4, 1, 2)
    assert page["next"] is not None
    assert page["items"][0]["added_at"] == "2026-01-01T02:00:00Z"


def test_songs_are_liked_once_and_only_after_they_were_heard_to_the_end() -> None:
    liked = liked_songs(PLAYS, seed=3, share=0.5)
    finished = {play.item.id: play.ended_at_ms for play in reversed(PLAYS) if play.reason_end == "trackdone"}

    assert len({song.track.id for song in liked}) == len(liked) > 50
    assert all(finished[song.track.id] == song.added_at_ms for song in liked)


@pytest.mark.parametrize(("element", "names"), [("item", {"item"}), ("track", {"track"}), ("both", {"item", "track"})])
def test_a_playlist_item_carries_its_track_under_the_name_of_the_day(element: ElementName, names: set[str]) -> None:
    one = account(element=element)
    playlist = one.add_playlist("mine", [LONG[0].uri])
    item = one.items_page(playlist, NOW)["items"][0]

    assert names == {"item", "track"} & set(item)
    assert all(item[name]["id"] == LONG[0].id for name in names)


def test_an_unknown_track_in_a_playlist_is_null() -> None:
    one = account()
    playlist = one.add_playlist("mine", [f"spotify:track:{'0' * 22}"])

    assert one.items_page(playlist, NOW)["items"][0]["item"] is None


def test_a_followed_playlist_hides_its_items_and_has_another_owner() -> None:
    one = account()
    own = one.playlist_body(one.add_playlist("mine"), NOW)
    foreign = one.playlist_body(one.add_playlist("theirs", owner_id="somebody"), NOW)

    assert own["items"]["total"] == 0
    assert own["owner"]["id"] == one.user_id
    assert "items" not in foreign
    assert foreign["owner"]["id"] == "somebody"
    assert [item["name"] for item in one.playlists_page()["items"]] == ["theirs", "mine"]


def test_two_playlists_of_one_name_have_two_ids() -> None:
    one = account()

    assert one.add_playlist("same").id != one.add_playlist("same").id


def test_the_account_says_less_of_itself_than_it_used_to() -> None:
    assert not {"country", "email", "product", "followers", "explicit_content"} & set(account().me())
    assert account().me()["account_id"] != account().me()["id"]


def test_artists_come_without_followers_and_popularity_and_some_without_genres() -> None:
    one = account()
    bodies = [one.artist(artist.id) or {} for artist in CATALOGUE.artists]

    assert not any({"followers", "popularity"} & set(body) for body in bodies)
    assert {"genres" in body for body in bodies} == {True, False}


def test_everything_played_can_be_looked_up_without_a_catalogue() -> None:
    one = Account(generate(HEAVY, 1, START, START + timedelta(days=3), catalogue=CATALOGUE))

    assert all(one.track(play.item.id) for play in one.visible)
    assert all(one.artist(artist.id) for play in one.visible for artist in play.item.artists)  # type: ignore[union-attr]
