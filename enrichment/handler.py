"""Lambda `enrich`: after polls that brought plays, and once a night."""

from enrichment.job import EnrichReport, enrich
from wiring.aws import Aws, Event, function


@function("enrich")
def lambda_handler(aws: Aws, event: Event) -> EnrichReport:
    """One enrichment. The event is {"time": ...}."""
    roles = (aws.journal, aws.tables, aws.cache, aws.engine, aws.spotify)
    policy, _ = aws.policies.load()
    return enrich(*roles, now=event.now, daily_calls=aws.settings.enrichment_daily_calls, policy=policy)
