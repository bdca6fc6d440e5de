"""What a doctor looks at on this machine, and in any ledger: each finding says what to do about it."""

import json
import shutil
import stat
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from rich.markup import escape
from rich.table import Table

from cli.options import OUT, progress_bar
from playledger.errors import CorruptObject, Misconfigured, NeedsReauth, OwnerMustAct, PlayledgerError
from playledger.models import IngestionState, Model, Token, format_instant, parse_instant
from playledger.ports import HotStore, Publisher, TokenStore
from settlement.audit import damaged
from wiring.laptop import Laptop

DOCUMENT = "dashboard_data.json"
SILENCE = timedelta(hours=3)
STALE = timedelta(hours=36)
REMINDER = timedelta(days=30)
LEAST_FREE = 200_000_000
"""Bytes. A night writes what changed beside what it replaces."""

Verdict = Literal["ok", "note", "wrong"]


class Finding(Model):
    """One thing looked at. `code` is the exit code where it is wrong, `advice` what to do where it is not ok."""

    what: str
    verdict: Verdict
    says: str
    advice: str = ""
    code: int = 0


def ok(what: str, says: str) -> Finding:
    """Nothing to do."""
    return Finding(what=what, verdict="ok", says=says)


def note(what: str, says: str, advice: str) -> Finding:
    """Worth knowing; nothing is lost by it."""
    return Finding(what=what, verdict="note", says=says, advice=advice)


def wrong(what: str, says: str, advice: str, kind: type[PlayledgerError]) -> Finding:
    """To be mended, by the way that this kind of error is mended."""
    return Finding(what=what, verdict="wrong", says=says, advice=advice, code=kind.exit_code)


# ---- any ledger -------------------------------------------------------------------------------------------------


def login_findings(tokens: TokenStore, state: IngestionState | None, now: datetime, command: str) -> Iterator[Finding]:
    """Whether Spotify can be asked, and for how long."""
    advice = f"log in: {command}"
    try:
        token, _ = tokens.load()
    except NeedsReauth:
        yield note("login", "nobody is logged in: nothing is polled", advice)
        return
    if _is_refused(state, token):
        yield wrong("login", "Spotify no longer accepts it", advice, OwnerMustAct)
    else:
        yield _life(token, now, advice)
    if state and state.account_hash and token.account_hash and state.account_hash != token.account_hash:
        yield wrong("account", "the login is another account's than the ledger", advice, OwnerMustAct)


def _is_refused(state: IngestionState | None, token: Token) -> bool:
    """Whether this login was refused: a newer one is tried by the next poll, which then forgets the refusal."""
    if state is None or not state.needs_reauth:
        return False
    return state.last_run_timestamp is None or token.authorized_at <= state.last_run_timestamp


def _life(token: Token, now: datetime, advice: str) -> Finding:
    says = f"ends on {token.dies_at:%Y-%m-%d}, six months after you agreed"
    if token.dies_at <= now:
        return wrong("login", says.replace("ends", "ended"), advice, OwnerMustAct)
    return note("login", says, advice) if token.dies_at - now < REMINDER else ok("login", says)


def poll_finding(state: IngestionState | None, now: datetime, advice: str) -> Finding:
    """Whether somebody polls."""
    if state is None or state.last_run_timestamp is None:
        return note("polls", "there was none yet", advice)
    says = f"the last one was at {format_instant(state.last_run_timestamp)} UTC"
    if now - state.last_run_timestamp > SILENCE:
        return wrong("polls", f"{says}, over three hours ago: plays since then may be lost", advice, OwnerMustAct)
    return ok("polls", says)


def page_finding(publisher: Publisher, now: datetime, advice: str) -> Finding:
    """Whether the page's data are of last night."""
    body = publisher.published(DOCUMENT)
    if body is None:
        return note("page", "it has no data yet", advice)
    made = _made_at(body)
    if made is None:
        return wrong("page", f"{DOCUMENT} cannot be read", advice, CorruptObject)
    says = f"made at {format_instant(made)} UTC"
    return note("page", f"{says}: no night since", advice) if now - made > STALE else ok("page", says)


def _made_at(body: bytes) -> datetime | None:
    try:
        return parse_instant(json.loads(body)["generated_at"])
    except (ValueError, KeyError, TypeError):
        return None


def state_of(hot: HotStore) -> IngestionState | None:
    """The committed state."""
    return hot.load_state()


# ---- this machine -----------------------------------------------------------------------------------------------


def laptop_findings(laptop: Laptop, now: datetime, *, quiet: bool = False) -> list[Finding]:
    """Home, settings, login, polls, page, and every object of the journal."""
    state = state_of(laptop.hot)
    found = [_privacy(laptop), _space(laptop), _zone(laptop)]
    found += login_findings(laptop.tokens, state, now, "playledger login")
    found.append(poll_finding(state, now, "run playledger capture every hour, by cron or a systemd timer"))
    found.append(page_finding(laptop.publisher, now, "run playledger aggregate once a day"))
    with progress_bar("reading the journal", quiet=quiet) as progress:
        faults = damaged(laptop.journal, progress)
    return [*found, *_journal(faults, len(laptop.journal.list()))]


def _privacy(laptop: Laptop) -> Finding:
    """The login is in it, and when you listened to what."""
    paths = [laptop.home, *(path for path in (laptop.home / "token.json",) if path.exists())]
    readable = [str(path) for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if readable:
        return wrong("privacy", "others on this machine may open it", f"chmod go= {' '.join(readable)}", Misconfigured)
    return ok("privacy", "nobody else may open the home folder")


def _space(laptop: Laptop) -> Finding:
    free = shutil.disk_usage(laptop.home).free
    says = f"{free / 1_000_000_000:.1f} GB free at {laptop.home}"
    return ok("space", says) if free >= LEAST_FREE else wrong("space", says, "make room", Misconfigured)


def _zone(laptop: Laptop) -> Finding:
    zone = laptop.settings.time_zone
    if zone == "UTC":
        config = laptop.home / "config.toml"
        return note("time zone", "your days begin at midnight UTC", f'set time_zone = "Europe/Stockholm" in {config}')
    return ok("time zone", f"your days are those of {zone}")


def _journal(faults: list[str], objects: int) -> Iterator[Finding]:
    advice = "take the object from a copy (playledger migrate --to laptop), or move it away to lose its entries"
    yield from (wrong("journal", fault, advice, CorruptObject) for fault in faults)
    if not faults:
        yield ok("journal", f"{objects} objects, each holds what its name says")


# ---- told -------------------------------------------------------------------------------------------------------

STYLES = {"ok": "green", "note": "yellow", "wrong": "red"}


def shown(findings: Iterable[Finding]) -> None:
    """One line each, with what to do below those that are not ok."""
    table = Table("", "what", "finding", box=None, pad_edge=False, show_header=False)
    for finding in findings:
        text = escape(finding.says) + (f"\n[dim]{escape(finding.advice)}[/dim]" if finding.advice else "")
        table.add_row(f"[{STYLES[finding.verdict]}]{finding.verdict}[/]", escape(finding.what), text)
    OUT.print(table)


def exit_code(findings: Iterable[Finding]) -> int:
    """0 where nothing is wrong; else that of the gravest kind."""
    return max((finding.code for finding in findings), default=0)
