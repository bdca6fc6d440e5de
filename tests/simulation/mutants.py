"""Hand-broken protocols. Each is a plausible mistake, one of them made by a first draft of this very project."""

from tests.simulation.mutation import Mutant

CAPTURE, NOVELTY, PARSE = "ingestion/capture.py", "ingestion/novelty.py", "ingestion/parse.py"
HOT, GAPS, SETTLE, EVIDENCE = (
    "settlement/hot.py",
    "settlement/gaps.py",
    "settlement/settle.py",
    "settlement/evidence.py",
)
MODELS, JOURNAL, COVERAGE = "playledger/models.py", "playledger/journal.py", "playledger/coverage.py"

MUTANTS = (
    # ---- capture ------------------------------------------------------------------------------------------------
    Mutant(
        "state before journal",
        "exhaustive",
        CAPTURE,
        (
            ("        ledger.keep(fresh)\n", ""),
            (
                "            known = _commit(hot, fresh, after)\n",
                "            known = _commit(hot, fresh, after)\n            ledger.keep(fresh)\n",
            ),
        ),
    ),
    Mutant(
        "novelty by cursor",
        "directed",
        NOVELTY,
        (
            (
                "for play in self.poll.window.plays if seen_hash(play.key) not in self._seen)",
                "for play in self.poll.window.plays if to_ms(play.played_at) > _newest(self.state))",
            ),
            (
                "\n\ndef batches(fresh",
                "\n\ndef _newest(state):\n    return (state and state.last_cursor_unix_ms) or 0\n\n\ndef batches(fresh",
            ),
        ),
    ),
    Mutant(
        "journal error swallowed",
        "directed",
        CAPTURE,
        (
            (
                "                self._hot.spool(fresh.plays, fresh.spoolable_claim)\n            raise\n",
                "                self._hot.spool(fresh.plays, fresh.spoolable_claim)\n",
            ),
        ),
    ),
    Mutant(
        "nothing kept while the state store is down",
        "directed",
        CAPTURE,
        (("        ledger.keep(fresh)\n", "        if fresh.state is not None:\n            ledger.keep(fresh)\n"),),
    ),
    Mutant(
        "nothing spooled while the journal is down",
        "directed",
        CAPTURE,
        (("                self._hot.spool(fresh.plays, fresh.spoolable_claim)\n", "                pass\n"),),
    ),
    Mutant(
        "claim on every object",
        "directed",
        NOVELTY,
        (
            (".extend([*fresh.quarantined, fresh.claim])", ".extend(fresh.quarantined)"),
            ("encode(days[dt], dt) for dt", "encode([*days[dt], fresh.claim], dt) for dt"),
        ),
    ),
    Mutant(
        "no bootstrap claim",
        "directed",
        NOVELTY,
        (("        return self.state is not None and self.state.coverage_from is None\n", "        return False\n"),),
    ),
    Mutant(
        "claim from the cursor instead of the window's end",
        "directed",
        NOVELTY,
        (
            (
                "            lo=min(ends[0], self._began) if shows_all else ends[0],\n",
                "            lo=min(ends[0], (self.state and self.state.last_seen_played_at) or ends[0]),\n",
            ),
        ),
    ),
    Mutant(
        "a short list vouches like a whole one",
        "directed",
        NOVELTY,
        (
            (
                "        return self.poll.window.n < (self.state.window_max if self.state else WINDOW_SIZE)\n",
                "        return False\n",
            ),
        ),
    ),
    Mutant(
        "the first list after a lost state reaches back",
        "directed",
        NOVELTY,
        (
            ("        shows_all = self.was_covered and not", "        shows_all = self.state is not None and not"),
            ("or self.poll.server_now\n", "or self.poll.server_now.replace(year=2000)\n"),
        ),
    ),
    Mutant(
        "a list without what was seen before reaches back",
        "directed",
        NOVELTY,
        ((" and not self._seen\n", "\n"),),
    ),
    Mutant(
        "a list with all that was seen before reaches back",
        "directed",
        NOVELTY,
        (
            (" and not self._seen\n", " and self.overlap == len(self._seen)\n"),
            ("or self.poll.server_now\n", "or self.poll.server_now.replace(year=2000)\n"),
            ("        return (self.state and self.state.coverage_from) or", "        return"),
        ),
    ),
    Mutant(
        "regressing cursor",
        "directed",
        NOVELTY,
        (
            (
                "max([*_given(state.last_cursor_unix_ms), *map(to_ms, poll.ends[-1:])]",
                "max([*map(to_ms, poll.ends[-1:])]",
            ),
        ),
    ),
    Mutant(
        "no version condition",
        "directed",
        CAPTURE,
        (
            (
                "        hot.commit(plays, after)\n",
                "        hot.commit(plays, _forced(after, hot.load_state() or IngestionState()))\n",
            ),
            ("not in known], after)\n", "not in known], _forced(after, hot.load_state() or IngestionState()))\n"),
            (
                "\n\ndef _note_idle(",
                """

def _forced(after, now):
    newest = max(filter(None, (now.last_run_timestamp, after.last_run_timestamp)))
    return after.model_copy(update={"version": now.version + 1, "last_run_timestamp": newest})


def _note_idle(""",
            ),
        ),
    ),
    Mutant(
        "a play the hot store knows ends the commit",
        "directed",
        CAPTURE,
        (("        known = set(error.keys)\n", "        raise\n        known = set(error.keys)\n"),),
    ),
    Mutant(
        "ten plays remembered",
        "random",
        NOVELTY,
        (("[-SEEN_LIMIT:]", "[-10:]"),),
    ),
    Mutant(
        "partition by ingestion date",
        "directed",
        NOVELTY,
        (
            (
                "days.setdefault(utc_day(play.played_at), []).append(play)",
                "days.setdefault(utc_day(play.ingested_at), []).append(play)",
            ),
        ),
    ),
    Mutant(
        "the future moves the cursor",
        "directed",
        NOVELTY,
        (
            (
                "        return [play.played_at for play in self.window.plays if play.played_at <= newest]\n",
                "        return [play.played_at for play in self.window.plays if newest]\n",
            ),
        ),
    ),
    Mutant(
        "what was set aside is not remembered",
        "directed",
        NOVELTY,
        (
            (
                "        return [seen_hash(record.entry_id) for record in self.window.quarantined] + [\n",
                "        return [\n",
            ),
        ),
    ),
    Mutant(
        "a block is not honoured",
        "directed",
        CAPTURE,
        (
            (
                "    return until is not None and timedelta() < until - now <= LONGEST_BLOCK\n",
                "    return until is not None and now is None\n",
            ),
        ),
    ),
    Mutant(
        "a poll that was answered before calls off a block",
        "directed",
        NOVELTY,
        (("        return blocked is not None and blocked != self.poll.blocked_before\n", "        return False\n"),),
    ),
    Mutant(
        "one unreadable record stops the poll",
        "directed",
        PARSE,
        (
            (
                "            record = set_aside(item, str(error), ingested_at)\n",
                "            raise SpotifyUnavailable(str(error)) from error\n",
            ),
        ),
    ),
    # ---- the journal --------------------------------------------------------------------------------------------
    Mutant(
        "key without the track",
        "directed",
        MODELS,
        (('    return f"{to_ms(played_at)}#{track_uri}"\n', '    return f"{to_ms(played_at)}#{track_uri[:0]}"\n'),),
    ),
    Mutant(
        "object name without the claim",
        "directed",
        JOURNAL,
        (
            (
                "sorted(entry.entry_id for entry in ordered)",
                'sorted(entry.entry_id for entry in ordered if entry.kind != "claim")',
            ),
        ),
    ),
    # ---- the night ----------------------------------------------------------------------------------------------
    Mutant(
        "the night leaves spooled plays where they are",
        "directed",
        HOT,
        (
            (
                "    missing = [play for play in kept if play.key not in known]\n",
                "    missing = [play for play in kept if play.key is None]\n",
            ),
        ),
    ),
    Mutant(
        "the night does not fill the hot store",
        "directed",
        HOT,
        (("    filled = hot.fill(lacking, now)\n", "    filled = len(lacking) - len(lacking)\n"),),
    ),
    Mutant(
        "plays are read before the claims that vouch for them",
        "directed",
        HOT,
        (
            (
                "    claims, held = hot.spooled_claims(), {play.key: play.played_at for play in hot.plays(now)}\n",
                "    held, claims = {play.key: play.played_at for play in hot.plays(now)}, hot.spooled_claims()\n",
            ),
        ),
    ),
    Mutant(
        "spooled claims vouch for what has expired",
        "directed",
        HOT,
        (
            (
                "    proved = [claim for claim in claims if _is_proved(claim, seen)]\n",
                "    proved = list(claims)\n",
            ),
        ),
    ),
    Mutant(
        "a play seen again proves no claim from before",
        "directed",
        HOT,
        (
            (
                "    seen = _first_seen([*_polled(days), *kept]).values() if claims else ()\n",
                "    seen = [*_first_seen(_polled(days)).values(), *missing]\n",
            ),
        ),
    ),
    Mutant(
        "a date that was alike once is never read again",
        "directed",
        HOT,
        (("if (alike or {}).get(str(dt)) == name}", "if str(dt) in (alike or {})}"),),
    ),
    Mutant(
        "rebuild forgets what was seen",
        "directed",
        HOT,
        (('            "seen": tuple(map(seen_hash, newest)),\n', '            "seen": (),\n'),),
    ),
    Mutant(
        "coverage of a month is folded once and for all",
        "random",
        EVIDENCE,
        (("    if stored and stored.digest == digest:\n", "    if stored:\n"),),
    ),
    Mutant(
        "coverage of a day is folded once and for all",
        "random",
        EVIDENCE,
        (("    return str(dt), days.digest(dt, dt)\n", "    return str(dt), str(dt)\n"),),
    ),
    Mutant(
        "a hole of an hour is none",
        "directed",
        COVERAGE,
        (
            (
                "        if folded and span.lo <= folded[-1].hi:\n",
                "        if folded and span.lo <= folded[-1].hi + 3_600_000:\n",
            ),
        ),
    ),
    Mutant(
        "every observation is a play",
        "directed",
        SETTLE,
        (
            (
                "                if heap.polled.setdefault(entry.key, entry) is not entry:\n",
                "                if heap.polled.setdefault(entry.key + str(entry.ingested_at), entry) is not entry:\n",
            ),
        ),
    ),
    Mutant(
        "the context as last seen",
        "directed",
        SETTLE,
        (('"album_name", "duration_ms", "context")', '"album_name", "duration_ms")'),),
    ),
    # ---- adapters -----------------------------------------------------------------------------------------------
    Mutant(
        "a token in a warning",
        "directed",
        "adapters/spotify_token.py",
        (
            (
                '        _log.warning("the login could not be saved;',
                '        _log.warning(f"{token.access_token} could not be saved;',
            ),
        ),
    ),
    Mutant(
        "a dead login is refreshed once more with itself",
        "directed",
        "adapters/spotify_token.py",
        (
            (
                "            if stored.refresh_token == used.refresh_token:\n                raise\n",
                "            if stored.refresh_token:\n                raise\n",
            ),
        ),
    ),
    Mutant(
        "SQLite commits whatever the version",
        "contract",
        "adapters/hot_store.py",
        (("    if version != state.version - 1:\n", "    if version is None:\n"),),
    ),
    Mutant(
        "a file of the journal is replaced",
        "contract",
        "adapters/journal.py",
        (
            (
                "            created = not target.exists() and _link(target, body)\n",
                "            created = _link(target, body)\n",
            ),
            ("        os.link(name, target)\n", "        target.write_bytes(body)\n"),
        ),
    ),
)
"""Each must be caught by the tier it names."""

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
