"""Lambda `ingest`: the hourly poll, and quarter-hour ticks that poll only where the window could fill too soon."""

import time

from ingestion.capture import CaptureReport, capture, tick_that_ends
from wiring.aws import Aws, Event, function


@function("ingest")
def lambda_handler(aws: Aws, event: Event) -> CaptureReport:
    """One poll. The event is {"time": ..., "tick": "hour" or "quarter"}."""
    if event.is_quarter and (ended := tick_that_ends(aws.hot, event.now)):
        return ended
    account, roles = aws.tokens.load()[0].account_hash, (aws.spotify, aws.journal, aws.hot)
    return capture(*roles, now=event.now, pause=time.sleep, account_hash=account, only_if_due=event.is_quarter)
