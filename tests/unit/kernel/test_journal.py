"""The journal's format: what a key says, what decoding refuses."""

import gzip
import json
import random
import re
from datetime import date, timedelta

import pytest

from playledger.errors import CorruptObject
from playledger.journal import by_date, decode, digest, encode, key_date
from playledger.models import Context, Entry, ExportEntry, ExportSpan, Media, Quarantined, to_ms
from playledger.ports import JournalObject
from tests.support.builders import NOON, a_claim, a_play

pytestmark = pytest.mark.unit

TODAY = NOON.date()
EXPORTED = ExportEntry(
    key="1#x#2",
    played_at=NOON,
    media=Media.MUSIC,
    track_uri="x",
    track_name='"kind":"claim"',
    ms_played=2,
    ingested_at=NOON,
)
EVERY: list[Entry] = [
    a_play(context=Context(type="album", id="1", uri="spotify:album:1")),
    a_play(NOON + timedelta(milliseconds=1), 2, is_late=True, track_name='\\"kind":"claim"\u2028\n'),
    EXPORTED,
    ExportSpan(file_sha256="0", lo=NOON, hi=NOON, rows=1, ingested_at=NOON),
    a_claim(NOON, NOON),
    Quarantined(reason="?", raw='{"kind":"claim"}', origin="poll", ingested_at=NOON),
]


def test_entries_of_every_kind_come_back():
    batch = encode(EVERY, TODAY)
    assert sorted(decode(batch.key, batch.body), key=repr) == sorted(EVERY, key=repr)


def test_the_same_entries_make_the_same_object_in_any_order():
    shuffled = [*EVERY]
    random.Random(3).shuffle(shuffled)
    assert encode(shuffled, TODAY) == encode(EVERY, TODAY)


def test_the_key_tells_date_oldest_moment_number_and_content():
    batch = encode(EVERY, TODAY)
    assert re.fullmatch(rf"journal/dt=2026-03-10/{to_ms(NOON)}-6-[0-9a-f]{{16}}\.jsonl\.gz", batch.key)
    assert key_date(batch.key) == TODAY


def test_the_name_covers_the_claim_and_not_the_time_of_ingestion():
    plays = [a_play()]
    name = encode([*plays, a_claim(NOON, NOON)], TODAY).key
    assert encode([*plays, a_claim(NOON, NOON, previous_poll=NOON)], TODAY).key != name
    assert encode([a_play(ingested_at=NOON + timedelta(hours=1)), a_claim(NOON, NOON)], TODAY).key == name


def test_a_line_is_json_with_version_and_kind():
    lines = [json.loads(line) for line in gzip.decompress(encode(EVERY, TODAY).body).splitlines()]
    assert len(lines) == len(EVERY)
    assert {(line["v"], line["kind"]) for line in lines} == {
        (1, kind) for kind in ("play", "export", "span", "claim", "quarantine")
    }


def test_lines_that_are_not_asked_for_are_left_out_unparsed():
    batch = encode(EVERY, TODAY)
    claims = decode(batch.key, batch.body, having=re.compile(rb'"kind":"claim"'))
    assert claims == [a_claim(NOON, NOON)]
    late = decode(batch.key, batch.body, having=re.compile(rb'"is_late":true'))
    assert late == [EVERY[1]]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: text.rindex(b"\n", 0, -1) + 1],
        lambda text: text + text.splitlines()[0] + b"\n",
        lambda text: text.replace(b'"v":1', b'"v":2', 1),
        lambda text: text.replace(b'"kind":"play"', b'"kind":"song"', 1),
        lambda text: text.replace(b'"event_id":', b'"event":', 1),
        lambda text: text[:-9] + b"\n",
        lambda _: b"",
    ],
    ids=["a line lost", "a line more", "newer version", "unknown kind", "unknown field", "torn line", "empty"],
)
def test_an_object_that_is_not_what_its_name_says_is_refused_by_name(damage):
    batch = encode(EVERY, TODAY)
    body = gzip.compress(damage(gzip.decompress(batch.body)))
    with pytest.raises(CorruptObject, match=batch.key):
        decode(batch.key, body)


@pytest.mark.parametrize("cut", [0, 5, -1, -9])
def test_torn_bytes_are_refused_even_where_few_lines_are_asked_for(cut: int):
    batch = encode(EVERY, TODAY)
    with pytest.raises(CorruptObject, match=batch.key):
        decode(batch.key, batch.body[:cut], having=re.compile(b"nothing"))


@pytest.mark.parametrize(
    "key", ["", "journal/dt=2026-03-10/x", "../journal/dt=2026-03-10/1-1-0123456789abcdef.jsonl.gz"]
)
def test_other_names_are_no_names_of_the_journal(key: str):
    assert key_date(key) is None
    with pytest.raises(CorruptObject, match="no name"):
        decode(key, b"")


def objects(*keys: str) -> list[JournalObject]:
    return [JournalObject(key, date(2026, 3, int(key[:2])), 1) for key in keys]


def test_a_digest_names_a_set_of_objects():
    assert digest(objects("01", "02")) == digest(objects("02", "01"))
    assert digest(objects("01", "02")) != digest(objects("01"))
    assert digest([]) != digest(objects("01"))
    assert len(digest([])) == 32


def test_objects_are_grouped_by_date_ascending():
    grouped = by_date(objects("02b", "01", "02a"))
    assert [(dt.day, [item.key for item in items]) for dt, items in grouped.items()] == [
        (1, ["01"]),
        (2, ["02a", "02b"]),
    ]
