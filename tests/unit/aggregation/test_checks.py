"""Checks before publishing: each contradiction in a document is seen, and a good document passes."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from aggregation.checks import contradictions
from playledger.dashboard_data import DashboardData
from tests.support.sample_document import sample_document

pytestmark = pytest.mark.unit

Body = dict[str, Any]


@pytest.fixture(scope="module")
def good() -> Body:
    """The committed sample: made by other code than the product's, so that a check cannot be fitted to the product."""
    body = sample_document().model_dump(mode="json", by_alias=True)
    assert contradictions(DashboardData.model_validate(body)) == []
    return body


def shift(body: Body, *path: str | int, by: int = 1) -> None:
    """Changes one number."""
    for step in path[:-1]:
        body = body[step]
    body[path[-1]] += by


def put(body: Body, value: Any, *path: str | int) -> None:
    """Replaces one value."""
    for step in path[:-1]:
        body = body[step]
    body[path[-1]] = value


WRONG: dict[str, Callable[[Body], None]] = {
    "7d: hours add up": lambda body: shift(body, "windows", "7d", "hours", 3),
    "30d: hours add up": lambda body: shift(body, "windows", "30d", "hourdow", 100),
    "90d: hours add up": lambda body: (
        shift(body, "windows", "90d", "hourdow", 100),
        shift(body, "windows", "90d", "hourdow", 101, by=-1),
    )[0],
    "1d: more minutes are estimated": lambda body: put(body, 10**6, "windows", "1d", "minutes_estimated"),
    "totals: plays differ": lambda body: shift(body, "totals", "plays"),
    "totals: artists differ": lambda body: shift(body, "totals", "artists"),
    "begins on another day": lambda body: put(body, "2020-01-01", "totals", "since"),
    "series: missing": lambda body: put(body, None, "weekly"),
    "daily of 1d": lambda body: shift(body, "daily", "plays", -1),
    "daily before 7d": lambda body: shift(body, "windows", "7d", "prev", "plays"),
    "weekly adds up": lambda body: shift(body, "weekly", "plays", 10),
    "monthly adds up": lambda body: shift(body, "monthly", "plays", 10),
    "alldays adds up": lambda body: shift(body, "alldays", "plays", 10),
    "daily and alldays differ": lambda body: (
        shift(body, "alldays", "plays", -2),
        shift(body, "alldays", "plays", -400, by=-1),
    )[0],
    "7d has more tracks than 30d": lambda body: put(body, 10**6, "windows", "7d", "tracks"),
    "90d has more new_artists than 365d": lambda body: put(body, 10**6, "windows", "90d", "new_artists"),
    "1d has more gap_minutes than 7d": lambda body: put(body, 10**6, "windows", "1d", "gap_minutes"),
    "7d.top_tracks: points outside": lambda body: put(body, 10**6, "windows", "7d", "top_tracks", 0, 0),
    "7d.top_artists: names something twice": lambda body: put(
        body, body["windows"]["7d"]["top_artists"][1][0], "windows", "7d", "top_artists", 0, 0
    ),
    "30d.top_albums: is out of order": lambda body: put(body, 0, "windows", "30d", "top_albums", 0, 1),
    "30d.top_albums: has more than": lambda body: put(body, 10**6, "windows", "30d", "top_albums", 0, 1),
    "7d.top_tracks: has more than": lambda body: put(body, 10**6, "windows", "7d", "top_tracks", 0, 2),
    "all.top_tracks: has places": lambda body: put(body, 3, "windows", "all", "top_tracks", 0, 3),
    "month_of_year adds up": lambda body: shift(body, "month_of_year", "plays", 3),
    "7d.top_genres: points outside": lambda body: put(body, 10**6, "windows", "7d", "top_genres", 0, 0),
    "30d.top_contexts: is out of order": lambda body: put(body, 0, "windows", "30d", "top_contexts", 0, 1),
    "90d.top_genres: has more than the window": lambda body: put(body, 10**6, "windows", "90d", "top_genres", 0, 1),
    "all: eras add up": lambda body: put(body, 10**6, "windows", "all", "eras", 0, 1),
    "365d: ways add up": lambda body: put(body, 10**6, "windows", "365d", "ways", "shuffled"),
    "7d.sessions: lengths add up": lambda body: shift(body, "windows", "7d", "sessions", "lengths", 0),
    "7d.sessions: the median": lambda body: put(body, 10**6, "windows", "7d", "sessions", "median_minutes"),
    "recent or playlist point outside": lambda body: put(body, 10**6, "recent", 0, 1),
    "recent is out of order": lambda body: put(body, 0, "recent", 0, 0),
    "points outside": lambda body: put(body, 10**6, "dict", "tracks", 0, 2),
    "an album points outside": lambda body: put(body, 10**6, "dict", "albums", 0, 1),
    "a name is empty": lambda body: put(body, "a\u202eb", "dict", "artists", 0, 0),
}


@pytest.mark.parametrize("complaint", WRONG)
def test_a_contradiction_is_seen(good: Body, complaint: str) -> None:
    body = copy.deepcopy(good)
    WRONG[complaint](body)
    found = contradictions(DashboardData.model_validate(body))
    assert any(complaint in sentence for sentence in found), found


def test_a_silent_day_that_the_window_does_not_know_is_seen(good: Body) -> None:
    body = copy.deepcopy(good)
    silent = body["windows"]["90d"]["silent_days"]
    shift(body, "windows", "90d", "silent_days")
    found = contradictions(DashboardData.model_validate(body))
    assert found == [f"90d: {silent} days without a play, the window says {silent + 1}"]


def test_a_short_list_must_hold_all_plays(good: Body) -> None:
    body = copy.deepcopy(good)
    window = body["windows"]["1d"]
    window["tracks"] = 25
    window["top_tracks"] = window["top_tracks"][:3]
    assert any("not all plays are in it" in sentence for sentence in contradictions(DashboardData.model_validate(body)))
