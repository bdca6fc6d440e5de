"""Plans of faults: which call is struck, how often, and that chance can be repeated."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from simulator.faults import (
    RECENT,
    TOKEN,
    Call,
    Faults,
    Silence,
    Weather,
    invalid_grant,
    not_json,
    quota_exceeded,
    rate_limited,
    unavailable,
)

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)


def recent(now: datetime = NOW) -> Call:
    return Call("GET", "me/player/recently-played", now)


def test_without_rules_nothing_goes_wrong() -> None:
    faults = Faults()

    assert [faults.next(recent()) for _ in range(3)] == [None] * 3
    assert faults.struck == []


def test_a_rule_strikes_as_often_as_it_says_and_then_no_more() -> None:
    faults = Faults()
    faults.add(not_json(), on=RECENT, times=2)

    assert [faults.next(recent()) for _ in range(4)] == [not_json(), not_json(), None, None]
    assert len(faults.struck) == 2


def test_a_rule_without_an_end_strikes_until_it_is_cleared() -> None:
    faults = Faults()
    faults.add(Silence(), times=None)

    assert all(faults.next(recent()) for _ in range(50))
    faults.clear()
    assert faults.next(recent()) is None


@pytest.mark.parametrize(
    ("pattern", "fits", "others"),
    [
        (RECENT, "GET me/player/recently-played", "GET me"),
        (TOKEN, "POST api/token", "POST me/playlists"),
        ("* playlists/*", "PUT playlists/x/items", "GET me/playlists"),
        ("GET *", "GET me", "POST api/token"),
    ],
)
def test_a_rule_strikes_the_calls_it_names_only(pattern: str, fits: str, others: str) -> None:
    faults = Faults()
    faults.add(not_json(), on=pattern)

    assert faults.next(Call(*others.split(" "), now=NOW)) is None
    assert faults.next(Call(*fits.split(" "), now=NOW)) == not_json()


def test_an_outage_lasts_from_its_first_moment_up_to_its_last() -> None:
    faults = Faults()
    hour = timedelta(hours=1)
    faults.add(unavailable(), between=(NOW, NOW + hour), times=None)

    struck = [bool(faults.next(recent(NOW + shift))) for shift in (-hour / 60, 0 * hour, hour * 0.99, hour)]

    assert struck == [False, True, True, False]


def test_rules_strike_one_after_the_other_the_oldest_first() -> None:
    faults = Faults()
    faults.add(rate_limited(2))
    faults.add(quota_exceeded())

    assert [faults.next(recent()) for _ in range(3)] == [rate_limited(2), quota_exceeded(), None]


def test_the_faults_say_what_spotify_says() -> None:
    assert quota_exceeded().retry_after == 48_925
    assert quota_exceeded().body["error"]["reason"] == "QUOTA_EXCEEDED"
    assert "reason" not in rate_limited().body["error"]
    assert rate_limited(None).retry_after is None
    assert invalid_grant().body["error"] == "invalid_grant"


def test_weather_is_the_same_for_the_same_seed_and_as_bad_as_its_rate() -> None:
    def drawn(seed: int) -> list[object]:
        weather = Weather(seed, 0.2, [not_json(), Silence()], on=RECENT)
        return [weather.next(recent()) for _ in range(2000)]

    counts = Counter(map(type, drawn(1)))

    assert drawn(1) == drawn(1) != drawn(2)
    assert 330 < 2000 - counts[type(None)] < 470
    assert len(counts) == 3


def test_weather_spares_other_calls_and_gives_way_to_a_rule() -> None:
    weather = Weather(1, 1.0, [not_json()], on=RECENT)
    weather.add(Silence(), on=RECENT)

    assert weather.next(Call("GET", "me", NOW)) is None
    assert [weather.next(recent()) for _ in range(2)] == [Silence(), not_json()]
