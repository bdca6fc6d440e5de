"""The laptop's wiring: which implementation plays which role in a home folder. Each is built when first touched."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from adapters.alerts import LoggedAlerts
from adapters.hot_store import SqliteHotStore
from adapters.journal import DirectoryJournal
from adapters.metadata_cache import SqliteMetadataCache
from adapters.policy_store import FilePolicies
from adapters.publisher import DirectoryPublisher
from adapters.query_engine import DuckDbQueryEngine
from adapters.table_store import DirectoryTableStore
from adapters.token_store import FileTokenStore
from playledger.errors import Misconfigured
from playledger.policy import FILE
from playledger.ports import (
    Alerts,
    HotStore,
    Journal,
    MetadataCache,
    Policies,
    Publisher,
    QueryEngine,
    Spotify,
    TableStore,
    TokenStore,
)
from playledger.settings import Settings, laptop_settings, process_environment
from wiring.clock import wall_clock


class Laptop:
    """All roles over one home folder. Use it as a context manager: it closes what was opened."""

    def __init__(self, home: Path, settings: Settings, clock: Callable[[], datetime] = wall_clock) -> None:
        self.home = home
        self.settings = settings
        self.clock = clock
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @cached_property
    def journal(self) -> Journal:
        """The truth, as files."""
        return DirectoryJournal(self.home)

    @cached_property
    def tables(self) -> TableStore:
        """Derived tables, as files."""
        return DirectoryTableStore(self.home)

    @cached_property
    def hot(self) -> HotStore:
        """Hot plays and state, in SQLite."""
        store = SqliteHotStore(self.home / "state.sqlite", self.settings.hot_ttl_days)
        return self._opened.enter_context(closing(store))

    @cached_property
    def cache(self) -> MetadataCache:
        """Metadata, in SQLite."""
        return self._opened.enter_context(closing(SqliteMetadataCache(self.home / "metadata.sqlite")))

    @cached_property
    def engine(self) -> QueryEngine:
        """DuckDB over the files."""
        return self._opened.enter_context(closing(DuckDbQueryEngine(self.home)))

    @cached_property
    def tokens(self) -> TokenStore:
        """The login, in a file only its owner reads."""
        return FileTokenStore(self.home / "token.json")

    @cached_property
    def policies(self) -> Policies:
        """What counts, in a file that may be edited by hand too."""
        return FilePolicies(self.home / FILE)

    @cached_property
    def publisher(self) -> Publisher:
        """The site, as files."""
        return DirectoryPublisher(self.home / "site")

    @cached_property
    def alerts(self) -> Alerts:
        """What the owner should know, in the log."""
        return LoggedAlerts()

    @cached_property
    def spotify(self) -> Spotify:
        """The listener's account, over HTTPS."""
        return self.spotify_as(self.tokens)

    def spotify_as(self, tokens: TokenStore) -> Spotify:
        """The account that these tokens belong to."""
        import requests  # the night has no use for these two: 17 MB

        from adapters.spotify import SpotipyClient

        return SpotipyClient(
            tokens,
            client_id=self.settings.spotify_client_id,
            api_url=self.settings.spotify_api_url,
            accounts_url=self.settings.spotify_accounts_url,
            session=self._opened.enter_context(requests.Session()),
            clock=self.clock,
        )


def open_home(home: Path, flags: Mapping[str, Any], clock: Callable[[], datetime] = wall_clock) -> Laptop:
    """A laptop over `home`, which is made where it is missing. Raises Misconfigured where that cannot be."""
    settings = laptop_settings(home, flags, process_environment())
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = home / ".tmp-writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise Misconfigured(
            f"the home folder {home} cannot be written: {error.strerror}; choose another with --home"
        ) from error
    return Laptop(home, settings, clock)
