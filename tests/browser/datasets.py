"""Documents that a page may meet: plain, empty, full of holes, old, hostile."""

import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from tests.support.sample_document import (
    SAMPLE,
    Heard,
    Hole,
    Ledger,
    Music,
    Song,
    compile_document,
    invented_ledger,
    trimmed,
    utc,
)

Body = dict[str, Any]

MUSIC = Music(
    (Song("Only Song", 0, 0, "0123456789ABCDEFGHIJKL", 215),),
    (("Only Band", "abcdefghijklmnopqrstuv"),),
    (("Only Album", 0, "ABCDEFGHIJKLMNOPQRSTUV"),),
)

PAYLOADS = (
    "<script>window.__hit=1</script>",
    "<img src=x onerror=window.__hit=1>",
    "<svg onload=window.__hit=1>",
    "<svg><script>window.__hit=1</script></svg>",
    "<iframe srcdoc='<script>parent.__hit=1</script>'>",
    "<template><img src=x onerror=window.__hit=1></template>",
    "<math><mi xlink:href='javascript:window.__hit=1'>x</mi></math>",
    "<details open ontoggle=window.__hit=1>",
    "<body onload=window.__hit=1>",
    "<style>*{display:none}</style>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<a href='javascript:window.__hit=1'>here</a>",
    "</script><script>window.__hit=1</script>",
    "</title></textarea><script>window.__hit=1</script>",
    "\"><img src=x onerror=window.__hit=1>",
    "' onmouseover='window.__hit=1",
    "javascript:window.__hit=1",
    "data:text/html,<script>window.__hit=1</script>",
    "https://evil.example/",
    "../../../../etc/passwd?0123456789ABCD",
    "0123456789ABCDEFGHIJK\n",
    "0123456789ABCDEFGHIJK/",
    "{{constructor.constructor('window.__hit=1')()}}",
    "${window.__hit=1}",
    "__proto__",
    "constructor",
    "&lt;b&gt;&amp;&#60;script&#62;",
    "\u202egnp.exe\u2066 \u2069",
    "\x00\x07\x1b[31mred",
    "\ufeff\u200b\u2028\u2029",
    "<!--", "]]>", "<![CDATA[", "%3Cscript%3E",
)  # fmt: skip

NAMES = (
    "Ж" * 200,
    "W" * 200,
    "a" * 60 + " " + "b" * 139,
    "🎷🎺🥁 " * 50,
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "שלום עולם (Live) [Remix]",
    "مرحبا بالعالم / 12/11",
    "日本語のとても長い曲名" * 12,
    "Z̸͙̈a̴͖͝l̶̰̓g̷̱̈o̵̜͘" * 6,
    "नमस्ते दुनिया",
    " ",
    "",
    "Tab\tand\nnewline",
    "ﷺ﷽",
)


def _body(ledger: Ledger, **changes: Any) -> Body:
    document = compile_document(ledger, **changes)
    return dict(document.model_dump(mode="json", by_alias=True))


@cache
def _sample_text() -> str:
    return SAMPLE.read_text("utf-8")


def sample() -> Body:
    """Three years of an invented listener, as committed."""
    return dict(json.loads(_sample_text()))


def empty() -> Body:
    """Never played."""
    return _body(Ledger(MUSIC, [], date(2026, 11, 10)))


def one_play() -> Body:
    """The very first day, one play."""
    ledger = Ledger(MUSIC, [], date(2026, 11, 10))
    ledger.plays.append(Heard(int(ledger.midnight(date(2026, 11, 10)).timestamp()) + 50_000, 0, 215_000))
    return _body(ledger)


def gap_heavy() -> Body:
    """Sixty outages in four months, so that more exist than are listed."""
    chance = random.Random(7)
    ledger = invented_ledger(seed=7, years=0.6)
    start = datetime(2026, 7, 15, tzinfo=UTC)
    ledger.holes = [
        Hole(
            at := start + timedelta(days=2 * number, minutes=chance.randrange(1200)),
            at + timedelta(minutes=chance.randrange(40, 2000)),
            at + timedelta(minutes=30) if number % 3 == 0 else None,
            number % 4 == 0,
            chance.random() * 40 if number % 2 else None,
        )
        for number in range(60)
    ]
    return _with_trimmed(ledger)


def _with_trimmed(ledger: Ledger) -> Body:
    return dict(trimmed(compile_document(ledger)).model_dump(mode="json", by_alias=True))


def live(**health: Any) -> Body:
    """The sample as a living page sees it: ages are counted from the clock."""
    body = sample() | {"mode": "live"}
    body["health"] = body["health"] | health
    return body


def stale() -> Body:
    """Nobody has checked for four days, though the night goes on."""
    body = live()
    built = datetime.fromisoformat(body["generated_at"])
    return body | {"mode": "demo", "last_poll_at": utc(built - timedelta(days=4))}


def reauth() -> Body:
    """Spotify refuses the login."""
    body = sample()
    body["health"]["auth"] = {"state": "needs_reauth", "reauthorize_by": None}
    body["health"]["quarantined"] = 3
    return body


def _spread(values: tuple[str, ...]) -> Body:
    """The sample with `values` in every field that is free text, each of them in a track that is shown."""
    body = sample()
    names = body["dict"]
    turn = iter(range(10**6))

    def value() -> str:
        return values[next(turn) % len(values)]

    shown = [row[0] for window in body["windows"].values() for row in window["top_tracks"]]
    first = {track: at for at, track in reversed(list(enumerate(shown)))}
    for track in sorted(range(len(names["tracks"])), key=lambda index: first.get(index, 10**6)):
        names["tracks"][track][0] = value()
    for row in names["tracks"]:
        row[3] = value()
    for row in (*names["artists"], *names["albums"]):
        row[0] = value()
    for row in names["artists"]:
        row[1] = value()
    for row in names["albums"]:
        row[2] = value()
    names["genres"] = list(values)
    names["contexts"] = [[value(), value()] for _ in names["contexts"]]
    for window in body["windows"].values():
        window["top_genres"] = [[at, 40 - at, 90, None, at + 1, 9] for at in range(min(10, len(values)))]
    body["playlist"] |= {"name": value(), "week": value(), "id": value()}
    body["app_version"] = value()
    body["questions"] = {f"question {text}": {"version": 1, "sha256": value()} for text in values}
    return body


def hostile() -> Body:
    """Payloads in every string field that may hold any text."""
    return _spread(PAYLOADS)


def many_scripts() -> Body:
    """Names of all directions, widths and lengths."""
    return _spread(NAMES)


DATASETS: dict[str, Callable[[], Body]] = {
    made.__name__: made for made in (empty, one_play, sample, gap_heavy, stale, reauth, hostile, many_scripts)
}
