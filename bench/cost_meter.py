"""What a job asks of AWS, counted where botocore sends it: calls, billed units, bytes, and the processor it takes.

DynamoDB's units are AWS's published rules over the sizes of the items that were really there: moto's own are not. What
moto itself does in this process is taken off the processor's time.
"""

import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any

LIST, PUT, GET = "s3 list", "s3 put", "s3 get"
WRITES, READS = "dynamodb write units", "dynamodb read units"
S3_KINDS = {
    "ListObjectsV2": LIST,
    "PutObject": PUT,
    "CopyObject": PUT,
    "GetObject": GET,
    "HeadObject": GET,
    "GetBucketLocation": GET,
}
FREE = frozenset({"DeleteObject", "DeleteObjects"})


@dataclass
class Counts:
    """What one or more runs came to. `calls` is by service and operation, `units` by what is billed.

    `listed` is, by prefix, how many objects all listings saw, and `listings` how many there were; those that begin in
    the middle have a prefix that ends in `...`. `written` has the bytes put below each prefix.
    """

    runs: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    listed: Counter[str] = field(default_factory=Counter)
    listings: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    cpu_seconds: float = 0.0
    spotify: int = 0
    printed: int = 0
    metrics: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, other: "Counts") -> None:
        """Adds what other runs came to."""
        for name in ("runs", "cpu_seconds", "spotify", "printed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("calls", "units", "listed", "listings", "written"):
            getattr(self, name).update(getattr(other, name))
        for metric, hours in other.metrics.items():
            self.metrics[metric] |= hours


class Meter:
    """Counts what is sent through the botocore sessions it `watches`, into `counts`."""

    def __init__(self, item_bytes: Callable[[str, Mapping[str, Any]], int], table_bytes: Callable[[str], int]) -> None:
        self.counts = Counts()
        self._item_bytes = item_bytes
        self._table_bytes = table_bytes
        self._lock = threading.Lock()

    def watch(self, session: Any) -> None:
        """All clients that this botocore session makes from now on."""
        session.register("before-parameter-build.*.*", self._before)
        session.register("after-call.*.*", self._after)

    def _before(self, params: Any, context: dict[str, Any], **_: Any) -> None:
        context["counted_params"] = params

    def _after(self, parsed: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
        params, operation = context.get("counted_params", {}), model.name
        service = model.service_model.service_name
        with self._lock:
            self.counts.calls[f"{service} {operation}"] += 1
            if service == "s3":
                self._count_s3(operation, params, parsed)
            elif service == "dynamodb":
                for unit, size in self._dynamodb(operation, params):
                    self.counts.units[unit] += size

    def _count_s3(self, operation: str, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> None:
        if operation in FREE:
            return
        kind = S3_KINDS[operation]
        self.counts.units[kind] += 1
        if kind == LIST:
            prefix = params["Prefix"] + ("..." if "StartAfter" in params else "")
            self.counts.listed[prefix] += parsed.get("KeyCount", 0)
            self.counts.listings[prefix] += not params.get("ContinuationToken")
        if kind == PUT:
            self.counts.written[params["Key"].rpartition("/")[0].split("/dt=")[0]] += size_of(params["Body"])

    # ---- DynamoDB ---------------------------------------------------------------------------------------------------

    def _dynamodb(self, operation: str, params: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
        """Units by AWS's rules: writes by the kilobyte, twice in a transaction; strong reads by four kilobytes,
        others at half of that."""
        match operation:
            case "PutItem":
                yield WRITES, kilobytes(item_size(params["Item"]))
            case "UpdateItem":
                yield WRITES, kilobytes(self._item_bytes(params["TableName"], params["Key"]))
            case "TransactWriteItems":
                for action in params["TransactItems"]:
                    [written] = action.values()
                    size = item_size(written["Item"]) if "Item" in written else 1
                    yield WRITES, 2 * kilobytes(size)
            case "GetItem":
                yield READS, kilobytes(self._item_bytes(params["TableName"], params["Key"]), 4)
            case "BatchGetItem":
                for table, asked in params["RequestItems"].items():
                    units = sum(kilobytes(self._item_bytes(table, key), 4) for key in asked["Keys"])
                    yield READS, units if asked.get("ConsistentRead") else ceil(units / 2)
            case "Query" | "Scan":
                # both read the table whole: the hot plays of a month, and the marks in the state table
                share = 1 if "ExclusiveStartKey" not in params else 0
                yield READS, share * kilobytes(self._table_bytes(params["TableName"]), 4)
            case _:
                raise ValueError(f"nobody said what dynamodb {operation} is billed as")


def kilobytes(size: int, step: int = 1) -> int:
    """Billed units of so many bytes, at least one."""
    return max(1, ceil(size / (step * 1024)))


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes of a DynamoDB item: names and values in UTF-8; a number about half a byte a digit."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    [(kind, held)] = value.items()
    if kind == "N":
        return len(str(held)) // 2 + 2
    if kind in ("S", "B"):
        return len(held.encode() if isinstance(held, str) else held)
    if kind == "SS":
        return 3 + sum(len(text.encode()) + 1 for text in held)
    return 1


def size_of(body: Any) -> int:
    """Bytes of what is put."""
    return len(body) if isinstance(body, bytes | bytearray | str) else int(body.seek(0, 2) + 0 * body.seek(0))


# ---- the processor ----------------------------------------------------------------------------------------------


class Elsewhere:
    """Seconds of this thread's processor that moto took: it answers inside the call."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """While it holds, the time of moto's answers is noted."""
        from moto.core import botocore_stubber

        real = botocore_stubber.BotocoreStubber.__call__
        main = threading.get_ident()

        def timed(stubber: Any, *args: Any, **how: Any) -> Any:
            started = time.thread_time()
            try:
                return real(stubber, *args, **how)
            finally:
                self.seconds += (time.thread_time() - started) * (threading.get_ident() == main)

        kind: Any = botocore_stubber.BotocoreStubber
        kind.__call__ = timed
        try:
            yield
        finally:
            kind.__call__ = real


# ---- the log ----------------------------------------------------------------------------------------------------


def metrics_in(lines: Sequence[str]) -> Iterator[str]:
    """Names, with their dimensions, of the custom metrics that these log lines make."""
    for line in lines:
        if '"_aws"' in line:
            told = json.loads(line)
            for directive in told["_aws"]["CloudWatchMetrics"]:
                where = [[told[name] for name in names] for names in directive["Dimensions"]]
                yield from (f"{metric['Name']} {where}" for metric in directive["Metrics"])
