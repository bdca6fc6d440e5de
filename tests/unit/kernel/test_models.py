"""Moments, identities, and models that keep what they were given."""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from playledger.models import (
    DEFAULT_FETCH_LIMIT,
    ENTRY,
    OVERLAP_WINDOW_SIZE,
    WINDOW_SIZE,
    Claim,
    Grade,
    IngestionState,
    PlayEvent,
    Quarantined,
    Token,
    canonical_row,
    event_id,
    format_instant,
    from_ms,
    names_uri,
    parse_instant,
    play_key,
    seen_hash,
    to_ms,
    utc_day,
)
from tests.support.builders import NOON, a_claim, a_play

pytestmark = pytest.mark.unit

MOMENTS = st.integers(0, 4_102_444_800_000)
"""Unix ms from 1970 to 2100."""


@given(MOMENTS)
def test_milliseconds_survive_every_way_of_writing_a_moment(unix_ms: int):
    moment = from_ms(unix_ms)
    assert to_ms(moment) == unix_ms
    assert parse_instant(format_instant(moment)) == moment
    assert parse_instant(moment.isoformat()) == moment
    assert parse_instant(moment.astimezone(timezone(timedelta(hours=12, minutes=45)))) == moment
    assert to_ms(moment + timedelta(microseconds=999)) == unix_ms


@pytest.mark.parametrize(
    ("text", "unix_ms"),
    [
        ("2026-03-10T12:00:00Z", 1_773_144_000_000),
        ("2026-03-10T12:00:00.1Z", 1_773_144_000_100),
        ("2026-03-10T12:00:00.123Z", 1_773_144_000_123),
        ("2026-03-10T12:00:00.123999Z", 1_773_144_000_123),
        ("2026-03-10 12:00:00.123", 1_773_144_000_123),
        ("2026-03-10T13:00:00+01:00", 1_773_144_000_000),
    ],
)
def test_all_notations_met_are_read(text: str, unix_ms: int):
    assert to_ms(parse_instant(text)) == unix_ms


@pytest.mark.parametrize("value", ["", "yesterday", None, 1_773_144_000_000, datetime(2026, 3, 10)])  # noqa: DTZ001
def test_what_is_no_moment_is_refused(value: object):
    with pytest.raises(ValueError, match=r"Invalid isoformat|no time zone|out of range|must be in"):
        parse_instant(value)


def test_an_instant_is_written_as_both_engines_read_a_timestamp():
    assert format_instant(datetime(2026, 3, 10, 1, 2, 3, 45_678, tzinfo=UTC)) == "2026-03-10 01:02:03.045"
    assert format_instant(datetime(2026, 3, 10, 1, tzinfo=timezone(timedelta(hours=2)))) == "2026-03-09 23:00:00.000"


def test_dt_is_the_date_in_utc():
    assert str(utc_day(datetime(2026, 3, 10, 1, tzinfo=timezone(timedelta(hours=2))))) == "2026-03-09"


def test_a_plays_key_is_its_millisecond_and_uri():
    assert play_key(NOON, "spotify:track:x") == "1773144000000#spotify:track:x"


def test_the_event_id_names_moment_track_and_context():
    assert event_id(NOON, "x", "spotify:album:y") == sha256(b"1773144000000|x|spotify:album:y").hexdigest()
    assert event_id(NOON, None, None) == sha256(b"1773144000000||").hexdigest()


def test_the_state_remembers_eight_bytes_of_a_key():
    assert seen_hash("a") == sha256(b"a").hexdigest()[:16]


def test_rows_without_a_uri_are_named_by_their_names():
    assert names_uri("a", "b", None) == names_uri("a", "b", None)
    assert len({names_uri("a", "b", None), names_uri("a", None, "b"), names_uri("ab", None, None)}) == 3
    assert names_uri("a").startswith("playledger:names:")


def test_a_poll_asks_for_as_much_as_spotify_gives():
    assert DEFAULT_FETCH_LIMIT + OVERLAP_WINDOW_SIZE == WINDOW_SIZE == 50


def test_a_claims_identity_covers_all_of_it():
    claim = a_claim(NOON, NOON)
    changed = [
        {"lo": NOON - timedelta(milliseconds=1)},
        {"hi": NOON + timedelta(milliseconds=1)},
        {"n": 49},
        {"limit": 49},
        {"server_now": NOON + timedelta(milliseconds=1)},
        {"previous_poll": NOON},
        {"reaches_back": True},
        {"is_short": True},
        {"overlap": 1},
    ]
    names = {claim.model_copy(update=change).entry_id for change in [{}, *changed]}
    assert len(names) == len(changed) + 1 == len(set(Claim.model_fields) - {"v", "kind"}) + 1


def test_a_play_is_named_by_its_key_whenever_it_was_seen():
    assert a_play(ingested_at=NOON).entry_id == a_play(ingested_at=NOON + timedelta(hours=1)).entry_id == a_play().key


def test_a_record_set_aside_is_named_by_its_text():
    once = Quarantined(reason="no track", raw="{}", origin="poll", ingested_at=NOON)
    again = Quarantined(reason="no track at all", raw="{}", origin="poll", ingested_at=from_ms(0))
    assert once.entry_id == again.entry_id


def test_a_misspelt_field_cannot_vanish_and_nothing_changes_afterwards():
    with pytest.raises(ValidationError, match="extra"):
        IngestionState(versoin=3)  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="frozen"):
        a_play().key = "other"  # type: ignore[misc]


def test_an_entry_of_a_newer_version_is_refused():
    line = a_play().model_dump_json()
    assert isinstance(ENTRY.validate_json(line), PlayEvent)
    with pytest.raises(ValidationError):
        ENTRY.validate_json(line.replace('"v":1', '"v":2', 1))


def test_a_full_state_takes_less_than_five_kilobytes():
    state = IngestionState(
        version=10**9,
        last_cursor_unix_ms=10**13,
        last_run_timestamp=NOON,
        last_seen_played_at=NOON,
        seen=tuple(seen_hash(str(number)) for number in range(200)),
        coverage_from=NOON,
        account_hash="0" * 64,
    )
    assert len(state.model_dump_json()) < 5_000


def test_a_token_shows_none_of_its_secrets():
    token = Token(refresh_token="SECRET-1", access_token="SECRET-2", authorized_at=NOON)
    assert "SECRET" not in repr(token)
    assert "SECRET" not in str(token)


def test_grades_rise_from_stub_to_fetched_and_a_tombstone_ranks_lowest():
    assert sorted(Grade, key=lambda grade: grade.rank) == [Grade.GONE, Grade.STUB, Grade.PAYLOAD, Grade.FETCHED]


def test_a_row_is_json_values():
    row = canonical_row(a_claim(NOON, NOON))
    assert (row["lo"], row["previous_poll"], row["is_short"]) == ("2026-03-10 12:00:00.000", None, False)
