"""AWS's wiring: which implementation plays which role in a function, and what makes a handler of a job.

Nothing is built before it is touched; what was built serves all later invocations of the same process.
"""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from functools import cache, cached_property, wraps
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import Any, Self

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session, get_session

from adapters.alerts import SnsAlerts
from adapters.athena_reader import AthenaReader
from adapters.hot_store import DynamoHotStore
from adapters.journal import S3Journal
from adapters.metadata_cache import DynamoMetadataCache
from adapters.policy_store import S3Policies
from adapters.publisher import S3Publisher
from adapters.query_engine import AthenaQueryEngine
from adapters.table_store import S3TableStore
from adapters.token_store import ParameterTokenStore
from playledger.errors import StoreUnavailable
from playledger.models import Model
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
from playledger.settings import Settings, environment_values, process_environment
from wiring.clock import wall_clock
from wiring.invocation import Event, Run
from wiring.lean_session import lean_loading, lean_session

__all__ = ["Aws", "Event", "deployed", "function"]

_LOGGED_IN = ("spotify_client_id", "token_parameter")
_ASKS = ("data_bucket", "glue_database", "athena_workgroup")
NEEDED: Mapping[str, tuple[str, ...]] = {
    "ingest": (*_LOGGED_IN, "data_bucket", "plays_table", "state_table", "alerts_topic", "enrich_function"),
    "enrich": (*_LOGGED_IN, *_ASKS, "tracks_table", "artists_table", "state_table", "alerts_topic"),
    "aggregate": ("token_parameter", *_ASKS, "site_bucket", "plays_table", "state_table", "alerts_topic"),
    "playlist": (*_LOGGED_IN, *_ASKS, "alerts_topic"),
}
"""The functions, and the settings that each cannot do without."""

WITH_PANDAS = "aggregate"
"""The one function that has awswrangler."""

CALLS = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
)
"""Less patience than boto3 has by itself: the shortest function has 30 s."""


class Aws:
    """All roles over one account. Use it as a context manager where it should be closed; Lambda just ends it.

    All clients come from one session: botocore's, for boto3 over it takes 3 MB more and adds nothing that is used.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime] = wall_clock,
        *,
        with_pandas: bool = False,
        session: Session | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.session = session or get_session()
        self._with_pandas = with_pandas
        self._opened = ExitStack()
        self._clients: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def client(self, service: str) -> Any:
        """The one client of this service."""
        if service not in self._clients:
            client = self.session.create_client(service, config=CALLS)
            self._clients[service] = self._opened.enter_context(closing(client))
        return self._clients[service]

    def call(self, target: str, payload: Mapping[str, Any]) -> None:
        """Calls a function without waiting for it. Raises StoreUnavailable."""
        try:
            self.client("lambda").invoke(
                FunctionName=target, InvocationType="Event", Payload=json.dumps(payload).encode()
            )
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable(f"{target} could not be called: {error}") from error

    @cached_property
    def journal(self) -> Journal:
        """The truth, in S3."""
        return S3Journal(self.client("s3"), self.settings.data_bucket)

    @cached_property
    def tables(self) -> TableStore:
        """Derived tables, in S3."""
        return S3TableStore(self.client("s3"), self.settings.data_bucket)

    @cached_property
    def hot(self) -> HotStore:
        """Hot plays and state, in DynamoDB."""
        settings = self.settings
        return DynamoHotStore(
            self.client("dynamodb"), settings.plays_table, settings.state_table, settings.hot_ttl_days
        )

    @cached_property
    def cache(self) -> MetadataCache:
        """Metadata, in DynamoDB."""
        settings = self.settings
        return DynamoMetadataCache(
            self.client("dynamodb"), settings.tracks_table, settings.artists_table, settings.state_table
        )

    @cached_property
    def engine(self) -> QueryEngine:
        """Athena, through awswrangler where that is at hand."""
        where = {"database": self.settings.glue_database, "workgroup": self.settings.athena_workgroup}
        if not self._with_pandas:
            return AthenaQueryEngine(AthenaReader(self.client("athena")), **where)
        import boto3

        session = with_clients(boto3.Session(botocore_session=self.session), self.client)
        return AthenaQueryEngine(athena_of_awswrangler().read_sql_query, **where, boto3_session=session)

    @cached_property
    def tokens(self) -> TokenStore:
        """The login, as an SSM SecureString."""
        return ParameterTokenStore(self.client("ssm"), self.settings.token_parameter)

    @cached_property
    def policies(self) -> Policies:
        """What counts, in the data bucket."""
        return S3Policies(self.client("s3"), self.settings.data_bucket)

    @cached_property
    def publisher(self) -> Publisher:
        """The site, in S3."""
        return S3Publisher(self.client("s3"), self.settings.site_bucket)

    @cached_property
    def alerts(self) -> Alerts:
        """What the owner should know, by SNS; a function without the state table does not remember what it told."""
        table = self.settings.state_table
        dynamodb = self.client("dynamodb") if table else None
        return SnsAlerts(self.client("sns"), self.settings.alerts_topic, dynamodb, table)

    @cached_property
    def spotify(self) -> Spotify:
        """The listener's account, over HTTPS."""
        return self.spotify_as(self.tokens)

    def spotify_as(self, tokens: TokenStore) -> Spotify:
        """The account that these tokens belong to."""
        import requests  # the night has no use for these two, and its memory is the dearest

        from adapters.spotify import SpotipyClient

        return SpotipyClient(
            tokens,
            client_id=self.settings.spotify_client_id,
            api_url=self.settings.spotify_api_url,
            accounts_url=self.settings.spotify_accounts_url,
            session=self._opened.enter_context(requests.Session()),
            clock=self.clock,
        )


def athena_of_awswrangler() -> Any:
    """awswrangler.athena without the twenty parts for other services that `import awswrangler` loads first: 7 MB."""
    name = "awswrangler"
    if name not in sys.modules and (found := find_spec(name)):
        sys.modules[name] = module_from_spec(found)  # its parts find each other in it, but it loads none itself
    with lean_loading():
        athena = import_module(f"{name}.athena")
    import_module("pyarrow").default_memory_pool().release_unused()  # what loading it all left behind: 4 MB
    return athena


def with_clients(session: Any, client: Callable[[str], Any]) -> Any:
    """The boto3 session, which hands out these clients: awswrangler would make six with every question."""
    session.client = lambda service_name, **_: client(service_name)
    return session


@cache
def deployed(name: str) -> Aws:
    """The wiring of one function, by the environment it was deployed with; the same for all its invocations.

    Raises Misconfigured with all that is missing.
    """
    settings = Settings.load(environment_values(process_environment()), needed=NEEDED[name])
    return Aws(settings, with_pandas=name == WITH_PANDAS, session=lean_session())


# ---- handlers ---------------------------------------------------------------------------------------------------

Job = Callable[[Aws, Event], Model]
Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


def function(name: str) -> Callable[[Job], Handler]:
    """Makes a Lambda handler of a job: wired, logged, counted; what only the owner can mend is told to the owner.

    What was told is answered with `failed`, for no retry would help; all other errors are Lambda's to retry.
    """

    def framed(job: Job) -> Handler:
        @wraps(job)
        def lambda_handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
            aws = deployed(name)
            return Run(name, aws, Event.read(event, context, aws.clock), context).do(job)

        return lambda_handler

    return framed
