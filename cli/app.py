"""The commands of `playledger`. Each parses its options, calls one job and shows its report."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import platformdirs
import typer

from cli import exclude
from cli.options import ERR, OUT, Aws, Direction, Json, SettingsFile, Shared, moment, print_json, progress_bar
from cli.options import shared_of as _shared
from playledger import __version__
from playledger.errors import Misconfigured, PlayledgerError

if TYPE_CHECKING:
    from cli.doctor import Finding

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Every Spotify play you ever make, kept.\n\n"
        "capture reads Spotify's last 50 plays into the journal; import adds an account export; aggregate settles them "
        "into plays and builds the dashboard; serve shows it. Nothing in the journal is ever changed or deleted.\n\n"
        "Try it without an account: playledger demo\n\n"
        "Exit codes: 0 done, 2 wrong usage, 10 try again later, 11 you must act (log in), 12 the data does not fit, "
        "13 wrong settings."
    ),
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def front(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(help="Folder of journal, tables, site, login and config.toml. (default: your data folder)"),
    ] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone of your days, like Europe/Stockholm.")] = None,
    now: Annotated[
        str | None, typer.Option(help="Act as if it were this moment, like 2026-11-22T03:10:00Z (for replays).")
    ] = None,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Version, then exit.")] = False,
) -> None:
    """Options in front of every command."""
    place = home.expanduser().absolute() if home else platformdirs.user_data_path("playledger")
    context.obj = Shared(home=place, home_given=home is not None, zone=zone, now=moment(now) if now else None)


@app.command()
def login(
    context: typer.Context,
    client_id: Annotated[
        str | None, typer.Option(help="Client id of your Spotify app. (default: from config.toml)")
    ] = None,
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port of the redirect URI on 127.0.0.1.")] = 8724,
    aws: Aws = False,
    settings: SettingsFile = None,
) -> None:
    """Log in to Spotify in the browser. Spotify ends every login after six months: do it again before.

    With --aws the login goes to your deployment, and the functions there go on from it.
    """
    from cli.login import login as log_in

    shared = _shared(context)
    if aws or settings:
        with shared.deployment(settings) as deployment:
            log_in(deployment, port)
    else:
        with shared.laptop(spotify_client_id=client_id) as laptop:
            log_in(laptop, port, config=str(laptop.home / "config.toml"))


@app.command()
def capture(
    context: typer.Context,
    if_due: Annotated[
        bool, typer.Option("--if-due", help="Poll only if the window could fill before the next full hour.")
    ] = False,
    json: Json = False,
) -> None:
    """Read the last 50 plays once and keep those not yet known. Safe to run at any time, any number of times."""
    from cli.commands import capture_once
    from cli.show import captured

    shared = _shared(context)
    with shared.laptop() as laptop:
        report = capture_once(laptop, shared.clock(), only_if_due=if_due)
    print_json(report) if json else captured(report)


@app.command("import")
def import_(
    context: typer.Context,
    export: Annotated[
        Path, typer.Argument(exists=True, help="Extended streaming history: the zip, its folder, or one .json file.")
    ],
    json: Json = False,
) -> None:
    """Add an account export ("Extended streaming history") to the journal. Importing it again adds nothing."""
    from cli.show import imported
    from ingestion.export import import_export

    shared = _shared(context)
    with shared.laptop() as laptop, progress_bar("importing", quiet=json) as progress:
        report = import_export(export, laptop.journal, now=shared.clock(), progress=progress)
    print_json(report) if json else imported(report)


@app.command()
def enrich(
    context: typer.Context,
    offline: Annotated[
        bool, typer.Option("--offline", help="Only learn from the journal, ask Spotify nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Learn names, albums and genres: from the journal first, then from Spotify within the day's budget of calls."""
    from cli.commands import enrich_once
    from cli.show import enriched

    shared = _shared(context)
    with shared.laptop() as laptop, progress_bar("enriching", quiet=json) as progress:
        report = enrich_once(laptop, shared.clock(), progress, offline=offline)
    print_json(report) if json else enriched(report)


@app.command()
def aggregate(context: typer.Context, json: Json = False) -> None:
    """The night's work: settle new journal days, summarise them, ask every question, publish the dashboard's data."""
    from cli.commands import aggregate_once
    from cli.show import aggregated

    shared = _shared(context)
    with shared.laptop() as laptop, progress_bar("aggregating", quiet=json) as progress:
        report = aggregate_once(laptop, shared.clock(), progress)
    print_json(report) if json else aggregated(report)


@app.command()
def playlist(
    context: typer.Context,
    days: Annotated[int | None, typer.Option(min=1, help="Take liked songs not played for so many days.")] = None,
    size: Annotated[int | None, typer.Option(min=1, max=1000, help="Most tracks in the playlist.")] = None,
    json: Json = False,
) -> None:
    """Write the weekly playlist: liked songs you have not played lately. The same week gives the same playlist."""
    from cli.commands import playlist_once
    from cli.show import playlist_written

    shared = _shared(context)
    with shared.laptop(playlist_unplayed_days=days, playlist_size=size) as laptop:
        report = playlist_once(laptop, shared.clock())
    print_json(report) if json else playlist_written(report)


@app.command()
def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8723,
) -> None:
    """Show the dashboard on 127.0.0.1, for this machine only, until Ctrl-C."""
    from cli.commands import serve_forever

    shared = _shared(context)
    with shared.laptop() as laptop:
        serve_forever(laptop.home, port)


@app.command()
def status(context: typer.Context, json: Json = False) -> None:
    """How the ledger stands: last poll, last play, plays kept, gaps, login."""
    from cli.commands import status_of
    from cli.show import status_shown

    shared = _shared(context)
    with shared.laptop() as laptop:
        found = status_of(laptop, shared.clock())
    print_json(found) if json else status_shown(found)


@app.command()
def gaps(context: typer.Context, json: Json = False) -> None:
    """Holes in the record: when plays may be missing, how many at least and at most, and why we think so."""
    from cli.commands import coverage_of
    from cli.show import coverage_shown

    shared = _shared(context)
    with shared.laptop() as laptop:
        found = coverage_of(laptop, shared.clock())
    print_json(found) if json else coverage_shown(found)


@app.command()
def quarantine(
    context: typer.Context,
    reparse: Annotated[
        bool, typer.Option("--reparse", help="Read them again with today's parser; what it can read becomes plays.")
    ] = False,
    json: Json = False,
) -> None:
    """Records that could not be read, kept with their raw text and the reason."""
    from cli.show import quarantined
    from ingestion.quarantine import quarantined as read_quarantine
    from ingestion.quarantine import reparse as read_again

    shared = _shared(context)
    with shared.laptop() as laptop:
        report = read_again(laptop.journal, now=shared.clock()) if reparse else None
        records = read_quarantine(laptop.journal)
    print_json([record.model_dump(mode="json") for record in records]) if json else quarantined(records, report)


@app.command()
def rebuild(context: typer.Context, json: Json = False) -> None:
    """Make the state of capture and the hot plays anew from the journal alone, after state.sqlite was lost."""
    from cli.show import rebuilt
    from settlement.job import rebuild as rebuild_job

    shared = _shared(context)
    with shared.laptop() as laptop:
        state = rebuild_job(laptop.journal, laptop.hot, now=shared.clock())
    print_json(state) if json else rebuilt(state)


app.add_typer(exclude.exclude, name="exclude")
app.add_typer(exclude.songs, name="songs")
app.command("policy")(exclude.policy)


@app.command()
def query(
    context: typer.Context,
    sql: Annotated[str | None, typer.Argument(help="One SELECT, like: select count(*) from plays")] = None,
    file: Annotated[
        str | None, typer.Option(help="Read the SQL from a file, or take the query of that name from the cookbook.")
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="What the cookbook answers, by name, then exit.")] = False,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values with a header line.")] = False,
    parquet: Annotated[Path | None, typer.Option(dir_okay=False, help="Write a Parquet file instead.")] = None,
) -> None:
    """Ask the tables in SQL: plays, tracks, artists, gaps, month_tracks, all_tracks, songs, settled_days, journal ...

    The cookbook has queries that run as they stand: playledger query --file at_three_in_the_morning
    """
    from cli.ask import query_text, recipes
    from cli.show import answered, rows_as_table

    if list_them:
        return rows_as_table(recipes())
    if (sql is None) == (file is None):
        raise typer.BadParameter("give either the SQL or --file, not both; --list shows the cookbook")
    if (json, csv, parquet is not None).count(True) > 1:
        raise typer.BadParameter("give one of --json, --csv and --parquet")
    text = sql if sql is not None else query_text(str(file))
    with _shared(context).laptop() as laptop:
        found = laptop.engine.ask(text)
    return answered(found, json=json, csv=csv, parquet=parquet)


@app.command()
def doctor(
    context: typer.Context,
    aws: Aws = False,
    settings: SettingsFile = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="With --aws: days whose numbers are compared.")] = 31,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --aws: do not ask before what costs a fraction of a cent.")
    ] = False,
    json: Json = False,
) -> None:
    """Look for what is wrong, and say what to do: home, login, polls, page, and every object of the journal.

    With --aws it looks at your deployment: mail, login, polls, page, and every question as Athena explains it.

    Five numbers must come out alike by Athena and DuckDB, from the same objects. It says what that costs, and asks.
    """
    from cli.doctor import exit_code, laptop_findings, shown

    shared = _shared(context)
    if aws or settings:
        findings = _deployment_findings(shared, settings, days, yes=yes, json=json)
    else:
        with shared.laptop() as laptop:
            findings = laptop_findings(laptop, shared.clock(), quiet=json)
    print_json([finding.model_dump(mode="json") for finding in findings]) if json else shown(findings)
    raise typer.Exit(exit_code(findings))


def _deployment_findings(shared: Shared, settings: Path | None, days: int, *, yes: bool, json: bool) -> "list[Finding]":
    from cli import doctor_aws

    with shared.deployment(settings) as deployment:
        findings = doctor_aws.deployment_findings(deployment, shared.clock())
        visit = doctor_aws.plan(deployment, days)
        if yes or typer.confirm(f"{visit.words()} Go on?", default=True, err=True):
            findings += doctor_aws.explained(
                deployment.engine, visit.questions, deployment.settings.time_zone, quiet=json
            )
            findings += doctor_aws.compared(deployment, visit, quiet=json)
    return findings


@app.command()
def migrate(
    context: typer.Context,
    to: Annotated[Direction, typer.Option(help="Where to: aws, from this machine's home; laptop, back into it.")],
    settings: SettingsFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be copied, and change nothing.")] = False,
    same_account: Annotated[
        bool, typer.Option("--same-account", help="Both sides are one Spotify account's, where neither side can tell.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring a ledger from this machine to AWS, or back: journal, metadata, playlists, policy. Nothing is overwritten.

    Objects that are there already are passed over, so a migration that was interrupted is simply started again.
    """
    from cli.migrate import migrate as migrate_sides
    from cli.migrate import migrated
    from wiring.sides import aws_side, laptop_side

    shared = _shared(context)
    with shared.deployment(settings) as deployment, shared.laptop() as laptop:
        sides = (laptop_side(laptop), aws_side(deployment))
        source, target = sides if to is Direction.AWS else sides[::-1]
        report = migrate_sides(source, target, shared.clock(), dry_run=dry_run, is_same=same_account, quiet=json)
    print_json(report) if json else migrated(report, source, target)


@app.command()
def demo(
    context: typer.Context,
    export: Annotated[
        Path | None, typer.Option(exists=True, help="Your own extended streaming history instead of an invented one.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8723,
    years: Annotated[int, typer.Option(min=0, max=15, help="Years of the invented history.")] = 3,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw an earlier demo in this folder away first.")] = False,
    serve_it: Annotated[
        bool | None, typer.Option("--serve/--no-serve", help="Keep serving. (default: if there is a terminal)")
    ] = None,
) -> None:
    """The whole pipeline on a simulated Spotify account: years imported, two weeks captured, settled, asked, shown."""
    from cli.demo import run_demo

    shared = _shared(context)
    home = shared.home if shared.home_given else platformdirs.user_cache_path("playledger-demo")
    keep_serving = _is_watched() if serve_it is None else serve_it
    run_demo(home, zone=shared.zone, export=export, port=port, fresh=fresh, keep_serving=keep_serving, years=years)


def _is_watched() -> bool:
    """Whether a person sits at both ends; a closed stream is None."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def run(argv: Sequence[str]) -> int:
    """Runs one command line; returns its exit code."""
    try:
        app(args=list(argv), prog_name="playledger")
    except SystemExit as finished:
        return finished.code if isinstance(finished.code, int) else 1
    except PlayledgerError as error:
        return _told(str(error), error.exit_code)
    except BrokenPipeError:
        return 0
    except OSError as error:
        return _told(f"{error.filename or 'a file'}: {error.strerror or error}", Misconfigured.exit_code)
    except KeyboardInterrupt:
        return 130
    return 0


def _told(sentence: str, code: int) -> int:
    OUT.file.flush()
    ERR.print(f"playledger: {sentence}", markup=False, soft_wrap=True)
    return code
