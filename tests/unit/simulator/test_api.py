"""The Web API without HTTP: limits, scopes, what was removed, and how Spotify says no."""

from datetime import UTC, datetime
from typing import Any

import pytest

from simulator import Account, make_catalogue, played
from simulator.api import Reply, Request, answer
from simulator.oauth import SCOPES

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
CATALOGUE = make_catalogue(2, 20)
URIS = [track.uri for track in CATALOGUE.tracks]
ALL = frozenset(SCOPES.split())


def account() -> Account:
    return Account(played(datetime(2026, 1, 1, tzinfo=UTC), *CATALOGUE.tracks[:70]), catalogue=CATALOGUE)


def asked(one: Account, method: str, path: str, body: Any = None, scopes: frozenset[str] = ALL, **query: str) -> Reply:
    return answer(one, Request(method, path, query, body), NOW, scopes)


def said(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.body["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        *("tracks", "artists", "albums", "playlists/x/tracks", "users/me/playlists", "users/somebody", "markets"),
        *("browse/new-releases", "browse/categories/x/playlists", "recommendations", "audio-features/x"),
        *("artists/x/top-tracks", "artists/x/related-artists", "me/tracks/contains", "playlists/x/followers"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_what_2026_removed_is_forbidden(path: str, method: str) -> None:
    assert said(asked(account(), method, path)) == (403, "Forbidden")


def test_liked_songs_can_be_read_but_no_longer_written_by_type() -> None:
    one = account()

    assert asked(one, "GET", "me/tracks").status == 200
    assert said(asked(one, "PUT", "me/tracks")) == (403, "Forbidden")


def test_a_path_that_never_was_is_not_found() -> None:
    assert said(asked(account(), "GET", "me/nonsense")) == (404, "Service not found")


@pytest.mark.parametrize("path", ["me/player/recently-played", "me/tracks", "me/playlists"])
@pytest.mark.parametrize("limit", ["0", "51", "-1", "x", "1.5"])
def test_a_page_holds_one_to_fifty(path: str, limit: str) -> None:
    assert said(asked(account(), "GET", path, limit=limit)) == (400, "Invalid limit")
    assert asked(account(), "GET", path, limit="50").status == 200


def test_a_page_without_a_limit_holds_twenty() -> None:
    assert len(asked(account(), "GET", "me/player/recently-played").body["items"]) == 20


def test_both_cursors_at_once_are_refused() -> None:
    reply = asked(account(), "GET", "me/player/recently-played", before="1767900000000", after="1767000000000")

    assert said(reply) == (400, "Cannot specify both before and after parameters")


def test_a_cursor_reaches_the_account() -> None:
    one = account()
    third = one.window(NOW)[2]

    reply = asked(one, "GET", "me/player/recently-played", after=str(third.played_at_ms))

    assert len(reply.body["items"]) == 2


@pytest.mark.parametrize("kind", ["tracks", "artists", "playlists"])
def test_an_id_that_is_none_and_one_that_nobody_has(kind: str) -> None:
    assert said(asked(account(), "GET", f"{kind}/nonsense")) == (400, "Invalid base62 id")
    assert said(asked(account(), "GET", f"{kind}/{'0' * 22}")) == (404, "Resource not found")


def test_a_known_track_and_artist_are_given() -> None:
    track = CATALOGUE.tracks[0]

    assert asked(account(), "GET", f"tracks/{track.id}").body["name"] == track.name
    assert asked(account(), "GET", f"artists/{track.artists[0].id}").body["name"] == track.artists[0].name


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "me/player/recently-played", "user-read-recently-played"),
        ("GET", "me/tracks", "user-library-read"),
        ("POST", "me/playlists", "playlist-modify-private"),
        ("PUT", f"playlists/{'0' * 22}/items", "playlist-modify-private"),
    ],
)
def test_each_call_needs_its_scope(method: str, path: str, scope: str) -> None:
    without = asked(account(), method, path, scopes=ALL - {scope, "playlist-modify-public"})

    assert said(without) == (403, "Insufficient client scope")
    assert "scope" not in str(asked(account(), method, path, scopes=frozenset({scope})).body)


def test_a_playlist_is_public_unless_told_otherwise() -> None:
    made = asked(account(), "POST", "me/playlists", {"name": "a"})

    assert (made.status, made.body["public"], made.body["items"]["total"]) == (201, True, 0)
    assert asked(account(), "POST", "me/playlists", {"name": "a", "public": False}).body["public"] is False
    assert said(asked(account(), "POST", "me/playlists", {})) == (400, "Missing required field: name")


def test_putting_items_replaces_and_posting_appends_in_any_of_the_three_forms() -> None:
    one = account()
    playlist = one.add_playlist("mine", URIS[9:])
    path = f"playlists/{playlist.id}/items"

    assert asked(one, "PUT", path, {"uris": URIS[:2]}).status == 200
    assert asked(one, "POST", path, {"uris": [URIS[2]]}).status == 201
    assert asked(one, "POST", path, [URIS[3]]).status == 201
    assert asked(one, "POST", path, {"uris": ["ignored"]}, uris=f"{URIS[4]},{URIS[0]}").status == 201
    assert playlist.uris == [*URIS[:5], URIS[0]]
    assert asked(one, "PUT", path, {"uris": []}).status == 200
    assert playlist.uris == []


def test_every_change_gives_another_snapshot() -> None:
    one = account()
    path = f"playlists/{one.add_playlist('mine').id}/items"

    first, second = (asked(one, "PUT", path, {"uris": []}).body["snapshot_id"] for _ in range(2))

    assert first != second


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"uris": URIS[:101]}, "Can add a maximum of 100 tracks per request"),
        ({"uris": ["spotify:local:a:b:c:1"]}, "Invalid track uri: spotify:local:a:b:c:1"),
        ({"uris": [None]}, "Invalid track uri: None"),
        ({}, "Missing required field: uris"),
        (None, "Missing required field: uris"),
    ],
)
def test_items_that_cannot_be_added_change_nothing(method: str, body: Any, message: str) -> None:
    one = account()
    playlist = one.add_playlist("mine", URIS[:1])

    assert said(asked(one, method, f"playlists/{playlist.id}/items", body)) == (400, message)
    assert playlist.uris == URIS[:1]


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_the_items_of_anothers_playlist_are_forbidden(method: str) -> None:
    one = account()
    foreign = one.add_playlist("theirs", URIS[:1], owner_id="somebody")

    reply = asked(one, method, f"playlists/{foreign.id}/items", {"uris": []})

    assert said(reply) == (403, "You cannot add tracks to a playlist you don't own.")
    assert foreign.uris == URIS[:1]
    assert "items" not in asked(one, "GET", f"playlists/{foreign.id}").body


def test_a_playlist_can_be_renamed_and_deleted() -> None:
    one = account()
    playlist = one.add_playlist("mine")

    assert asked(one, "PUT", f"playlists/{playlist.id}", {"name": "ours"}).status == 200
    assert asked(one, "GET", f"playlists/{playlist.id}").body["name"] == "ours"
    assert asked(one, "DELETE", "me/library", uris=playlist.uri).status == 200
    assert asked(one, "GET", f"playlists/{playlist.id}").status == 404
