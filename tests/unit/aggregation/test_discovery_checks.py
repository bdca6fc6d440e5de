"""Where discovery, artists and records contradict the rest of the document, that is seen before it is published."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from aggregation.discovery_checks import differing_discoveries
from playledger.dashboard_data import DashboardData
from tests.support.sample_document import SAMPLE

pytestmark = pytest.mark.unit

Body = dict[str, Any]


@pytest.fixture(scope="module")
def good() -> Body:
    body: Body = json.loads(SAMPLE.read_text("utf-8"))
    assert list(differing_discoveries(DashboardData.model_validate(body))) == []
    return body


def more(row: Any, key: Any) -> None:
    row[key] += 1


WRONG: dict[str, Callable[[Body], None]] = {
    "new and known plays do not add up": lambda body: more(body["discovery_weekly"]["known"], 7),
    "of different months": lambda body: body["number_ones"].update(start="2001-01"),
    "new_tracks add up to": lambda body: more(body["discovery_monthly"]["new_tracks"], 0),
    "new_artists add up to": lambda body: more(body["discovery_monthly"]["new_artists"], 0),
    "more songs stuck than were new": lambda body: body["discovery_monthly"]["stuck"].__setitem__(0, 9999),
    "a silent month has a song": lambda body: body["number_ones"]["tracks"].__setitem__(3, None),
    "one_hit_wonders": lambda body: body["one_hit_wonders"]["newest"].pop(),
    "point outside the dictionary": lambda body: body["on_this_day"][0].update(track=99_999),
    "has other plays than in alldays": lambda body: more(body["on_this_day"][0], "plays"),
    "tells of one artist twice": lambda body: body["artist_detail"].append(body["artist_detail"][0]),
    "has other plays than in the list of all time": lambda body: more(body["artist_detail"][0], "minutes"),
    "of the list of all time is missing": lambda body: body["artist_detail"].pop(0),
    "have more plays than the artist": lambda body: body["artist_detail"][0]["months"].__setitem__(0, 99_999),
    "the fullest day has not the most plays": lambda body: more(body["records"]["fullest_day"], "plays"),
    "the current streak does not fit": lambda body: body["records"].update(current_streak=None),
    "the milestones do not fit": lambda body: body["records"]["milestones"].pop(0),
    "the longest streak is shorter": lambda body: body["records"]["longest_streak"].update(days=1),
    "the longest silence is longer": lambda body: body["records"]["longest_silence"].update(days=9999),
}


@pytest.mark.parametrize("complaint", WRONG)
def test_a_contradiction_is_seen(good: Body, complaint: str) -> None:
    body = copy.deepcopy(good)
    WRONG[complaint](body)
    found = list(differing_discoveries(DashboardData.model_validate(body)))
    assert any(complaint in sentence for sentence in found), found
