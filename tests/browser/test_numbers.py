"""What the page shows is what the document says: every number, in all six windows, in charts and their twins."""

from datetime import date, timedelta
from typing import Any

import pytest

from playledger.dashboard_data import WINDOW_NAMES
from tests.browser.conftest import Show, Shown
from tests.browser.datasets import Body, gap_heavy, one_play, sample

pytestmark = pytest.mark.browser

DOCUMENTS = {"sample": sample, "one_play": one_play, "gap_heavy": gap_heavy}
TILES = {"minutes": "minutes", "plays": "plays", "tracks": "tracks", "new-artists": "new_artists"}
FACTS = ("late_arrivals", "duplicates_removed", "unconfirmed", "quarantined", "short_windows", "small_overlaps")
DAY = timedelta(days=1)


@pytest.fixture(scope="module", params=DOCUMENTS)
def both(request: pytest.FixtureRequest, show_shared: Show) -> tuple[Body, Shown]:
    """A document, and the page over it."""
    document = DOCUMENTS[request.param]()
    shown = show_shared(document)
    shown.unfold()
    return document, shown


def shown_at(both: tuple[Body, Shown], name: str) -> tuple[dict[str, Any], Shown]:
    """The window's part of the document, and the page turned to it."""
    document, shown = both
    shown.choose(name)
    return document["windows"][name], shown


def text(number: int) -> str:
    return f"{number:,}"


def signed(number: int) -> str:
    return f"+{number:,}" if number > 0 else f"{number:,}".replace("-", "−")  # noqa: RUF001


@pytest.mark.parametrize("name", WINDOW_NAMES)
def test_the_tiles(both: tuple[Body, Shown], name: str) -> None:
    window, shown = shown_at(both, name)
    assert {tile: shown.text(f"#{tile}") for tile in TILES} == {tile: text(window[key]) for tile, key in TILES.items()}
    estimated = window["minutes_estimated"]
    assert shown.text("#minutes-note") == (f"{estimated:,} of them an upper bound" if estimated else "")
    assert shown.text("#tracks-note").startswith(f"from {window['albums']:,} album")
    assert shown.text("#new-artists-note").startswith(f"of {window['artists']:,} artist")
    hours, minutes = divmod(window["gap_minutes"], 60)
    gap = f"{hours:,} h {minutes} min" if hours else f"{minutes} min"
    assert shown.text("#plays-note") == (f"a gap of {gap} in this span" if window["gap_minutes"] else "")


@pytest.mark.parametrize("name", WINDOW_NAMES)
def test_the_change_against_the_span_before(both: tuple[Body, Shown], name: str) -> None:
    window, shown = shown_at(both, name)
    for tile, key in TILES.items():
        told = shown.text(f"#{tile}-delta")
        if name == "all":
            assert told == "since the beginning"
        elif window["prev"] is None:
            assert told == "– nothing before to compare"  # noqa: RUF001
        elif told.startswith("–"):  # noqa: RUF001
            assert "a gap lies in" in told
            assert both[0]["health"]["gaps"]["total"]
        elif window[key] == window["prev"][key]:
            assert told.startswith("as many as the")
        else:
            assert told.split(" vs ")[0] == signed(window[key] - window["prev"][key])


@pytest.mark.parametrize("name", WINDOW_NAMES)
def test_the_sentence(both: tuple[Body, Shown], name: str) -> None:
    window, shown = shown_at(both, name)
    facts, told = window["sentence"], shown.text("#sentence")
    if not window["plays"]:
        assert told == "Nothing played in these days."
        return
    track = both[0]["dict"]["tracks"][facts["top_track"]]
    artist = both[0]["dict"]["artists"][track[1]][0]
    assert told.startswith(f"Most played: {track[0]} by {artist}, {facts['top_track_plays']:,} play")
    if facts["top_track_prev"] and facts["top_track_prev"] != facts["top_track_plays"]:
        assert f"from {facts['top_track_prev']:,} before" in told
    if facts["new_artists"] and name != "all":
        assert f"You met {facts['new_artists']:,} artist" in told


@pytest.mark.parametrize("name", WINDOW_NAMES)
def test_the_rankings(both: tuple[Body, Shown], name: str) -> None:
    window, shown = shown_at(both, name)
    names = both[0]["dict"]
    for kind in ("tracks", "artists", "albums"):
        button = shown.page.locator(f"#top-{kind} + button.more")
        if button.count() and button.is_visible() and button.get_attribute("aria-expanded") == "false":
            button.click()
        rows = window[f"top_{kind}"]
        place = f"#top-{kind} > li"
        assert shown.texts(f"{place} > .name > a bdi") == [names[kind][row[0]][0] for row in rows]
        assert shown.texts(f"{place} .amount b") == [text(row[1]) for row in rows]
        assert shown.texts(f"{place} .amount span:not(.vh)") == [f"{row[2]:,} min" for row in rows]
        assert shown.texts(f"{place} .share") == [share(row[5]) for row in rows]
        moves = [move(row[4], row[3], window["prev"]) for row in rows]
        assert shown.texts(f"{place} .move") == moves
        if kind != "artists":
            assert shown.texts(f"{place} .by") == [names["artists"][names[kind][row[0]][1]][0] for row in rows]


def share(permille: int) -> str:
    """A share as it stands in a row."""
    return f"{permille / 10:g} %" if permille else "< 0.1 %"


def move(rank: int, before: int | None, prev: object) -> str:
    """What stands at the end of a row."""
    if prev is None:
        return ""
    if before is None:
        return "new"
    if before == rank:
        return "same rank"
    return f"up {before - rank:,}" if before > rank else f"down {rank - before:,}"


def test_the_rankings_by_time(both: tuple[Body, Shown]) -> None:
    document, shown = both
    shown.page.click("[data-measure=time]")
    for name in ("7d", "all", "2026"):
        shown.choose(name)
        for kind in ("tracks", "artists", "albums"):
            rows = (document["windows"].get(name) or document["years"][name])["by_time"][kind]
            told = shown.texts(f"#top-{kind} > li .amount b")
            assert told == [f"{row[2]:,} min" for row in rows][: len(told)]
            assert len(told) >= min(10, len(rows))
    shown.page.click("[data-measure=plays]")
    assert shown.page.get_attribute("[data-measure=plays]", "aria-pressed") == "true"


@pytest.mark.parametrize("name", ["30d", "all"])
def test_genres_and_what_was_played_from(both: tuple[Body, Shown], name: str) -> None:
    window, shown = shown_at(both, name)
    names = both[0]["dict"]
    assert shown.texts("#top-genres .name") == [names["genres"][row[0]] for row in window["top_genres"]]
    assert shown.page.is_visible("#genres") is bool(window["top_genres"])
    contexts = [names["contexts"][row[0]] for row in window["top_contexts"]]
    links = [f"https://open.spotify.com/{kind}/{identity}" for kind, identity in contexts if identity]
    assert [a.get_attribute("href") for a in shown.page.locator("#top-contexts .name > a").all()] == links
    assert shown.texts("#top-contexts .share") == [share(row[5]) for row in window["top_contexts"]]


def test_calendar_years(both: tuple[Body, Shown]) -> None:
    document, shown = both
    offered = [option.get_attribute("value") for option in shown.page.locator("#calendar-year option").all()]
    assert offered == ["", *sorted(document["years"], reverse=True)]
    for name, year in document["years"].items():
        shown.choose(name)
        assert shown.page.url.endswith(f"#{name}")
        assert {tile: shown.text(f"#{tile}") for tile in TILES} == {
            tile: text(year[key]) for tile, key in TILES.items()
        }
        assert sum(shown.chart("over-time")["data"]) == year["plays"]
        assert shown.text("#sentence").startswith(f"Most played in {name}: ")
        against = shown.text("#plays-delta")
        assert ("nothing before" in against) is (year["prev"] is None)
        rival = f"{int(name) - 1}" if year["to"].endswith("12-31") else f"the same days of {int(name) - 1}"
        assert year["prev"] is None or against.endswith(rival)
    shown.choose("30d")
    assert shown.page.input_value("#calendar-year") == ""


def expected_bars(document: Body, name: str) -> tuple[list[int], list[int] | None]:
    """Plays and minutes of each bar of the upper chart."""
    window = document["windows"][name]
    if name == "1d":
        return window["hours"], None
    if name in ("365d", "all"):
        series = document["weekly" if name == "365d" else "monthly"]
        return series["plays"], series["minutes"]
    series = document["daily"]
    first = (date.fromisoformat(window["from"]) - date.fromisoformat(series["start"])).days
    return series["plays"][first:], series["minutes"][first:]


@pytest.mark.parametrize("name", WINDOW_NAMES)
def test_the_chart_of_plays_and_its_twin(both: tuple[Body, Shown], name: str) -> None:
    window, shown = shown_at(both, name)
    plays, minutes = expected_bars(both[0], name)
    chart = shown.chart("over-time")
    assert chart["data"] == plays
    assert sum(chart["data"]) == window["plays"]
    rows = shown.page.locator("#over-time-table tbody tr").all_text_contents()
    assert len(rows) == len(plays) == len(chart["labels"])
    assert shown.texts("#over-time-table tbody td:nth-child(2)") == [text(count) for count in plays]
    if minutes is not None:
        assert shown.texts("#over-time-table tbody td:nth-child(3)") == [text(count) for count in minutes]


def test_the_bars_carry_their_days(both: tuple[Body, Shown]) -> None:
    document, shown = both
    last = date.fromisoformat(document["data_day"])
    for name, days in (("7d", 7), ("30d", 30), ("90d", 90)):
        shown.choose(name)
        wanted = [last - number * DAY for number in reversed(range(days))]
        assert dates(shown) == [f"{one:%a} {one.day} {one:%b %Y}" for one in wanted]


def test_weeks_end_with_the_span_and_months_are_named(both: tuple[Body, Shown]) -> None:
    document, shown = both
    shown.choose("365d")
    last, first = date.fromisoformat(document["data_day"]), date.fromisoformat(document["windows"]["365d"]["from"])
    starts = [max(last - (7 * number + 6) * DAY, first) for number in reversed(range(53))]
    assert dates(shown) == [f"Week from {one:%a} {one.day} {one:%b %Y}" for one in starts]
    shown.choose("all")
    month = date.fromisoformat(f"{document['monthly']['start']}-01")
    months = [date(month.year + at // 12, at % 12 + 1, 1) for at in range(month.month - 1, month.month - 1 + 400)]
    assert dates(shown) == [f"{one:%b %Y}" for one in months[: len(document["monthly"]["plays"])]]


def dates(shown: Shown) -> list[str]:
    """What the rows of the chart's twin are called; browsers differ on a comma and on September."""
    return [one.replace(",", "").replace("Sept", "Sep") for one in shown.texts("#over-time-table tbody th")]


@pytest.mark.parametrize("name", WINDOW_NAMES)
def test_hours_and_the_week(both: tuple[Body, Shown], name: str) -> None:
    window, shown = shown_at(both, name)
    assert shown.chart("hours")["data"] == window["hours"]
    assert shown.texts("#hours-table tbody td") == [text(count) for count in window["hours"]]
    assert shown.texts("#week tbody td") == [str(count) for count in window["hourdow"]]
    assert sum(window["hourdow"]) == sum(window["hours"]) == window["plays"]


def test_the_week_stands_upright_on_a_phone_with_the_same_numbers(both: tuple[Body, Shown]) -> None:
    window, shown = shown_at(both, "90d")
    shown.page.set_viewport_size({"width": 390, "height": 900})
    shown.page.wait_for_selector("#week.upright")
    upright = [window["hourdow"][weekday * 24 + hour] for hour in range(24) for weekday in range(7)]
    assert shown.texts("#week tbody td") == [str(count) for count in upright]
    shown.page.set_viewport_size({"width": 1280, "height": 900})
    shown.page.wait_for_selector("#week:not(.upright)")


def test_every_day_of_every_year(both: tuple[Body, Shown]) -> None:
    document, shown = both
    series = document["alldays"]
    first, last = date.fromisoformat(series["start"]), date.fromisoformat(document["data_day"])
    for choice in shown.page.locator("#year-choice option").all():
        year = choice.get_attribute("value") or ""
        shown.page.select_option("#year-choice", year)
        start = max(first, date(int(year), 1, 1) if year else last - 370 * DAY)
        end = min(last, date(int(year), 12, 31) if year else last)
        days = [start + number * DAY for number in range((end - start).days + 1)]
        want = [
            str(series["plays"][(day - first).days]) for weekday in range(7) for day in days if day.weekday() == weekday
        ]
        assert shown.texts("#year tbody td:not(.none)") == want
        assert sum(map(int, want)) == sum(series["plays"][(day - first).days] for day in days)


def test_the_state_of_the_record(both: tuple[Body, Shown]) -> None:
    document, shown = both
    health = document["health"]
    values = shown.texts("#facts .value")
    assert values[0] == text(document["totals"]["plays"])
    assert values[2:] == [text(health[key]) for key in FACTS]
    lost = [f"{item['lo']:,} – {item['hi']:,}" for item in health["gaps"]["items"]]  # noqa: RUF001
    assert shown.texts("#gaps-table tbody td:nth-child(5)") == lost
    assert shown.texts("#gaps-table tbody td:nth-child(3)") == [item["class"] for item in health["gaps"]["items"]]
    assert shown.page.is_visible("#gaps") is bool(health["gaps"]["total"])
    if health["gaps"]["total"]:
        low, high = health["gaps"]["est_lost"]
        assert shown.text("#gaps-words").startswith(
            f"{health['gaps']['total']:,} gaps, {health['gaps']['hours']:,} hours in all; {low:,} to {high:,} plays"
        )


def test_the_last_plays_and_the_playlist(both: tuple[Body, Shown]) -> None:
    document, shown = both
    for identity, tracks in (
        ("recent", [track for _, track in document["recent"]]),
        ("playlist", (document["playlist"] or {"tracks": []})["tracks"]),
    ):
        button = shown.page.locator(f"#{identity} + button.more")
        if button.is_visible():
            button.click()
        names = [document["dict"]["tracks"][track][0] for track in tracks]
        assert shown.texts(f"#{identity} .name > a:first-child bdi") == names


def test_names_link_to_spotify_by_their_ids(both: tuple[Body, Shown]) -> None:
    document, shown = both
    shown.choose("30d")
    row = document["windows"]["30d"]["top_tracks"][0]
    track = document["dict"]["tracks"][row[0]]
    artist = document["dict"]["artists"][track[1]]
    links = shown.page.locator("#top-tracks > li:first-child a").all()
    assert [link.get_attribute("href") for link in links] == [
        f"https://open.spotify.com/track/{track[3]}",
        f"https://open.spotify.com/artist/{artist[1]}",
    ]
    assert {link.get_attribute("rel") for link in links} == {"noreferrer"}


def test_the_questions_behind_it_are_named(both: tuple[Body, Shown]) -> None:
    document, shown = both
    assert shown.texts("#questions tbody th") == list(document["questions"])
    begun = [question["sha256"][:12] for question in document["questions"].values()]
    assert shown.texts("#questions tbody td:last-child") == begun
    assert shown.text("#version") == f"Playledger {document['app_version']} · data schema 1"


def test_nothing_went_wrong_on_the_way(both: tuple[Body, Shown]) -> None:
    assert both[1].faults == []
