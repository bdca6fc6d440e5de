"""The two sides of a migration, a laptop and a deployment, by the roles that both have."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from adapters.publisher import DirectoryPublisher, S3Publisher
from playledger.errors import NeedsReauth
from playledger.models import IngestionState
from playledger.ports import HotStore, Journal, MetadataCache, Publisher, TableStore, TokenStore
from playledger.settings import Settings
from wiring.laptop import Laptop

if TYPE_CHECKING:
    from wiring.aws import Aws


@dataclass(frozen=True)
class Side:
    """One side. `files` holds what is neither journal nor table: policy.toml. `place` names it to a person.

    `is_near` where reading costs neither time nor money; `has_state` where looking for a state makes no file.
    """

    place: str
    settings: Settings
    journal: Journal
    tables: TableStore
    files: Publisher
    hot: HotStore
    tokens: TokenStore
    ledger: "Laptop | Aws"
    is_near: bool
    has_state: bool = True

    @property
    def cache(self) -> MetadataCache:
        """What is known of tracks and artists; opened when it is needed, for a laptop's makes a file."""
        return self.ledger.cache

    def last_run(self) -> datetime | None:
        """The last poll."""
        state = self._state()
        return state.last_run_timestamp if state else None

    def _state(self) -> IngestionState | None:
        return self.hot.load_state() if self.has_state else None

    def owner(self) -> str | None:
        """The account's hash, as the state or the login tells it; None where nobody has logged in."""
        state = self._state()
        if state and state.account_hash:
            return state.account_hash
        try:
            return self.tokens.load()[0].account_hash
        except NeedsReauth:
            return None


def laptop_side(laptop: Laptop) -> Side:
    """The laptop's home."""
    return Side(
        place=str(laptop.home),
        settings=laptop.settings,
        journal=laptop.journal,
        tables=laptop.tables,
        files=DirectoryPublisher(laptop.home),
        hot=laptop.hot,
        tokens=laptop.tokens,
        ledger=laptop,
        is_near=True,
        has_state=(laptop.home / "state.sqlite").exists(),
    )


def aws_side(aws: "Aws") -> Side:
    """The deployment."""
    bucket = aws.settings.data_bucket
    return Side(
        place=f"s3://{bucket}",
        settings=aws.settings,
        journal=aws.journal,
        tables=aws.tables,
        files=S3Publisher(aws.client("s3"), bucket),
        hot=aws.hot,
        tokens=aws.tokens,
        ledger=aws,
        is_near=False,
    )
