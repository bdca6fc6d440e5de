"""The page when something is missing, damaged, old or new: it says what is the matter and what to do."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.serve import PAGE, serving
from tests.browser.conftest import Show, at
from tests.browser.datasets import empty, live, one_play, sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

READ = "document => import('./js/data.js').then(module => module.read(document))"
SAMPLE = json.dumps(sample()).encode()


def faults_but(faults: list[str], *expected: str) -> list[str]:
    return [fault for fault in faults if not any(part in fault for part in expected)]


def test_no_data_file_yet(show: Show) -> None:
    shown = show(None)
    assert shown.state == "problem"
    assert shown.text("#notice-title") == "There are no numbers here yet"
    assert "playledger aggregate" in shown.text("#notice-text")
    assert not shown.page.is_visible("#numbers")
    assert shown.page.get_attribute("#health", "data-severity") == "bad"
    assert faults_but(shown.faults, "404") == []
    assert shown.axe() == []


BROKEN: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "no JSON"),
    "half": (SAMPLE[: len(SAMPLE) // 2], "no JSON"),
    "html": (b"<!doctype html><p>hello", "no JSON"),
    "null": (b"null", "the document"),
    "a list": (b"[]", "the document"),
    "a number": (b"17", "the document"),
    "no keys": (b"{}", "schema"),
    "schema as text": (b'{"schema": "1"}', "schema"),
    "bytes": (b"\xff\xfe\x00\x01", "no JSON"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_damaged_file(show: Show, case: str) -> None:
    body, found = BROKEN[case]
    shown = show(body)
    assert shown.state == "problem"
    assert shown.text("#notice-title") == "The numbers cannot be read"
    assert found in shown.text("#notice-more")
    assert shown.faults == []


WRONG: list[tuple[str, Any]] = [
    ("tz", "<img src=x onerror=window.__hit=1>"),
    ("tz", "Mars/Olympus"),
    ("tz", ""),
    ("generated_at", "javascript:1"),
    ("generated_at", None),
    ("last_play_at", "2026-13-45T99:00:00Z"),
    ("data_day", "yesterday"),
    ("mode", "<script>"),
    ("app_version", 3),
    ("totals.plays", "many"),
    ("health.gaps.items.0.from", "<b>"),
    ("health.gaps.items.0.class", "likely"),
    ("health.auth.state", "<i>"),
    ("health.coverage_since", 7),
    ("windows.30d", None),
    ("windows.30d.plays", -1),
    ("windows.30d.plays", 1.5),
    ("windows.30d.from", "x"),
    ("windows.30d.hours", [1, 2, 3]),
    ("windows.all.hourdow", None),
    ("windows.all.hourdow", [0] * 167),
    ("windows.7d.top_tracks.0", [10**6, 1, 1, None]),
    ("windows.7d.top_artists.0.1", "9"),
    ("windows.1d.sentence.top_track", -1),
    ("windows.1d.prev", {}),
    ("daily.start", "</script>"),
    ("daily.plays.3", None),
    ("monthly.start", "2026-13"),
    ("alldays", 5),
    ("playlist.tracks.0", 99999),
    ("recent.0", ["now", 1]),
    ("dict.tracks.0.0", None),
    ("dict.artists", {}),
    ("dict.contexts", None),
    ("dict.contexts.0", ["playlist"]),
    ("years", None),
    ("years", {"<b>": sample()["years"]["2026"]}),
    ("years.2026.to", "x"),
    ("windows.7d.by_time", None),
    ("windows.7d.by_time.tracks.0.0", 10**6),
    ("windows.7d.top_contexts.0.0", 3),
    ("windows.all.ways.platforms.0", ["ios"]),
    ("windows.all.sessions.lengths", [1]),
    ("windows.all.eras.0", [1980, 1]),
    ("discovery_weekly.new.0", None),
    ("discovery_monthly.start", "2026-13"),
    ("number_ones.tracks.0", -1),
    ("one_hit_wonders.newest.0.1", "<b>"),
    ("back_after.0.0", "x"),
    ("on_this_day.0.day", 4),
    ("artist_detail.0.months", []),
    ("records", {}),
    ("records.fullest_day.day", "x"),
    ("records.track_in_a_row.index", 10**6),
    ("questions", []),
    ("questions.totals", "1"),
]


def with_wrong(path: str, value: Any) -> dict[str, Any]:
    """The sample with one part replaced."""
    document = sample()
    *parents, last = path.split(".")
    part: Any = document
    for name in parents:
        part = part[int(name)] if isinstance(part, list) else part[name]
    part[int(last) if isinstance(part, list) else last] = value
    return document


@pytest.fixture(scope="module")
def reader(show_shared: Show) -> "Page":
    """A page whose own module reads documents that are handed to it."""
    return show_shared(sample()).page


@pytest.mark.parametrize(("path", "value"), WRONG, ids=[f"{path}={value!r}"[:60] for path, value in WRONG])
def test_a_wrong_part_is_found_before_anything_is_drawn(reader: "Page", path: str, value: Any) -> None:
    found = reader.evaluate(READ, with_wrong(path, value))
    assert found["problem"]["kind"] == "broken"
    assert found["problem"]["detail"].startswith(path.split(".")[0])


def test_what_is_right_is_read(reader: "Page") -> None:
    for made in (sample, one_play, empty):
        assert "document" in reader.evaluate(READ, made())


LATER = (
    *("month_of_year", "discovery_weekly", "discovery_monthly", "number_ones", "one_hit_wonders", "forgotten"),
    *("back_after", "on_this_day", "artist_detail", "records"),
)


def test_a_document_without_the_newer_parts_is_shown(show: Show) -> None:
    shown = show({key: part for key, part in sample().items() if key not in LATER})
    assert (shown.state, shown.faults) == ("ready", [])


@pytest.mark.parametrize("path", ["tz", "data_day", "monthly.start"])
def test_a_wrong_part_is_named_instead_of_drawn(show: Show, path: str) -> None:
    shown = show(with_wrong(path, "<img src=x onerror=window.__hit=1>"))
    assert shown.state == "problem"
    assert path.split(".")[0] in shown.text("#notice-more")
    assert shown.page.evaluate("window.__hit") is None
    assert shown.faults == []


def test_another_schema(show: Show) -> None:
    shown = show(sample() | {"schema": 2})
    assert shown.text("#notice-title") == "This page reads another kind of file"
    assert "schema 2" in shown.text("#notice-text")
    assert shown.faults == []


def test_keys_nobody_knows_are_ignored(show: Show) -> None:
    document = sample() | {"surprise": {"a": 1}, "mood": {"longest": 4}}
    document["windows"]["30d"]["mood"] = "blue"
    document["health"]["weather"] = None
    shown = show(document)
    assert (shown.state, shown.faults) == ("ready", [])


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_in_trouble(show: Show, status: int) -> None:
    shown = show(sample(), own=lambda context: context.route("**/*.json", lambda r: r.fulfill(status=status)))
    assert shown.text("#notice-title") == "The numbers could not be fetched"
    assert str(status) in shown.text("#notice-more")
    assert faults_but(shown.faults, str(status), "failed:") == []


def test_no_answer_at_all(show: Show) -> None:
    shown = show(sample(), own=lambda context: context.route("**/*.json", lambda r: r.abort()))
    assert shown.text("#notice-title") == "The numbers could not be fetched"
    assert "playledger serve" in shown.text("#notice-text")


def test_never_played(show: Show) -> None:
    shown = show(empty())
    assert shown.state == "empty"
    assert shown.text("#notice-title") == "Nothing played yet"
    assert shown.text("#last-play") == "none yet"
    assert not shown.page.is_visible("#numbers")
    assert shown.page.is_visible("#quality")
    assert (shown.text("#verdict"), shown.faults) == ("Nothing recorded yet", [])


def test_all_that_may_be_null_is_null(show: Show) -> None:
    document = sample()
    document |= {
        "daily": None,
        "weekly": None,
        "monthly": None,
        "alldays": None,
        "playlist": None,
        "last_poll_at": None,
        **dict.fromkeys(key for key in LATER if not isinstance(document[key], list)),
    }
    document["health"] |= {"coverage_since": None, "auth": {"state": "none", "reauthorize_by": None}}
    for window in document["windows"].values():
        window |= {"prev": None, "sentence": None, "ways": None, "sessions": None, "eras": None}
        window |= {"top_genres": None, "top_contexts": None}
    shown = show(document)
    for name in ("1d", "7d", "30d", "90d", "365d", "all"):
        shown.choose(name)
    assert (shown.state, shown.faults) == ("ready", [])
    assert shown.text("#playlist") == "None has been written yet."
    assert shown.text("#last-check") == "none yet"


def test_a_span_without_plays_says_so(show: Show) -> None:
    document = one_play()
    document["windows"]["1d"] |= {"plays": 0, "minutes": 0, "top_tracks": [], "top_artists": [], "top_albums": []}
    document["windows"]["1d"] |= {"hours": [0] * 24, "hourdow": [0] * 168}
    shown = show(document, fragment="#1d")
    assert shown.text("#sentence") == "Nothing played in these days."
    assert shown.text("#top-tracks") == "Nothing in this span."
    assert shown.text("#over-time-words") == "Nothing was played in this span."
    assert shown.faults == []


# The sample was built on 11 November 2026 at 02:10 UTC and last checked ten minutes before; its login lasts until
# 9 March 2027, 23:00 UTC.
CLOCK = [
    ("2026-11-12T13:55:00Z", "note", "2 gaps in the record"),
    ("2026-11-12T14:30:00Z", "warn", "These numbers are old"),
    ("2026-11-19T02:00:00Z", "bad", "These numbers are old"),
]


@pytest.mark.parametrize(("now", "severity", "verdict"), CLOCK)
def test_numbers_grow_old_after_36_hours_and_badly_after_a_week(
    show: Show, now: str, severity: str, verdict: str
) -> None:
    shown = show(live(), own=at(now))
    assert (shown.page.get_attribute("#health", "data-severity"), shown.text("#verdict")) == (severity, verdict)


def test_a_night_that_goes_on_without_checks_is_noticed(show: Show) -> None:
    shown = show(live() | {"last_poll_at": "2026-11-09T02:00:00Z"}, own=at("2026-11-11T03:00:00Z"))
    assert shown.text("#verdict") == "No news from Spotify"
    assert "2 days ago" in shown.text("#concerns")


LOGIN = [
    (32, "note", "2 gaps in the record"),
    (29, "warn", "Log in again by 10 Dec 2026"),
    (-1, "bad", "Log in again"),
]


@pytest.mark.parametrize(("days", "severity", "verdict"), LOGIN)
def test_the_login_is_asked_for_in_time(show: Show, days: int, severity: str, verdict: str) -> None:
    ends = {32: "2026-12-13", 29: "2026-12-10", -1: "2026-11-10"}[days]
    document = live(auth={"state": "ok", "reauthorize_by": f"{ends}T02:00:00Z"})
    shown = show(document, own=at("2026-11-11T02:30:00Z"))
    assert (shown.page.get_attribute("#health", "data-severity"), shown.text("#verdict")) == (severity, verdict)
    assert "2 gaps in the record" in shown.text("#health")


def test_a_refused_login_comes_before_everything(show: Show) -> None:
    document = live(auth={"state": "needs_reauth", "reauthorize_by": None}, quarantined=3)
    shown = show(document, own=at("2026-12-24T00:00:00Z"))
    assert shown.text("#verdict") == "Log in again"
    told = shown.texts("#concerns li")
    assert [line.split(".")[0] for line in told[1:]] == [
        "These numbers are old",
        "2 gaps in the record",
        "3 records could not be read",
    ]


def test_a_demonstration_stands_still(show: Show) -> None:
    shown = show(sample(), own=at("2031-01-01T00:00:00Z"))
    assert shown.text("#verdict") == "2 gaps in the record"
    assert "4 hours ago" in shown.text("#last-play")
    assert "just now" in shown.text("#built")


def test_times_are_those_of_the_listener(show: Show) -> None:
    document = sample() | {"tz": "Asia/Kathmandu", "last_play_at": "2026-11-10T21:44:00Z"}
    assert show(document, timezone_id="America/New_York").text("#last-play").startswith("Wed 11 Nov, 03:29")


def test_opened_as_a_file_it_says_how_to_open_it(browser: "Browser") -> None:
    page = browser.new_page()
    page.goto((PAGE / "index.html").as_uri())
    page.wait_for_selector("#unstarted", state="visible")
    page.wait_for_function("document.querySelector('#unstarted').clientHeight > 10")
    assert "playledger serve" in (page.text_content("#unstarted") or "")
    page.close()


def test_without_javascript_it_links_to_the_numbers(browser: "Browser", tmp_path: Path) -> None:
    with serving(data=tmp_path) as address:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(address)
        assert page.locator("noscript a[href='dashboard_data.json']").is_visible()
        assert not page.locator("#unstarted").is_visible()
        context.close()
