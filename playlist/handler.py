"""Lambda `playlist`: once a week."""

from playlist.job import PlaylistReport, write_playlist
from wiring.aws import Aws, Event, function


@function("playlist")
def lambda_handler(aws: Aws, event: Event) -> PlaylistReport:
    """One week's playlist. The event is {"time": ...}."""
    told, roles = aws.settings, (aws.engine, aws.tables, aws.spotify)
    days, size = told.playlist_unplayed_days, told.playlist_size
    zone, name = told.time_zone, told.playlist_name
    policy, _ = aws.policies.load()
    return write_playlist(*roles, now=event.now, tz=zone, name=name, unplayed_days=days, size=size, policy=policy)
