"""What every metadata cache promises, on a laptop and in AWS."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.metadata_cache import BATCH, DynamoMetadataCache, SqliteMetadataCache
from playledger.errors import CorruptObject, StoreUnavailable
from playledger.models import ArtistMetadata, Grade, TrackMetadata
from playledger.ports import MetadataCache

pytestmark = pytest.mark.contract

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = date(2026, 3, 1)
KEYS = {"tracks": "track_uri", "artists": "artist_id", "state": "id"}


@pytest.fixture
def dynamo() -> Iterator[Any]:
    """A DynamoDB client with the three tables."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-north-1")
        for table, key in KEYS.items():
            client.create_table(
                TableName=table,
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        yield client


@pytest.fixture(params=["laptop", pytest.param("aws", marks=pytest.mark.aws)])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MetadataCache]:
    """Each implementation, empty."""
    if request.param == "aws":
        yield DynamoMetadataCache(request.getfixturevalue("dynamo"), *KEYS)
        return
    with closing(SqliteMetadataCache(tmp_path / "metadata.sqlite")) as laptop:
        yield laptop


def uri(number: int) -> str:
    return f"spotify:track:{number:022d}"


def track(number: int, grade: Grade, name: str = "Song") -> TrackMetadata:
    return TrackMetadata(
        track_uri=uri(number), name=name, artists=("Ä", "B"), artist_ids=("1", None), grade=grade, changed_at=NOW
    )


def artist(name: str, grade: Grade) -> ArtistMetadata:
    return ArtistMetadata(artist_id=name, name=name.upper(), genres=("jazz",), grade=grade, changed_at=NOW)


def test_everything_is_missing_from_an_empty_cache(cache: MetadataCache) -> None:
    assert cache.missing_tracks([uri(1), uri(2)], Grade.STUB) == {uri(1), uri(2)}
    assert cache.missing_artists(["a"], Grade.STUB) == {"a"}
    assert cache.missing_tracks([], Grade.STUB) == set()
    assert cache.get_tracks([uri(1)]) == {}
    assert cache.learned() == {}


def test_what_was_put_comes_back_unchanged(cache: MetadataCache) -> None:
    song, band = track(1, Grade.PAYLOAD, 'It\'s "ö" \U0001f3b5'), artist("a", Grade.FETCHED)
    cache.put_tracks([song])
    cache.put_artists([band])
    assert cache.get_tracks([uri(1), uri(2)]) == {uri(1): song}
    assert cache.get_artists(["a", "b"]) == {"a": band}


def test_a_lower_grade_than_asked_counts_as_missing(cache: MetadataCache) -> None:
    cache.put_tracks([track(1, Grade.STUB), track(2, Grade.PAYLOAD), track(3, Grade.FETCHED)])
    uris = [uri(1), uri(2), uri(3), uri(4)]
    assert cache.missing_tracks(uris, Grade.STUB) == {uri(4)}
    assert cache.missing_tracks(uris, Grade.PAYLOAD) == {uri(1), uri(4)}
    assert cache.missing_tracks(uris, Grade.FETCHED) == {uri(1), uri(2), uri(4)}


def test_only_a_higher_grade_replaces(cache: MetadataCache) -> None:
    assert len(cache.put_tracks([track(1, Grade.PAYLOAD, "first")])) == 1
    assert cache.put_tracks([track(1, Grade.PAYLOAD, "same grade"), track(1, Grade.STUB, "lower")]) == []
    assert cache.get_tracks([uri(1)])[uri(1)].name == "first"
    better = track(1, Grade.FETCHED, "better")
    assert list(cache.put_tracks([better, track(2, Grade.STUB)])) == [better, track(2, Grade.STUB)]
    assert cache.get_tracks([uri(1)])[uri(1)].name == "better"
    assert cache.put_artists([artist("a", Grade.STUB)]) == [artist("a", Grade.STUB)]
    assert cache.put_artists([artist("a", Grade.STUB)]) == []


@pytest.mark.parametrize("entity", [uri(1), "artist1"])
def test_an_entity_is_claimed_by_one_until_the_claim_ends(cache: MetadataCache, entity: str) -> None:
    assert cache.claim(entity, NOW, NOW + HOUR)
    assert not cache.claim(entity, NOW, NOW + HOUR)
    assert not cache.claim(entity, NOW + HOUR - timedelta(milliseconds=1), NOW + 2 * HOUR)
    assert cache.claim(entity, NOW + HOUR, NOW + 2 * HOUR)
    assert not cache.claim(entity, NOW + HOUR, NOW + 2 * HOUR)
    assert cache.claim("another", NOW, NOW + HOUR)


def test_of_eight_at_once_one_gets_the_claim(cache: MetadataCache, tmp_path: Path) -> None:
    def ask(_: int) -> bool:
        if isinstance(cache, DynamoMetadataCache):
            return cache.claim("artist1", NOW, NOW + HOUR)
        with closing(SqliteMetadataCache(tmp_path / "metadata.sqlite")) as own:
            return own.claim("artist1", NOW, NOW + HOUR)

    # moto looks and writes in two steps: that DynamoDB does both at once is AWS's word
    at_once = 1 if isinstance(cache, DynamoMetadataCache) else 8
    with ThreadPoolExecutor(at_once) as pool:
        assert sum(pool.map(ask, range(8))) == 1


def test_a_claim_is_no_knowledge(cache: MetadataCache) -> None:
    cache.claim(uri(1), NOW, NOW + HOUR)
    assert cache.missing_tracks([uri(1)], Grade.STUB, NOW) == {uri(1)}
    assert cache.get_tracks([uri(1)]) == {}
    assert cache.put_tracks([track(1, Grade.STUB)]) == [track(1, Grade.STUB)]
    assert not cache.claim(uri(1), NOW, NOW + HOUR)


def test_a_tombstone_stands_until_its_date(cache: MetadataCache) -> None:
    end = NOW + timedelta(days=30)
    cache.bury(uri(1), end)
    cache.bury("artist1", end)
    before = end - timedelta(milliseconds=1)
    assert cache.missing_tracks([uri(1), uri(2)], Grade.FETCHED, before) == {uri(2)}
    assert cache.missing_artists(["artist1"], Grade.FETCHED, before) == set()
    assert not cache.claim(uri(1), before, before + HOUR)
    assert cache.missing_tracks([uri(1)], Grade.FETCHED, end) == {uri(1)}
    assert cache.claim(uri(1), end, end + HOUR)


def test_a_tombstone_keeps_nobody_from_a_better_row(cache: MetadataCache) -> None:
    cache.bury(uri(1), NOW + HOUR)
    assert cache.missing_tracks([uri(1)], Grade.PAYLOAD) == {uri(1)}
    assert cache.put_tracks([track(1, Grade.PAYLOAD)]) == [track(1, Grade.PAYLOAD)]
    assert not cache.claim(uri(1), NOW, NOW + HOUR)


def test_the_budget_of_a_day_is_spent_once(cache: MetadataCache) -> None:
    assert cache.spend(DAY, 2, 5)
    assert cache.spend(DAY, 3, 5)
    assert not cache.spend(DAY, 1, 5)
    assert cache.spend(DAY, 1, 6)
    assert cache.spend(DAY + timedelta(days=1), 5, 5)


def test_what_the_budget_does_not_hold_takes_nothing(cache: MetadataCache) -> None:
    assert not cache.spend(DAY, 6, 5)
    assert not cache.spend(DAY, 1, 0)
    assert cache.spend(DAY, 4, 5)
    assert not cache.spend(DAY, 2, 5)
    assert cache.spend(DAY, 1, 5)


def test_learned_days_are_remembered_with_their_newest_digest(cache: MetadataCache) -> None:
    cache.mark_learned({"2026-02-27": "x", "2026-02-28": "y"})
    cache.mark_learned({"2026-02-28": "z"})
    cache.mark_learned({})
    cache.spend(DAY, 1, 5)
    assert cache.learned() == {"2026-02-27": "x", "2026-02-28": "z"}
    assert cache.learned(["2026-02-26", "2026-02-28"]) == {"2026-02-28": "z"}
    assert cache.learned(iter([])) == {}


def test_marks_of_ten_years_can_be_asked_for(cache: MetadataCache) -> None:
    days = {(DAY + timedelta(days=number)).isoformat(): str(number) for number in range(2 * BATCH + 1)}
    cache.mark_learned(days)
    assert cache.learned(days) == days


def test_a_local_file_whose_uri_is_longer_than_any_key_may_be_is_known_like_others(cache: MetadataCache) -> None:
    """One play of it must not keep a whole day's songs from being learned."""
    longest = f"spotify:local:{'%E3%83%8D' * 110}:{'%E3%83%8D' * 110}:{'x' * 48}:200"
    longer, twin = f"{longest}1", f"{longest}2"
    assert (len(longest), len(longer)) == (2048, 2049)
    first, second = (track(1, Grade.PAYLOAD).model_copy(update={"track_uri": name}) for name in (longest, longer))
    assert cache.put_tracks([first, second, track(2, Grade.STUB)]) == [first, second, track(2, Grade.STUB)]
    assert cache.put_tracks([second]) == []
    uris = [longest, longer, twin, uri(2), uri(3)]
    assert cache.get_tracks(uris) == {longest: first, longer: second, uri(2): track(2, Grade.STUB)}
    assert cache.missing_tracks(uris, Grade.PAYLOAD) == {twin, uri(2), uri(3)}
    assert cache.claim(longer, NOW, NOW + HOUR)
    assert not cache.claim(longer, NOW, NOW + HOUR)
    cache.bury(twin, NOW + HOUR)
    assert not cache.claim(twin, NOW, NOW + HOUR)


def test_many_entities_at_once(cache: MetadataCache) -> None:
    half = 2 * BATCH + 25
    cache.put_tracks(track(number, Grade.STUB) for number in range(half))
    uris = [uri(number) for number in range(2 * half)]
    assert cache.missing_tracks(uris, Grade.STUB) == set(uris[half:])
    assert set(cache.get_tracks(uris)) == set(uris[:half])


def test_a_laptop_keeps_it_all_in_its_file(tmp_path: Path) -> None:
    path = tmp_path / "metadata.sqlite"
    with closing(SqliteMetadataCache(path)) as first:
        first.put_tracks([track(1, Grade.STUB)])
        first.mark_learned({"2026-02-28": "y"})
        first.spend(DAY, 5, 5)
        first.claim("a", NOW, NOW + HOUR)
    with closing(SqliteMetadataCache(path)) as again:
        assert set(again.get_tracks([uri(1)])) == {uri(1)}
        assert again.learned() == {"2026-02-28": "y"}
        assert not again.spend(DAY, 1, 5)
        assert not again.claim("a", NOW, NOW + HOUR)


def test_a_laptop_says_when_its_file_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        SqliteMetadataCache(tmp_path / "nowhere" / "metadata.sqlite")
    (tmp_path / "odd.sqlite").write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(CorruptObject):
        SqliteMetadataCache(tmp_path / "odd.sqlite")


class Reluctant:
    """A client whose BatchGetItem serves at most `most` keys and hands back the rest."""

    def __init__(self, client: Any, most: int) -> None:
        self._client, self._most, self.calls = client, most, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        self.calls += 1
        ((table, asked),) = RequestItems.items()
        served, left = asked["Keys"][: self._most], asked["Keys"][self._most :]
        found = (
            self._client.batch_get_item(RequestItems={table: asked | {"Keys": served}})["Responses"] if served else {}
        )
        return {"Responses": found, "UnprocessedKeys": {table: asked | {"Keys": left}} if left else {}}


@pytest.mark.aws
def test_keys_that_dynamodb_leaves_are_asked_for_again(dynamo: Any) -> None:
    client = Reluctant(dynamo, 40)
    cache = DynamoMetadataCache(client, *KEYS)
    cache.put_tracks(track(number, Grade.STUB) for number in range(150))
    assert len(cache.get_tracks(uri(number) for number in range(150))) == 150
    assert client.calls == 5


@pytest.mark.aws
def test_bodies_are_packed_and_those_of_the_first_version_can_be_read(dynamo: Any) -> None:
    cache = DynamoMetadataCache(dynamo, *KEYS)
    cache.put_tracks([track(1, Grade.STUB)])
    [item] = dynamo.scan(TableName="tracks")["Items"]
    assert len(item["body"]["B"]) < len(track(1, Grade.STUB).model_dump_json())
    old = track(2, Grade.STUB)
    written = {"track_uri": {"S": old.track_uri}, "body": {"S": old.model_dump_json()}}
    dynamo.put_item(TableName="tracks", Item=item | written)
    assert cache.get_tracks([uri(1), uri(2)]) == {uri(1): track(1, Grade.STUB), uri(2): old}


class Noting:
    """A client that notes which tables its BatchGetItem read strongly."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.strong: list[tuple[str, bool]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        self.strong += [(table, asked["ConsistentRead"]) for table, asked in RequestItems.items()]
        return self._client.batch_get_item(RequestItems=RequestItems)


@pytest.mark.aws
def test_only_what_is_copied_from_the_cache_is_read_strongly(dynamo: Any) -> None:
    """A tombstone, a grade or a mark of this second that is overlooked costs a write in vain; a lost body is lost."""
    client = Noting(dynamo)
    cache = DynamoMetadataCache(client, *KEYS)
    cache.missing_tracks([uri(1)], Grade.STUB, NOW)
    cache.missing_artists(["a"], Grade.STUB)
    cache.learned(["2026-02-28"])
    cache.get_tracks([uri(1)])
    cache.get_artists(["a"])
    assert [strong for _, strong in client.strong] == [False, False, False, True, True]


@pytest.mark.aws
def test_dynamodb_that_serves_no_key_at_all_is_unavailable(dynamo: Any) -> None:
    cache = DynamoMetadataCache(Reluctant(dynamo, 0), *KEYS)
    with pytest.raises(StoreUnavailable):
        cache.get_tracks([uri(1)])


@pytest.mark.aws
def test_a_missing_table_is_a_store_that_does_not_answer(dynamo: Any) -> None:
    cache = DynamoMetadataCache(dynamo, "none", "none", "none")
    with pytest.raises(StoreUnavailable):
        cache.claim("a", NOW, NOW + HOUR)
    with pytest.raises(StoreUnavailable):
        cache.learned()
