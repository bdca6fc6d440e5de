"""SpotipyClient against the simulated Spotify over HTTP: every method, every fault, and no token where none belongs."""

import io
import json
import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from adapters.spotify import SpotipyClient, account_hash
from adapters.token_store import FileTokenStore
from playledger.errors import (
    AccessRefused,
    Misconfigured,
    NeedsReauth,
    PlayledgerError,
    RateLimited,
    SpotifyUnavailable,
    StateConflict,
    StoreUnavailable,
    WorldChanged,
)
from playledger.models import Token
from simulator import (
    CALM,
    MODERATE,
    Account,
    Accounts,
    Faults,
    SimulatedSpotify,
    VirtualClock,
    generate,
    make_catalogue,
    serve,
)
from simulator import faults as broken
from simulator.faults import RECENT, TOKEN, Fault, Garbage, Redirect, Rotation, Silence
from simulator.oauth import DEFAULT_CLIENT_ID

pytestmark = pytest.mark.functional

NOW = datetime(2026, 2, 1, 12, 0, 5, tzinfo=UTC)
CATALOGUE = make_catalogue(3, 40)
PLAYS = generate(MODERATE, 3, NOW - timedelta(days=20), NOW + timedelta(days=2), catalogue=CATALOGUE, quirks=CALM)
CANARY = "canary-0a1b2c3d"
ANY_CALL = "*v1*"


@dataclass
class Shelf:
    """A token store in memory. `before_save` runs once, `down` makes saving fail."""

    token: Token | None = None
    number: int = 0
    down: bool = False
    before_save: Callable[[], None] | None = None
    saved: list[Token] = field(default_factory=list)

    def load(self) -> tuple[Token, str]:
        if self.token is None:
            raise NeedsReauth("there is no login yet")
        return self.token, str(self.number)

    def save(self, token: Token, version: str | None) -> str:
        if self.before_save:
            hook, self.before_save = self.before_save, None
            hook()
        if self.down:
            raise StoreUnavailable("the shelf is away")
        if version is not None and version != str(self.number):
            raise StateConflict("somebody was faster")
        self.token, self.number = token, self.number + 1
        self.saved.append(token)
        return str(self.number)


@dataclass
class World:
    """One simulated Spotify and a client of it."""

    spotify: SimulatedSpotify
    clock: VirtualClock
    faults: Faults
    tokens: Shelf
    client: SpotipyClient
    sessions: list[requests.Session]

    def another_client(self, timeout: float = 5.0) -> SpotipyClient:
        """A second run of the program: its own session, the same token store."""
        session = requests.Session()
        self.sessions.append(session)
        return SpotipyClient(
            self.tokens,
            client_id=self.spotify.client_id,
            api_url=self.spotify.api_url,
            accounts_url=self.spotify.accounts_url,
            session=session,
            clock=self.clock,
            timeout=timeout,
        )

    def calls(self, part: str) -> int:
        """How many requests had this in their path."""
        return sum(part in logged.path for logged in self.spotify.log)


@contextmanager
def world_of(account: Account, *, rotates: bool = False, timeout: float = 5.0) -> Iterator[World]:
    """A world with a login of this moment."""
    clock, faults, shelf = VirtualClock(NOW), Faults(), Shelf()
    with serve(account, clock=clock, faults=faults, accounts=Accounts(rotates=rotates)) as spotify:
        shelf.save(spotify.login(), None)
        world = World(spotify, clock, faults, shelf, None, [])  # type: ignore[arg-type]
        world.client = world.another_client(timeout)
        yield world
        for session in world.sessions:
            session.close()


@pytest.fixture
def world() -> Iterator[World]:
    with world_of(Account(PLAYS, catalogue=CATALOGUE)) as one:
        yield one


def no_json_in_errors(status: int) -> Garbage:
    return Garbage(b'{"error": "just text"}', status=status)


# ---- the methods ----------------------------------------------------------------------------------------------------


def test_recent_plays_are_the_window_of_the_account_with_spotifys_own_clock(world: World) -> None:
    answer = world.client.recently_played(50)

    assert [item["track"]["uri"] for item in answer.body["items"]] == [
        play.item.uri for play in world.spotify.account.window(NOW)
    ]
    assert len(answer.body["items"]) == 50
    assert answer.server_now == NOW


def test_the_window_is_asked_for_without_a_cursor(world: World) -> None:
    world.client.recently_played(50)

    assert world.spotify.log[-1].query == "limit=50"


def test_spotifys_clock_is_told_where_ours_is_wrong(world: World) -> None:
    world.client.recently_played(1)
    wrong = SpotipyClient(
        world.tokens,
        client_id=DEFAULT_CLIENT_ID,
        api_url=world.spotify.api_url,
        accounts_url=world.spotify.accounts_url,
        session=requests.Session(),
        clock=lambda: NOW - timedelta(days=400),
    )

    assert wrong.recently_played(1).server_now == NOW


def test_the_account_names_itself(world: World) -> None:
    body = world.client.me().body

    assert body["id"] == "simulated"
    assert len(account_hash(body)) == 64


def test_the_account_hash_follows_the_account_id_and_not_the_user_name() -> None:
    assert account_hash({"account_id": "a", "id": "x"}) == account_hash({"account_id": "a", "id": "y"})
    assert account_hash({"id": "x"}) != account_hash({"id": "y"})
    with pytest.raises(WorldChanged, match="whose account"):
        account_hash({"display_name": "x"})


def test_a_track_and_an_artist_come_whole(world: World) -> None:
    track = CATALOGUE.tracks[0]

    found = world.client.track(track.id)
    artist = world.client.artist(track.artists[0].id)

    assert found is not None
    assert found.body["external_ids"] == {"isrc": track.isrc}
    assert artist is not None
    assert artist.body["name"] == track.artists[0].name


def test_an_unknown_track_or_artist_is_none(world: World) -> None:
    assert world.client.track("0" * 22) is None
    assert world.client.artist("0" * 22) is None


@pytest.mark.parametrize("identity", ["", "../me", "spotify:local:a:b:c:1", "0" * 21, "0" * 23])
def test_what_is_no_id_is_none_without_a_call(world: World, identity: str) -> None:
    assert world.client.track(identity) is None
    assert world.client.artist(identity) is None
    assert not world.spotify.log


def test_liked_songs_come_in_pages_of_fifty(world: World) -> None:
    first = world.client.saved_tracks(0).body
    second = world.client.saved_tracks(50).body

    assert first["total"] > 50
    assert len(first["items"]) == 50
    assert (
        second["items"][0]["track"]["id"]
        == [song.track.id for song in world.spotify.account.liked if song.added_at_ms <= NOW.timestamp() * 1000][50]
    )


def test_a_playlist_is_made_private_filled_replaced_and_read_back(world: World) -> None:
    uris = [track.uri for track in CATALOGUE.tracks[:130]]

    made = world.client.create_playlist("Späti", "what was not played lately").body
    world.client.replace_items(made["id"], uris[:100])
    world.client.append_items(made["id"], uris[100:])

    pages = [world.client.playlist_items(made["id"], offset).body for offset in (0, 50, 100)]
    assert made["public"] is False
    assert made["name"] == "Späti"
    assert [item["item"]["uri"] for page in pages for item in page["items"]] == uris
    assert world.client.playlists(0).body["items"][0]["id"] == made["id"]
    world.client.replace_items(made["id"], [])
    assert world.client.playlist_items(made["id"], 0).body["total"] == 0


def test_items_are_appended_in_the_documented_form_after_the_ones_that_are_there(world: World) -> None:
    first, second = CATALOGUE.tracks[0].uri, CATALOGUE.tracks[1].uri
    playlist = world.spotify.account.add_playlist("mine", [first])
    sent: list[object] = []
    world.sessions[0].hooks["response"].append(lambda response, **_: sent.append(response.request.body))

    world.client.append_items(playlist.id, [second])

    assert playlist.uris == [first, second]
    assert json.loads(str(sent[-1])) == {"uris": [second]}


def test_more_than_a_hundred_items_at_once_are_refused_and_change_nothing(world: World) -> None:
    playlist = world.spotify.account.add_playlist("mine")

    with pytest.raises(WorldChanged, match="maximum of 100"):
        world.client.replace_items(playlist.id, [track.uri for track in CATALOGUE.tracks[:101]])
    assert playlist.uris == []


def test_anothers_playlist_is_refused_in_spotifys_words(world: World) -> None:
    foreign = world.spotify.account.add_playlist("theirs", owner_id="somebody")

    with pytest.raises(AccessRefused, match="playlist you don't own"):
        world.client.playlist_items(foreign.id, 0)
    with pytest.raises(AccessRefused, match="playlist you don't own"):
        world.client.replace_items(foreign.id, [])


@pytest.mark.parametrize("playlist_id", ["../../me/library", "x" * 22 + "/followers"])
def test_a_playlist_id_that_is_none_never_reaches_a_path(world: World, playlist_id: str) -> None:
    with pytest.raises(WorldChanged):
        world.client.append_items(playlist_id, [])
    with pytest.raises(WorldChanged):
        world.client.replace_items(playlist_id, [])
    assert world.calls("/v1/") == 0


def test_a_missing_scope_is_told_in_spotifys_words(world: World) -> None:
    world.tokens.save(world.spotify.login("user-library-read"), None)

    with pytest.raises(AccessRefused, match="Insufficient client scope"):
        world.client.recently_played(50)


# ---- the token ------------------------------------------------------------------------------------------------------


def test_one_refresh_serves_an_hour_and_the_next_run_too(world: World) -> None:
    world.client.recently_played(1)
    world.clock.advance(timedelta(minutes=58))
    world.client.recently_played(1)
    world.another_client().recently_played(1)

    assert world.calls("/api/token") == 1


def test_a_token_about_to_expire_is_refreshed_first(world: World) -> None:
    world.client.recently_played(1)
    world.clock.advance(timedelta(minutes=59, seconds=1))
    world.client.recently_played(1)

    assert world.calls("/api/token") == 2
    assert [logged.status for logged in world.spotify.log if "/v1/" in logged.path] == [200, 200]


def test_a_refresh_keeps_the_refresh_token_the_consent_and_the_account(world: World) -> None:
    assert world.tokens.token is not None
    before = world.tokens.token.model_copy(update={"account_hash": "abc"})
    world.tokens.save(before, None)

    world.client.recently_played(1)

    after = world.tokens.token
    assert (after.refresh_token, after.authorized_at, after.account_hash, after.scope) == (
        before.refresh_token,
        before.authorized_at,
        "abc",
        before.scope,
    )
    assert after.expires_at == NOW + timedelta(hours=1)


def test_a_rotated_refresh_token_is_saved(world: World) -> None:
    assert world.tokens.token is not None
    before = world.tokens.token.refresh_token
    world.faults.add(Rotation(), on=TOKEN)

    world.client.recently_played(1)

    assert world.tokens.token.refresh_token != before
    world.clock.advance(timedelta(hours=2))
    assert world.another_client().recently_played(1)


def test_without_a_login_the_owner_is_told(world: World) -> None:
    world.tokens.token = None

    with pytest.raises(NeedsReauth):
        world.client.recently_played(1)


def test_a_dead_refresh_token_means_log_in_again_and_is_asked_once(world: World) -> None:
    world.spotify.accounts.revoke()

    with pytest.raises(NeedsReauth, match="log in again"):
        world.client.recently_played(1)
    assert world.calls("/api/token") == 1


def test_the_login_dies_six_months_after_the_consent(world: World) -> None:
    world.clock.set(datetime(2026, 8, 1, 12, 0, 4, tzinfo=UTC))
    world.client.me()
    world.clock.set(datetime(2026, 8, 1, 14, 0, 5, tzinfo=UTC))

    with pytest.raises(NeedsReauth):
        world.client.me()


def test_of_two_runs_with_rotation_the_late_one_takes_the_stored_token() -> None:
    with world_of(Account(PLAYS), rotates=True) as world:
        first, second = world.client, world.another_client()
        first.recently_played(1)
        second.recently_played(1)
        world.clock.advance(timedelta(hours=2))
        first.recently_played(1)
        assert second.recently_played(1).body["items"]

        assert world.tokens.token == world.tokens.saved[-1]
        assert world.calls("/api/token") == 3, "the late one was told invalid_grant, and then used what was stored"


def test_a_run_that_loses_the_race_to_save_uses_the_winners_refresh_token() -> None:
    with world_of(Account(PLAYS)) as world:
        winner = world.another_client()
        world.faults.add(Rotation(), on=TOKEN)
        renewed = world.spotify.login()
        world.tokens.before_save = lambda: world.tokens.save(renewed, None) and None

        world.client.recently_played(1)

        assert world.tokens.token is not None
        assert world.tokens.token.refresh_token == renewed.refresh_token
        assert winner.recently_played(1)


def test_a_rotated_token_is_not_given_up_because_a_stale_one_was_saved_in_between(world: World) -> None:
    stale = world.tokens.token
    assert stale is not None
    world.faults.add(Rotation(), on=TOKEN)
    world.tokens.before_save = lambda: world.tokens.save(stale, None) and None

    world.client.recently_played(1)

    assert world.tokens.token is not None
    assert world.tokens.token.refresh_token != stale.refresh_token
    world.clock.advance(timedelta(hours=2))
    assert world.another_client().recently_played(1)


def test_a_token_store_that_cannot_save_costs_no_poll_and_the_token_is_saved_later(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.faults.add(Rotation(), on=TOKEN)
    world.tokens.down = True
    assert world.client.recently_played(1).body["items"]
    assert "could not be saved" in caplog.text

    world.tokens.down = False
    assert world.client.recently_played(1).body["items"]

    world.clock.advance(timedelta(hours=2))
    assert world.another_client().recently_played(1).body["items"]


def test_a_401_in_the_middle_is_answered_by_one_refresh_and_one_retry(world: World) -> None:
    world.client.recently_played(1)
    world.faults.add(broken.unauthorized(), on=RECENT)

    assert world.client.recently_played(1).body["items"]
    assert world.calls("/api/token") == 2
    assert world.calls("recently-played") == 3


def test_a_401_that_stays_is_left_for_the_next_run(world: World) -> None:
    world.faults.add(broken.unauthorized(), on=RECENT, times=None)

    with pytest.raises(SpotifyUnavailable):
        world.client.recently_played(1)
    assert world.calls("recently-played") == 2


# ---- the faults -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "retry_after", "quota"),
    [
        pytest.param(broken.rate_limited(2), 2, False, id="short"),
        pytest.param(broken.rate_limited(None), None, False, id="no-retry-after"),
        pytest.param(broken.quota_exceeded(), 48_925, True, id="quota"),
        pytest.param(broken.quota_exceeded(None), None, True, id="quota-no-retry-after"),
        pytest.param(no_json_in_errors(429), None, False, id="odd-body"),
        pytest.param(Garbage(b"<html>", status=429), None, False, id="html"),
    ],
)
@pytest.mark.parametrize("on", [RECENT, TOKEN])
def test_a_429_is_told_at_once_and_never_slept_on(
    world: World, fault: Fault, retry_after: int | None, quota: bool, on: str
) -> None:
    world.faults.add(fault, on=on, times=None)

    with pytest.raises(RateLimited) as caught:
        world.client.recently_played(50)

    assert caught.value.retry_after == retry_after
    assert caught.value.quota is (quota and on == RECENT)
    assert len(world.faults.struck) == 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(broken.unavailable(500), id="500"),
        pytest.param(broken.unavailable(503), id="503"),
        pytest.param(broken.not_json(), id="200-html"),
        pytest.param(Garbage(b""), id="200-empty"),
        pytest.param(Garbage(b"", status=204), id="204"),
        pytest.param(Garbage(b"[1, 2]"), id="200-array"),
        pytest.param(Garbage(b"[" * 100_000), id="200-too-deep"),
        pytest.param(Garbage(b'{"error": "text"}', status=502), id="502-odd"),
        pytest.param(Garbage(b"\xff\xfe\x00", status=502, content_type="text/plain"), id="502-binary"),
        pytest.param(broken.too_large(), id="3-MB"),
        pytest.param(Silence(hang_up=True), id="hung-up"),
        pytest.param(Redirect("http://127.0.0.1:9/elsewhere"), id="redirect"),
    ],
)
@pytest.mark.parametrize("on", [RECENT, TOKEN])
def test_what_is_no_answer_can_be_tried_again_but_was_asked_once(world: World, fault: Fault, on: str) -> None:
    world.faults.add(fault, on=on, times=None)

    with pytest.raises(SpotifyUnavailable):
        world.client.recently_played(50)
    assert len(world.faults.struck) == 1

    world.faults.clear()
    assert len(world.client.recently_played(50).body["items"]) == 50


@pytest.mark.parametrize("on", [RECENT, TOKEN])
def test_silence_ends_with_the_time_out(on: str) -> None:
    with world_of(Account(PLAYS), timeout=0.15) as world:
        world.faults.add(Silence(), on=on)

        with pytest.raises(SpotifyUnavailable, match="Timeout"):
            world.client.recently_played(50)


def test_a_post_is_never_repeated_though_its_answer_is_lost(world: World) -> None:
    playlist = world.spotify.account.add_playlist("mine")
    world.faults.add(broken.unavailable(502, after_effect=True), on="POST playlists/*")
    world.faults.add(Silence(after_effect=True, hang_up=True), on="POST me/playlists")

    with pytest.raises(SpotifyUnavailable):
        world.client.append_items(playlist.id, [CATALOGUE.tracks[0].uri])
    with pytest.raises(SpotifyUnavailable):
        world.client.create_playlist("lost", "")

    assert playlist.uris == [CATALOGUE.tracks[0].uri]
    assert [each.name for each in world.spotify.account.playlists] == ["lost", "mine"]


def test_a_refusal_before_the_effect_changes_nothing(world: World) -> None:
    playlist = world.spotify.account.add_playlist("mine")
    world.faults.add(broken.unavailable(502), on="POST playlists/*")

    with pytest.raises(SpotifyUnavailable):
        world.client.append_items(playlist.id, [CATALOGUE.tracks[0].uri])
    assert playlist.uris == []


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda c: c.recently_played(50), id="recently_played"),
        pytest.param(lambda c: c.me(), id="me"),
        pytest.param(lambda c: c.track("0" * 22), id="track"),
        pytest.param(lambda c: c.artist("0" * 22), id="artist"),
        pytest.param(lambda c: c.saved_tracks(0), id="saved_tracks"),
        pytest.param(lambda c: c.playlists(0), id="playlists"),
        pytest.param(lambda c: c.create_playlist("a", "b"), id="create_playlist"),
        pytest.param(lambda c: c.replace_items("0" * 22, []), id="replace_items"),
        pytest.param(lambda c: c.append_items("0" * 22, []), id="append_items"),
        pytest.param(lambda c: c.playlist_items("0" * 22, 0), id="playlist_items"),
    ],
)
def test_a_lapsed_premium_stops_every_method_in_spotifys_words(
    world: World, ask: Callable[[SpotipyClient], object]
) -> None:
    world.client.recently_played(1)
    world.faults.add(broken.premium_lapsed(), times=None)

    with pytest.raises(AccessRefused, match="Active premium subscription required for the owner of the app"):
        ask(world.client)


def test_an_odd_403_is_still_a_refusal(world: World) -> None:
    world.faults.add(no_json_in_errors(403), on=RECENT)

    with pytest.raises(AccessRefused):
        world.client.recently_played(1)


def test_a_foreign_client_id_is_the_owners_to_mend(world: World) -> None:
    stranger = SpotipyClient(
        world.tokens,
        client_id="somebody-else",
        api_url=world.spotify.api_url,
        accounts_url=world.spotify.accounts_url,
        session=requests.Session(),
        clock=world.clock,
    )

    with pytest.raises(AccessRefused, match="invalid_client"):
        stranger.recently_played(1)


def test_a_stale_short_or_frozen_window_passes_as_it_comes(world: World) -> None:
    hour = timedelta(hours=1)
    account = world.spotify.account
    world.faults.add(broken.stale(5 * hour), on=RECENT)
    world.faults.add(broken.short_list(7), on=RECENT)
    world.faults.add(broken.frozen_feed(NOW - 9 * hour), on=RECENT)

    def shown() -> list[str]:
        return [item["track"]["uri"] for item in world.client.recently_played(50).body["items"]]

    assert shown() == [play.item.uri for play in account.window(NOW - 5 * hour)]
    assert shown() == [play.item.uri for play in account.window(NOW)][:7]
    assert shown() == [play.item.uri for play in account.window(NOW - 9 * hour)]
    assert shown() == [play.item.uri for play in account.window(NOW)]


# ---- where a token may go -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["http://api.spotify.com/v1/", "http://localhost:8080/", "ftp://127.0.0.1/", "api.spotify.com", "", "https://"],
)
@pytest.mark.parametrize("which", ["api_url", "accounts_url"])
def test_a_token_is_sent_over_https_or_to_a_loopback_literal_only(url: str, which: str) -> None:
    urls = {"api_url": "https://api.spotify.com/v1/", "accounts_url": "https://accounts.spotify.com/"} | {which: url}

    with pytest.raises(Misconfigured, match="https"):
        SpotipyClient(Shelf(), client_id="x", session=requests.Session(), clock=lambda: NOW, **urls)


class _Stranger(BaseHTTPRequestHandler):
    """Notes that somebody came."""

    visits: list[str] = []  # noqa: RUF012 - one class for each server, made below

    def do_GET(self) -> None:
        self.visits.append(str(self.headers.get("Authorization")))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET  # noqa: N815 - a name that http.server looks for

    def log_message(self, *_: object) -> None: ...


@contextmanager
def a_stranger() -> Iterator[tuple[str, list[str]]]:
    """The address of somebody else's server, and the Authorization headers it was sent."""
    visits: list[str] = []
    handler = type("Stranger", (_Stranger,), {"visits": visits})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/", visits
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("on", ["GET me", TOKEN])
def test_a_redirect_takes_the_token_nowhere(world: World, on: str) -> None:
    with a_stranger() as (address, visits):
        world.faults.add(Redirect(address), on=on)
        with pytest.raises(SpotifyUnavailable):
            world.client.me()

    assert len(world.faults.struck) == 1
    assert visits == []


def test_a_netrc_of_the_owner_does_not_replace_the_token(
    world: World, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("netrc") / "netrc"
    netrc.write_text("default login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    world.sessions[0].trust_env = True

    assert world.client.recently_played(1).body["items"]


def test_a_proxy_is_not_asked_for_a_way_to_this_machine(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name)

    assert world.client.recently_played(1).body["items"]


# ---- no token in any output -----------------------------------------------------------------------------------------


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """The text of every log record of every logger, at DEBUG, with tracebacks."""
    text, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


class CanaryAccounts(Accounts):
    """Issues tokens that are easily found again."""

    def _issue(self, kind: str) -> str:
        return f"{CANARY}-{super()._issue(kind)}"


MISHAPS: dict[str, tuple[Fault, str]] = {
    "none": (broken.short_list(50), "GET nothing"),
    "rate-limited": (broken.rate_limited(), RECENT),
    "token-rate-limited": (broken.rate_limited(), TOKEN),
    "down": (broken.unavailable(), RECENT),
    "token-down": (broken.unavailable(), TOKEN),
    "hung-up": (Silence(hang_up=True), RECENT),
    "token-hung-up": (Silence(hang_up=True), TOKEN),
    "html": (broken.not_json(), RECENT),
    "token-html": (broken.not_json(), TOKEN),
    "too-large": (broken.too_large(), TOKEN),
    "redirect": (Redirect("http://127.0.0.1:9/"), TOKEN),
    "revoked": (broken.invalid_grant(), TOKEN),
    "echo": (broken.invalid_grant(f"the token {CANARY} is dead"), TOKEN),
    "echoed-code": (broken.Refusal(400, {"error": CANARY}), TOKEN),
    "no-text": (Garbage(json.dumps({"access_token": CANARY, "expires_in": "soon", "scope": 7}).encode()), TOKEN),
    "unauthorized": (broken.unauthorized(), RECENT),
    "premium": (broken.premium_lapsed(), RECENT),
}


@pytest.mark.parametrize("name", MISHAPS)
def test_no_token_gets_into_a_log_a_message_a_traceback_or_a_repr(name: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    clock, faults = VirtualClock(NOW), Faults()
    fault, on = MISHAPS[name]
    faults.add(fault, on=on, times=None)
    shown: list[object] = []
    with (
        everything_logged() as log,
        serve(Account(PLAYS), clock=clock, faults=faults, accounts=CanaryAccounts()) as spotify,
        requests.Session() as session,
    ):
        store = FileTokenStore(tmp_path / "home" / "token.json")
        store.save(spotify.login(), None)
        client = SpotipyClient(
            store,
            client_id=spotify.client_id,
            api_url=spotify.api_url,
            accounts_url=spotify.accounts_url,
            session=session,
            clock=clock,
        )
        try:
            client.recently_played(50)
        except PlayledgerError as error:
            shown += [error, repr(error), *traceback.format_exception(error)]
        shown += [client, vars(client), store, store.load(), spotify.log]

    assert faults.struck or name == "none"
    assert CANARY in (tmp_path / "home" / "token.json").read_text("utf-8"), "the test would see one"
    assert CANARY not in log.getvalue()
    assert not [text for text in map(str, shown) if CANARY in text]
    assert not [text for text in map(repr, shown) if CANARY in text]
