"""The weekly playlist: one for life, written once a week, whole or again."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from playledger.errors import AccessRefused, NeedsReauth, RateLimited, SpotifyUnavailable, WorldChanged
from playledger.ports import Answer, Question, Rows
from playlist.job import PlaylistReport, write_playlist
from playlist.shelf import MARKER
from tests.support.memory import MemoryTableStore
from tests.unit.playlist.account import Account, Crash, song

pytestmark = pytest.mark.unit

NOW = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
MONDAY = "2026-03-02"
LOST = SpotifyUnavailable("time-out")


class Engine:
    """Answers the one question with these URIs, and remembers what it was asked."""

    def __init__(self, played: Sequence[str] = ()) -> None:
        self.played = list(played)
        self.asked: list[dict[str, object]] = []

    def rows(self, question: Question, **params: object) -> Sequence[dict[str, Any]]:
        assert set(params) == set(question.params)
        self.asked.append(params)
        return [{"track_uri": uri, "track_name": None, "artist_name": None} for uri in self.played]

    def ask(self, text: str) -> Rows:
        raise AssertionError(f"the playlist asks a question of ours, not {text}")


class World:
    """An account, its tables, and the job run over them."""

    def __init__(self, songs: int = 120) -> None:
        self.account = Account([song(number) for number in range(songs)])
        self.tables = MemoryTableStore()
        self.engine = Engine()

    def run(self, *, now: datetime = NOW, size: int = 50, tz: str = "UTC", days: int = 90) -> PlaylistReport:
        return write_playlist(
            self.engine, self.tables, self.account, now=now, tz=tz, name="Unplayed", unplayed_days=days, size=size
        )

    def rows(self, monday: str = MONDAY) -> Sequence[dict[str, Any]]:
        return self.tables.read("playlists", monday)


def uris(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["track_uri"] for row in rows]


def test_the_playlist_holds_what_the_table_says() -> None:
    world = World()
    report = world.run(size=30)
    assert report == PlaylistReport(
        id="list1",
        name="Unplayed",
        week="2026-W10",
        chosen=30,
        candidates=120,
        liked=120,
        changed=True,
        known_through=None,
    )
    assert world.account.items["list1"] == uris(world.rows())
    assert [row["position"] for row in world.rows()] == list(range(1, 31))
    assert {(row["playlist_id"], row["playlist_name"], row["unplayed_days"]) for row in world.rows()} == {
        ("list1", "Unplayed", 90)
    }
    assert world.rows()[0]["written_at"] == "2026-03-04 05:00:00.000"
    assert MARKER in world.account.lists["list1"]["description"]


def test_songs_played_lately_are_not_in_it() -> None:
    world = World(songs=10)
    played = [world.account.liked[index] for index in (0, 3, 9)]
    world.engine.played = played
    report = world.run()
    assert (report.liked, report.candidates, report.chosen) == (10, 7, 7)
    assert set(world.account.items["list1"]) == set(world.account.liked) - set(played)


def test_lately_means_today_and_so_many_local_days_before() -> None:
    world = World()
    world.run(now=datetime(2026, 3, 4, 11, 0, tzinfo=UTC), tz="Pacific/Auckland", days=7)
    (asked,) = world.engine.asked
    assert (asked["p_from"], asked["p_month_from"]) == ("2026-02-26", "2026-02")


def test_the_week_is_the_local_one() -> None:
    world = World()
    sunday_in_utc = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert world.run(now=sunday_in_utc, tz="Pacific/Auckland").week == "2026-W10"
    assert list(world.tables.list("playlists")) == [MONDAY]


def test_the_newest_day_with_plays_is_told() -> None:
    world = World()
    for day in ("2026-02-27", "2026-03-01"):
        world.tables.write("day_tracks", day, [], digest="x", replaces=None)
    assert world.run().known_through == date(2026, 3, 1)


def test_run_twice_writes_nothing_the_second_time() -> None:
    world = World()
    first = world.run()
    before, writes = world.tables.contents(), world.account.writes
    second = world.run(now=NOW + timedelta(hours=1))
    assert second == first.model_copy(update={"changed": False})
    assert world.account.writes == writes
    assert world.tables.contents() == before
    assert len(world.account.lists) == 1


def test_a_play_in_the_middle_of_the_week_takes_its_song_out_and_leaves_the_rest() -> None:
    world = World()
    world.run(size=10)
    before = uris(world.rows())
    world.engine.played = [before[2]]
    assert world.run(size=10).changed
    assert world.account.items["list1"] == uris(world.rows())
    assert uris(world.rows())[:9] == before[:2] + before[3:]


def test_the_next_week_has_another_mix_in_the_same_playlist() -> None:
    world = World()
    world.run(size=20)
    first = uris(world.rows())
    world.run(size=20, now=NOW + timedelta(days=7))
    assert list(world.account.lists) == ["list1"]
    assert world.account.items["list1"] == uris(world.rows("2026-03-09"))
    assert uris(world.rows("2026-03-09")) != first
    assert uris(world.rows()) == first


@pytest.mark.parametrize("item", ["item", "track"])
@pytest.mark.parametrize(("size", "appends"), [(99, 0), (100, 0), (101, 1), (250, 2), (300, 2)])
def test_many_songs_go_in_by_the_hundred(size: int, appends: int, item: str) -> None:
    world = World(songs=320)
    world.account = Account([song(number) for number in range(320)], item=item)
    world.run(size=size)
    assert len(world.account.items["list1"]) == size
    assert (world.account.calls["replace_items"], world.account.calls["append_items"]) == (1, appends)


def test_without_liked_songs_nothing_is_touched() -> None:
    world = World(songs=0)
    report = world.run()
    assert (report.liked, report.chosen, report.changed, report.id) == (0, 0, False, None)
    assert world.account.writes == 0
    assert world.tables.list("playlists") == {}


def test_where_everything_was_played_last_weeks_list_stays() -> None:
    world = World(songs=5)
    world.run()
    world.engine.played = world.account.liked
    report = world.run(now=NOW + timedelta(days=7))
    assert (report.liked, report.candidates, report.changed) == (5, 0, False)
    assert len(world.account.items["list1"]) == 5


# ---- one playlist for life --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["create_playlist", "replace_items", "playlist_items"])
def test_a_crash_before_its_id_is_stored_makes_no_second_playlist(method: str) -> None:
    """F41."""
    world = World()
    world.account.plan(method, ("after", Crash()))
    with pytest.raises(Crash):
        world.run()
    assert world.tables.list("playlists") == {}
    report = world.run()
    assert list(world.account.lists) == ["list1"]
    assert report.id == "list1"
    assert world.account.items["list1"] == uris(world.rows())


def test_a_lost_answer_to_creating_is_looked_up_in_the_list() -> None:
    world = World()
    world.account.plan("create_playlist", ("after", LOST))
    assert world.run().id == "list1"
    assert world.account.calls["create_playlist"] == 1


def test_a_new_playlist_is_known_by_its_name_while_its_description_does_not_show() -> None:
    world = World()
    world.account.add_playlist("Unplayed", "the listener's own, older, of the same name")
    world.account.shows_description = False
    world.account.plan("create_playlist", ("after", LOST))
    assert world.run().id == "list2"
    assert world.account.items["list1"] == []


def test_creating_is_not_repeated_where_the_list_shows_nothing_new() -> None:
    world = World()
    world.account.plan("create_playlist", ("before", LOST))
    with pytest.raises(SpotifyUnavailable):
        world.run()
    assert world.account.calls["create_playlist"] == 1
    world.run()
    assert list(world.account.lists) == ["list1"]


def test_a_playlist_of_the_same_name_is_not_ours() -> None:
    world = World()
    world.account.add_playlist("Unplayed", "my own")
    assert world.run().id == "list2"
    assert world.account.items["list1"] == []


def test_another_users_playlist_with_our_marker_is_not_ours() -> None:
    world = World()
    world.account.add_playlist("Unplayed", f"copied ({MARKER})", owner="somebody")
    assert world.run().id == "list2"


def test_of_two_playlists_with_the_marker_the_stored_one_is_kept() -> None:
    world = World()
    world.run()
    world.account.lists = {"list0": world.account.lists["list1"] | {"id": "list0"}} | world.account.lists
    world.account.items["list0"] = []
    assert world.run(now=NOW + timedelta(days=7)).id == "list1"


def test_a_renamed_playlist_without_its_description_is_still_ours() -> None:
    world = World()
    world.run()
    world.account.lists["list1"] |= {"name": "My own name", "description": ""}
    report = world.run(now=NOW + timedelta(days=7))
    assert (report.id, report.name) == ("list1", "My own name")


def test_the_playlist_is_found_behind_many_others() -> None:
    world = World()
    for number in range(120):
        world.account.add_playlist(f"List {number}", "")
    assert world.run().id == "list121"
    assert world.run(now=NOW + timedelta(days=7)).id == "list121"


def test_a_deleted_playlist_is_replaced_by_a_new_one_in_the_same_week() -> None:
    """Spotify still serves a deleted playlist by its id: only the list tells."""
    world = World()
    world.run()
    world.account.unlisted.add("list1")
    report = world.run()
    assert (report.id, report.changed) == ("list2", True)
    assert world.account.items["list2"] == uris(world.rows())
    assert {row["playlist_id"] for row in world.rows()} == {"list2"}


def test_the_playlist_stored_last_is_kept_when_a_deleted_one_comes_back() -> None:
    world = World()
    world.run()
    world.account.unlisted.add("list1")
    assert world.run(now=NOW + timedelta(days=7)).id == "list2"
    world.account.unlisted.clear()
    assert world.run(now=NOW + timedelta(days=14)).id == "list2"


@pytest.mark.parametrize("error", [AccessRefused("403"), WorldChanged("404")])
def test_a_playlist_that_refuses_us_is_replaced_by_a_new_one(error: Exception) -> None:
    world = World()
    world.run()
    world.account.refused["list1"] = error
    assert world.run(now=NOW + timedelta(days=7)).id == "list2"
    assert world.run(now=NOW + timedelta(days=14)).id == "list2"
    assert len(world.account.lists) == 2


def test_an_account_that_may_write_nothing_is_told_and_gets_one_playlist_at_most() -> None:
    world = World()
    world.account.refused = {f"list{number}": AccessRefused("403") for number in range(1, 9)}
    for _ in range(3):
        with pytest.raises(AccessRefused):
            world.run()
    assert len(world.account.lists) <= 2


# ---- written whole, or again ------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", ["replace_items", "append_items", "playlist_items"])
def test_a_call_with_unknown_outcome_starts_it_again(method: str, when: Any) -> None:
    world = World(songs=260)
    world.account.plan(method, (when, LOST))
    world.run(size=250)
    assert world.account.items["list1"] == uris(world.rows())
    assert len(world.rows()) == 250
    assert world.account.calls["replace_items"] == 2


def test_it_starts_again_twice_at_most() -> None:
    world = World(songs=260)
    world.account.plan("append_items", ("after", LOST), ("before", LOST), ("after", LOST))
    with pytest.raises(SpotifyUnavailable):
        world.run(size=250)
    assert world.account.calls["replace_items"] == 3
    assert world.tables.list("playlists") == {}
    world.run(size=250)
    assert world.account.items["list1"] == uris(world.rows())


def test_what_somebody_else_wrote_in_between_is_noticed_and_replaced() -> None:
    world = World()
    meddled: list[str] = []

    def meddle(method: str) -> None:
        if method == "replace_items" and not meddled:
            meddled.append(method)
            world.account.items["list1"].append(world.account.liked[0])

    world.account.after_call = meddle
    world.run(size=20)
    assert world.account.items["list1"] == uris(world.rows())
    assert world.account.calls["replace_items"] == 2


def test_a_song_shown_under_another_releases_uri_is_the_same_song() -> None:
    world = World(songs=3)
    chosen = world.account.liked[1]
    world.account.songs[chosen + "x"] = world.account.songs[chosen] | {"uri": chosen + "x"}

    def relink(method: str) -> None:
        if method == "replace_items":
            items = world.account.items["list1"]
            items[items.index(chosen)] = chosen + "x"

    world.account.after_call = relink
    world.run()
    assert world.account.calls["replace_items"] == 1


def test_a_crash_between_two_hundreds_is_repaired_by_the_next_run() -> None:
    world = World(songs=260)
    world.account.plan("append_items", None, ("before", Crash()))
    with pytest.raises(Crash):
        world.run(size=250)
    assert len(world.account.items["list1"]) == 200
    world.run(size=250)
    assert world.account.items["list1"] == uris(world.rows())


@pytest.mark.parametrize("error", [RateLimited("429"), NeedsReauth("log in")])
@pytest.mark.parametrize("method", ["saved_tracks", "playlists", "create_playlist", "replace_items", "playlist_items"])
def test_what_cannot_be_helped_now_is_passed_on_and_the_next_run_is_whole(method: str, error: Exception) -> None:
    world = World()
    world.account.plan(method, ("before", error))
    with pytest.raises(type(error)):
        world.run()
    world.run()
    assert list(world.account.lists) == ["list1"]
    assert world.account.items["list1"] == uris(world.rows())


def test_two_at_once_end_with_one_playlist_and_one_list() -> None:
    """F42: the second runs while the first is between its calls."""
    world = World(songs=260)
    nested: list[PlaylistReport] = []

    def interleave(method: str) -> None:
        if method == "append_items" and not nested:
            world.account.after_call = lambda _method: None
            nested.append(world.run(size=250))

    world.account.after_call = interleave
    report = world.run(size=250)
    assert nested[0].id == report.id == "list1"
    assert world.account.items["list1"] == uris(world.rows())
    assert len(set(world.account.items["list1"])) == 250


def test_a_page_that_lists_nothing_is_no_empty_library() -> None:
    class Odd(Account):
        def saved_tracks(self, offset: int) -> Answer:  # noqa: ARG002
            return Answer({"error": "odd"}, NOW)

    world = World()
    world.run()
    world.account = Odd([])
    with pytest.raises(SpotifyUnavailable):
        world.run()
