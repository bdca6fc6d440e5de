"""What the page tells of discovery, records, ways and single artists is what the document says."""

from datetime import date
from typing import Any

import pytest

from tests.browser.conftest import Show, Shown
from tests.browser.datasets import Body, sample
from tests.browser.layout import CLIPPED, OUTSIDE

pytestmark = pytest.mark.browser

RECORDS = ("current_streak", "longest_streak", "longest_silence", "fullest_day", "longest_day", "longest_session")
BINGES = ("track_in_a_row", "artist_in_a_row", "track_in_a_day", "artist_in_a_day")

ALBUM = sample()["dict"]["albums"][0]
CONTEXTS = [
    ["album", ALBUM[2]],
    ["playlist", "0123456789ABCDEFGHIJKL"],
    ["collection", None],
    ["__proto__", "x"],
    ["", ""],
]


@pytest.fixture(scope="module")
def both(show_shared: Show) -> tuple[Body, Shown]:
    """The sample with a forgotten song, and its page, unfolded."""
    document = sample()
    document["forgotten"] = [[3, 41, "2024-02-29"]]
    document["dict"]["contexts"] = CONTEXTS
    document["windows"]["all"]["top_contexts"] = [[at, 9 - at, 20, None, at + 1, 0] for at in range(len(CONTEXTS))]
    shown = show_shared(document)
    shown.unfold()
    for button in shown.page.locator("button.more:visible").all():
        button.click()
    return document, shown


def plain(day: str) -> str:
    moment = date.fromisoformat(day)
    return f"{moment.day} {moment:%b %Y}".replace("Sep ", "Sept ")


def titles(document: Body, tracks: list[int]) -> list[str]:
    return [document["dict"]["tracks"][track][0] for track in tracks]


def duration(minutes: int) -> str:
    return f"{minutes // 60:,} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def percent(permille: int) -> str:
    return f"{permille / 10:g} %" if permille else "< 0.1 %"


def test_new_and_known_songs_by_week_in_the_chart_and_its_twin(both: tuple[Body, Shown]) -> None:
    document, shown = both
    weeks = document["discovery_weekly"]
    drawn = shown.page.evaluate("Chart.getChart('discovery').data.datasets.map(({label, data}) => [label, data])")
    assert drawn == [["New", weeks["new"]], ["Known", weeks["known"]]]
    assert shown.texts("#discovery-table tbody td:nth-child(2)") == [f"{count:,}" for count in weeks["new"]]
    assert shown.texts("#discovery-table tbody td:nth-child(3)") == [f"{count:,}" for count in weeks["known"]]
    assert shown.text("#discovery-table tbody tr:first-child th") == plain(weeks["start"])
    fresh, known = sum(weeks["new"]), sum(weeks["known"])
    assert f"{fresh:,} plays ({percent(1000 * fresh // (fresh + known))})" in shown.text("#discovery-words")


def test_discovery_by_month_the_newest_first(both: tuple[Body, Shown]) -> None:
    document, shown = both
    months, ones, names = document["discovery_monthly"], document["number_ones"], document["dict"]
    rows = shown.page.locator("#months-table tbody tr")
    told = [rows.nth(at).locator("td").all_text_contents() for at in (0, -1)]
    for at, cells in zip((-1, 0), told, strict=True):
        assert cells[:3] == [f"{months[key][at]:,}" for key in ("new_tracks", "stuck", "new_artists")]
        assert abs(float(cells[3].split()[0]) * 100 - months["variety"][at]) <= 5
        assert cells[4] == names["tracks"][ones["tracks"][at]][0]
        assert cells[5] == names["artists"][ones["artists"][at]][0]
    assert rows.count() == len(months["variety"])


def test_songs_that_came_once_or_went_or_came_back(both: tuple[Body, Shown]) -> None:
    document, shown = both
    once = document["one_hit_wonders"]
    assert shown.text("#once-words").startswith(f"{once['count']:,} songs, {percent(once['permille'])} of all")
    for identity, rows in (
        ("once", once["newest"]),
        ("forgotten", document["forgotten"]),
        ("back", document["back_after"]),
    ):
        names = shown.texts(f"#{identity} .name > a:first-child bdi")
        assert names == titles(document, [row[0] for row in rows])
    assert shown.texts("#forgotten .note") == ["41 plays, the last on 29 Feb 2024"]
    assert shown.texts("#once .note") == [plain(day) for _, day in once["newest"]]
    _, silent, back = document["back_after"][0]
    assert shown.texts("#back .note")[0] == f"back on {plain(back)} after {silent:,} days"


def test_records_and_milestones(both: tuple[Body, Shown]) -> None:
    document, shown = both
    records = document["records"]
    values = shown.texts("#records .value")
    assert values[:3] == [f"{records[key]['days']:,} days" for key in RECORDS[:3]]
    assert values[3:6] == [
        f"{records['fullest_day']['plays']:,}",
        *(duration(records[key]["minutes"]) for key in RECORDS[4:]),
    ]
    assert values[6:] == [f"{records[key]['plays']:,} plays" for key in BINGES]
    notes = shown.texts("#records .note")
    assert titles(document, [records["track_in_a_day"]["index"]])[0] in notes[8]
    assert notes[9].endswith(f" on {plain(records['artist_in_a_day']['day'])}")
    milestones = [(plain(day), f"{count:,} play{'s' * (count > 1)}") for count, day in reversed(records["milestones"])]
    assert list(zip(shown.texts("#milestones time"), shown.texts("#milestones .name"), strict=True)) == milestones


def test_this_day_in_earlier_years(both: tuple[Body, Shown]) -> None:
    document, shown = both
    assert shown.text("#this-day-title") == "On 11 November"
    assert shown.texts("#this-day time") == [one["day"][:4] for one in document["on_this_day"]]
    assert shown.texts("#this-day .note") == [
        f"{one['track_plays']:,} play{'s' * (one['track_plays'] > 1)} of {one['plays']:,} that day"
        for one in document["on_this_day"]
    ]


@pytest.mark.parametrize("name", ["30d", "365d", "all", "2024"])
def test_sessions_ways_and_decades(both: tuple[Body, Shown], name: str) -> None:
    document, shown = both
    shown.choose(name)
    window: dict[str, Any] = document["windows"].get(name) or document["years"][name]
    sessions, ways = window["sessions"], window["ways"]
    assert shown.texts("#sessions .value") == [
        f"{sessions['count']:,}",
        *(duration(sessions[key]) for key in ("median_minutes", "longest_minutes")),
    ]
    assert shown.texts("#lengths b") == [f"{count:,}" for count in sessions["lengths"]]
    assert shown.texts("#eras .name") == [f"{decade}s" for decade, _, _ in window["eras"]]
    assert shown.texts("#eras b") == [f"{plays:,}" for _, plays, _ in window["eras"]]
    assert shown.page.is_visible("#ways") is shown.page.is_visible("#platforms") is (ways is not None)
    if ways is None:
        assert "there is none for these days" in shown.text("#ways-words")
        return
    assert f"known of {ways['plays']:,} of {window['plays']:,} plays" in shown.text("#ways-words")
    keys = ("skipped", "finished", "shuffled", "offline")
    assert shown.texts("#ways .value") == [percent(1000 * ways[key] // ways["plays"]) for key in keys]
    assert shown.texts("#platforms b") == [f"{plays:,}" for _, plays in ways["platforms"]]


def test_what_was_played_from_has_its_name_where_the_document_knows_it(both: tuple[Body, Shown]) -> None:
    both[1].choose("all")
    told = [ALBUM[0] + "Album", "Playlist" + CONTEXTS[1][1], "Liked songs", "__proto__x", "(no name)"]
    assert both[1].texts("#top-contexts .name") == told
    assert both[1].page.locator("#top-contexts a").count() == 2


def test_months_of_the_year(both: tuple[Body, Shown]) -> None:
    document, shown = both
    assert shown.texts("#months-of-year b") == [f"{count:,}" for count in document["month_of_year"]["plays"]]
    assert shown.texts("#months-of-year .name")[::11] == ["January", "December"]


def test_an_artist_opens_over_the_page_and_closes_by_escape(both: tuple[Body, Shown]) -> None:
    document, shown = both
    shown.choose("all")
    top = document["windows"]["all"]["top_artists"][0][0]
    detail = next(one for one in document["artist_detail"] if one["artist"] == top)
    opener = shown.page.locator("#top-artists .about").first
    opener.focus()
    shown.page.keyboard.press("Enter")
    assert shown.text("#artist-name") == document["dict"]["artists"][top][0]
    assert shown.texts("#artist-facts .value") == [
        f"{detail['plays']:,}",
        plain(detail["first"]),
        plain(detail["last"]),
    ]
    assert shown.chart("artist-months")["data"] == detail["months"]
    assert shown.texts("#artist-months-table tbody td") == [f"{count:,}" for count in detail["months"]]
    assert shown.texts("#artist-songs .name") == titles(document, [track for track, _ in detail["top"]])
    shown.page.keyboard.press("2")
    assert shown.page.url.endswith("#all")
    for width in (320, 1280):
        shown.page.set_viewport_size({"width": width, "height": 900})
        assert shown.axe() == []
        assert shown.page.evaluate(OUTSIDE) == []
        assert shown.page.evaluate(CLIPPED) == []
    shown.page.keyboard.press("Escape")
    assert not shown.page.is_visible("#artist")
    assert opener.evaluate("one => one === document.activeElement")
    opener.click()
    shown.page.click("#artist-close")
    assert not shown.page.is_visible("#artist")


def test_nothing_went_wrong_on_the_way(both: tuple[Body, Shown]) -> None:
    assert both[1].faults == []
