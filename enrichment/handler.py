"""Lambda `enrich`: after some polls that brought plays, and once a night."""

from enrichment.job import EnrichReport, Look, enrich
from wiring.aws import Aws, Event, function


@function("enrich")
def lambda_handler(aws: Aws, event: Event) -> EnrichReport:
    """One enrichment. The event is {"time": ...}, and "tick": "poll" after polls."""
    roles = (aws.journal, aws.tables, aws.cache, aws.engine, aws.spotify)
    calls, policy = aws.settings.enrichment_daily_calls, aws.policies.load()[0]
    look = Look.POLLS if event.is_after_poll else Look.NIGHT
    return enrich(*roles, now=event.now, daily_calls=calls, look=look, policy=policy)
