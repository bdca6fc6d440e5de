"""Lambda `aggregate`: the night. Where its time does not suffice, another invocation goes on."""

from aggregation.job import NightReport, aggregate
from wiring.aws import Aws, Event, function


@function("aggregate")
def lambda_handler(aws: Aws, event: Event) -> NightReport:
    """One night. The event is {"time": ...}."""
    roles = (aws.journal, aws.tables, aws.hot, aws.tokens, aws.engine, aws.publisher)
    policy, _ = aws.policies.load()
    return aggregate(
        *roles, now=event.now, settings=aws.settings, policy=policy, sparing=True, progress=event.stop_in_time
    )
