"""Every question is in the subset of SQL that Athena and DuckDB understand alike, and says which partitions it reads.

sqlglot reads each text as Trino's and writes it again: what it drops or adds is what only one of the two understands.
Its tree then shows the constructs that both run, but with different results.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

import sql
from glue_catalog.tables import TABLES

pytestmark = pytest.mark.house

FUNCTIONS = {
    *("avg", "cast", "chr", "coalesce", "count", "date_diff", "date_trunc", "dense_rank", "floor", "grouping", "hour"),
    *("lag", "lead", "lower", "max", "min", "minute", "nullif", "rank", "replace", "round", "row_number", "split"),
    *("strpos", "substr", "sum", "trim", "unnest", "year"),
}
"""The same in both engines. Whoever needs another one shows that it is, and adds it."""

SYNTAX = {
    *("and", "as", "by", "exists", "filter", "from", "in", "join", "not", "on", "or", "over", "select", "sets", "then"),
    *("values", "when", "where"),
    "decimal",
}
"""Words that may stand before a bracket without being functions."""

DROPPED = Counter(dict.fromkeys(("nulls", "last", "at", "time", "zone"), 99))
ADDED = Counter(dict.fromkeys(("select", "*", "from", "_values", "cast", "as", "at_timezone", "0", "3"), 99))
"""What sqlglot spells in another way although both engines understand what is written."""

PARTITIONS = {"journal": "dt"} | {spec.name: spec.partition for spec in TABLES.values() if spec.partition}

SAMPLES: dict[str, object] = {"p_tz": "Europe/Stockholm", "p_limit": 3}


def bound(query: sql.Query) -> str:
    """The text with a likely value for every parameter."""
    is_moment = query.name.endswith("gap_minutes")
    usual: object = datetime(2026, 1, 2) if is_moment else "2026-01-02"  # noqa: DTZ001
    return sql.bind(query.text, {name: SAMPLES.get(name, usual) for name in query.params})


def problems(query: sql.Query) -> list[str]:
    """What is wrong with a question, in sentences."""
    text = bound(query)
    try:
        tree = sqlglot.parse_one(text, read="trino")
    except SqlglotError as error:
        return [f"no SQL of Trino's: {str(error).splitlines()[0]}"]
    found = [*_respelled(text, tree), *_functions(text, tree), *_twofold(tree), *_unlike(tree), *_aliases(tree)]
    return [*found, *_sums(tree), *_order(tree, query), *_unpruned(tree, query)]


def _words(text: str) -> Counter[str]:
    words = (token.text.lower() for token in sqlglot.tokenize(text, read="trino"))
    return Counter(word for word in words if word not in "(),;")


def _respelled(text: str, tree: exp.Expression) -> Iterator[str]:
    before, after = _words(text), _words(tree.sql("trino"))
    if dropped := before - after - DROPPED:
        yield f"Trino knows no {sorted(dropped)}"
    if added := after - before - ADDED:
        yield f"Trino spells it with {sorted(added)}"
    if "::" in text:
        yield "Trino knows no ::"
    if re.search(r"(^|\()\s*from\b", text):
        yield "Trino wants a select before from"


def _functions(text: str, tree: exp.Expression) -> Iterator[str]:
    named = {alias.name.lower() for alias in tree.find_all(exp.TableAlias)}
    bare = re.sub(r"'(?:[^']|'')*'", "''", text)
    called = {name.lower() for name in re.findall(r"([A-Za-z_]\w*)\s*\(", bare)}
    if unknown := called - FUNCTIONS - SYNTAX - named:
        yield f"not known to be the same in both engines: {sorted(unknown)}"


def _is_cast(node: exp.Expression | None, kind: str) -> bool:
    return isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type[kind]


def _twofold(tree: exp.Expression) -> Iterator[str]:
    """Constructs that both engines run, with different results."""
    for node in tree.walk():
        if complaint := _complaint(node):
            yield f"{complaint}: {node.sql('trino')}"


def _complaint(node: exp.Expression) -> str:
    match node:
        case exp.Div() if not _is_cast(node.left, "DOUBLE") and not _is_cast(node.right, "DOUBLE"):
            return "divides integers"
        case exp.DateDiff() if not _is_plain_difference(node):
            return "date_diff counts boundaries in one engine"
        case exp.AtTimeZone() if not _is_cast(node.this, "TIMESTAMPTZ"):
            return "at time zone goes the other way without a zone"
        case exp.Interval() | exp.TimestampTrunc() | exp.DateTrunc():
            is_cast = any(_is_cast(above, "DATE") for above in _above(node))
            return "" if is_cast else "is a date in one engine and a timestamp in the other"
        case exp.Sub() if _is_cast(node.left, "DATE") and _is_cast(node.right, "DATE"):
            return "the difference of dates has two types"
    return ""


def _is_plain_difference(node: exp.DateDiff) -> bool:
    unit = node.text("unit").lower()
    dates = _is_cast(node.this, "DATE") and _is_cast(node.expression, "DATE")
    return unit == "millisecond" or (unit == "day" and dates)


def _above(node: exp.Expression) -> Iterator[exp.Expression]:
    while node.parent is not None:
        node = node.parent
        yield node


JOINS = ("SEMI", "ANTI", "ASOF")


def _unlike(tree: exp.Expression) -> Iterator[str]:
    """Constructs that sqlglot passes on although Trino has none."""
    for group in tree.find_all(exp.Group):
        if group.args.get("all") or not group.expressions or any(node.is_int for node in group.expressions):
            yield "group by wants names of columns"
    kinds = {join.kind.upper() for join in tree.find_all(exp.Join)}
    aliases = {table.alias.upper() for table in tree.find_all(exp.Table)}
    if odd := (kinds | aliases) & set(JOINS):
        yield f"no such join: {sorted(odd)}"
    if any(not (join.kind or join.side or join.args.get("on")) for join in tree.find_all(exp.Join)):
        yield "a comma between tables: say cross join"
    if any(node.args.get("except_") or node.args.get("replace") for node in tree.find_all(exp.Star)):
        yield "a star with exceptions"
    if any(node.args.get("on") for node in tree.find_all(exp.Distinct)):
        yield "distinct on"


def _aliases(tree: exp.Expression) -> Iterator[str]:
    """Trino does not know a select's own names in its where, group by and having, nor beside each other."""
    for select in tree.find_all(exp.Select):
        own = {node.alias for node in select.expressions if isinstance(node, exp.Alias) and not _reads(node)}
        clauses = [select.args.get(name) for name in ("where", "group", "having")] + select.expressions
        used = {column.name for clause in clauses if clause for column in _columns(clause) if not column.table}
        if hits := own & used:
            yield f"its own names are used again: {sorted(hits)}"


def _reads(alias: exp.Alias) -> bool:
    """Whether the name also is a column that the expression reads: then it means the column."""
    return any(column.name == alias.alias for column in alias.this.find_all(exp.Column))


def _columns(clause: exp.Expression) -> Iterator[exp.Column]:
    home = clause.find_ancestor(exp.Select)
    return (column for column in clause.find_all(exp.Column) if column.find_ancestor(exp.Select) is home)


def _sums(tree: exp.Expression) -> Iterator[str]:
    for node in tree.find_all(exp.Sum):
        above = list(_above(node))
        is_shown = not any(isinstance(step, exp.Having | exp.Order) for step in above)
        if is_shown and not any(_is_cast(step, kind) for step in above for kind in ("BIGINT", "DOUBLE")):
            yield f"a sum has another type in DuckDB, cast it: {node.sql('trino')}"


def _order(tree: exp.Expression, query: sql.Query) -> Iterator[str]:
    if not tree.args.get("order") and query.grain != "one row":
        yield "the order of its rows is left to chance"


def _unpruned(tree: exp.Expression, query: sql.Query) -> Iterator[str]:
    """Scans of a partitioned table without a literal bound beside them that the header gives no reason for."""
    excused = set(re.findall(r"\w+", query.whole))
    for table in tree.find_all(exp.Table):
        partition, select = PARTITIONS.get(table.name), table.find_ancestor(exp.Select)
        if partition and select and table.name not in excused and not _is_bounded(select, partition):
            yield f"reads all of {table.name}, and the header does not say why (whole: ...)"
        if partition and select and isinstance(getattr(select.args.get("where"), "this", None), exp.Or):
            yield f"a bound of {table.name} with an alternative bounds nothing"


def _is_bounded(select: exp.Select, partition: str) -> bool:
    where = select.args.get("where")
    comparisons = where.find_all(exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ) if where else ()
    return any(
        isinstance(node.left, exp.Column) and node.left.name == partition and isinstance(node.right, exp.Literal)
        for node in comparisons
    )


@pytest.mark.parametrize("name", sql.names())
def test_a_question_is_portable(name: str) -> None:
    assert problems(sql.load(name)) == []


@pytest.mark.parametrize("name", sql.names())
def test_a_question_is_narrow(name: str) -> None:
    assert max(map(len, (sql.FOLDER / f"{name}.sql").read_text("utf-8").splitlines())) <= 120


@pytest.mark.parametrize("name", sql.names())
def test_a_question_is_short(name: str) -> None:
    assert len((sql.FOLDER / f"{name}.sql").read_text("utf-8").splitlines()) <= 60


# ---- the lint itself --------------------------------------------------------------------------------------------

HEADER = "-- answers: a\n-- grain: {grain}\n-- params: -\n-- feeds: -\n-- version: 1\n{more}"

BAD = [
    ("select 1::bigint as a order by 1", "::"),
    ("select a from gaps qualify row_number() over (order by a) = 1 order by a", "no SQL"),
    ("select a, count(*) as n from gaps group by all order by a", "group by"),
    ("select a, count(*) as n from gaps group by 1 order by a", "group by"),
    ("select lost_min + 1 as n from gaps where n > 1 order by n", "used again"),
    ("select lost_min + 1 as n from gaps group by n order by n", "used again"),
    ("select lost_min + 1 as n, n + 1 as m from gaps order by n", "used again"),
    ("select lost_min as a, count(*) as n from gaps group by lost_min having n > 1 order by a", "used again"),
    ("select * exclude (a) from gaps order by b", "star|Trino"),
    ("from gaps order by a", "select before from"),
    ("select distinct on (a) a, b from gaps order by a", "distinct on"),
    ("select gaps.a from gaps semi join gaps as other on gaps.a = other.a order by a", "no such join"),
    ("select [1, 2] as a order by a", "Trino|ARRAY|array"),
    ("select string_agg(a, ',') as a from gaps order by a", "string_agg"),
    ("select epoch_ms(after) as a from gaps order by a", "epoch_ms"),
    ("select lost_min / 2 as a from gaps order by a", "divides"),
    ("select date_diff('hour', after, before) as a from gaps order by a", "date_diff"),
    ("select date_diff('day', after, before) as a from gaps order by a", "date_diff"),
    ("select extract(dow from after) as a from gaps order by a", "extract"),
    ("select after at time zone 'UTC' as a from gaps order by a", "at time zone"),
    ("select cast(after as date) + interval '1' day as a from gaps order by a", "timestamp in the other"),
    ("select date_trunc('week', after) as a from gaps order by a", "timestamp in the other"),
    ("select cast(after as date) - cast(before as date) as a from gaps order by a", "two types"),
    ("select greatest(lost_min, 1) as a from gaps order by a", "greatest"),
    ("select concat(gap_class, 'x') as a from gaps order by a", "concat"),
    ("select sum(lost_min) as a from gaps group by gap_class order by gap_class", "cast it"),
    ("select lost_min as a from gaps", "chance"),
    ("select track_uri as a from plays order by a", "all of plays"),
    ("select track_uri as a from plays where cast(dt as date) > date '2026-01-01' order by a", "all of plays"),
    ("select a from (select track_uri as a, dt from plays) as p where dt > '2026-01-01' order by a", "all of plays"),
    ("select track_uri as a from plays where dt > '2026-01-01' or dt = '2025-01-01' order by a", "bounds nothing"),
    ("select lost_min as a from gaps, songs order by a", "comma"),
    ("selec 1", "no SQL"),
]


@pytest.mark.parametrize(("text", "complaint"), BAD)
def test_the_lint_sees_what_only_one_engine_understands(text: str, complaint: str) -> None:
    query = sql.parse("bad", HEADER.format(grain="one row per a", more="") + text)
    assert re.search(complaint, " | ".join(problems(query)))


def test_the_lint_lets_a_reason_for_reading_everything_pass() -> None:
    body = "select track_uri as a from plays order by a"
    reason = "-- whole: plays, because of a reason\n"
    assert problems(sql.parse("good", HEADER.format(grain="one row per a", more=reason) + body)) == []
