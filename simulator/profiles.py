"""How people listen: figures of three real listeners (aggregates only), and what makes the hard cases hard.

Measured over whole accounts: heavy over a year at minute resolution, moderate over four months, light over eleven.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class LogNormal:
    """exp(N(mu, sigma)), in the unit the field names."""

    mu: float
    sigma: float


@dataclass(frozen=True)
class Marathons:
    """Sessions that loop a list for a day or two: one in a hundred of the heavy listener's.

    `short_loop_share` of them repeat one track of about a minute, as people do who sleep to rain. The measured account
    has none of these; they are what makes more than 50 plays an hour, so that even an hourly poll is too slow.
    """

    share: float = 0.01
    streams: LogNormal = LogNormal(5.9, 0.5)
    longest: int = 1328
    short_loop_share: float = 0.2


@dataclass(frozen=True)
class SecondDevice:
    """A session that starts while the first device is still playing goes to another one, with this probability."""

    share_while_busy: float = 0.7


@dataclass(frozen=True)
class Profile:
    """A listener's habits. A session ends with 30 minutes of silence; hours are local."""

    name: str
    sessions_per_day: tuple[float, ...]
    """Weight of 0, 1, 2 ... sessions on a day."""
    start_hours: tuple[float, ...]
    """Weight of each local hour for a session's start."""
    weekdays: tuple[float, ...]
    """Per cent of the plays on Monday to Sunday."""
    single_share: float
    streams: LogNormal
    """Streams of a session that has more than one."""
    short_after_short: float
    short_after_long: float
    short_s: LogNormal
    """Seconds of a play under 30 s."""
    pause_share: float
    pause_s: LogNormal
    new_share: tuple[float, float]
    """Share of tracks never heard before: at first, and later on."""
    repeat_lag_h: LogNormal
    """Hours since the last play of a track that is played again."""
    library_share: float
    """Of the repeats, those that are any track ever known, however long ago."""
    again_share: float
    """The track of the play before, once more."""
    album_share: float
    """Sessions that play an album through."""
    done_share: float
    """Of the plays of 30 s and more, those that reach the end."""
    offline_share: float
    shuffle_share: float
    podcast_share: float
    marathons: Marathons | None = None
    second_device: SecondDevice | None = None


HEAVY = Profile(
    name="heavy",
    sessions_per_day=(0.014, 0.025, 0.082, 0.142, 0.218, 0.234, 0.153, 0.068, 0.052, 0.008, 0.003),
    start_hours=(
        *(0.3, 0.0, 0.0, 0.0, 0.1, 0.1, 0.1, 0.1, 1.1, 2.4, 5.3, 7.1),
        *(8.5, 7.2, 6.8, 5.8, 6.9, 7.7, 7.7, 9.4, 10.8, 6.9, 3.9, 2.1),
    ),
    weekdays=(15.3, 15.3, 14.1, 14.5, 14.6, 14.4, 11.7),
    single_share=0.154,
    streams=LogNormal(2.46, 1.13),
    short_after_short=0.528,
    short_after_long=0.131,
    short_s=LogNormal(1.52, 1.06),
    pause_share=0.094,
    pause_s=LogNormal(5.74, 0.91),
    new_share=(0.13, 0.025),
    repeat_lag_h=LogNormal(3.1, 2.4),
    library_share=0.5,
    again_share=0.027,
    album_share=0.06,
    done_share=0.78,
    offline_share=0.02,
    shuffle_share=0.6,
    podcast_share=0.001,
)

MODERATE = Profile(
    name="moderate",
    sessions_per_day=(0.016, 0.103, 0.310, 0.254, 0.183, 0.071, 0.040, 0.024),
    start_hours=(
        *(3.2, 2.7, 0.5, 0.3, 0.0, 0.3, 0.3, 0.3, 2.9, 4.8, 6.7, 6.9),
        *(9.1, 9.3, 5.6, 5.3, 15.5, 4.5, 4.8, 2.7, 3.7, 2.9, 3.5, 4.3),
    ),
    weekdays=(16.4, 15.7, 11.9, 14.8, 13.1, 13.7, 14.3),
    single_share=0.216,
    streams=LogNormal(2.40, 0.78),
    short_after_short=0.576,
    short_after_long=0.181,
    short_s=LogNormal(1.11, 1.12),
    pause_share=0.064,
    pause_s=LogNormal(5.86, 1.05),
    new_share=(0.66, 0.30),
    repeat_lag_h=LogNormal(4.9, 2.2),
    library_share=0.6,
    again_share=0.022,
    album_share=0.10,
    done_share=0.75,
    offline_share=0.015,
    shuffle_share=0.7,
    podcast_share=0.001,
)

LIGHT = Profile(
    name="light",
    sessions_per_day=(0.249, 0.276, 0.276, 0.128, 0.059, 0.009, 0.0, 0.003),
    start_hours=(
        *(0.8, 1.2, 0.6, 0.6, 1.2, 0.0, 0.4, 0.6, 13.5, 7.3, 3.9, 8.6),
        *(8.0, 7.5, 5.9, 3.5, 4.9, 6.1, 4.5, 4.3, 5.9, 3.9, 4.1, 2.7),
    ),
    weekdays=(14.9, 15.4, 14.6, 15.0, 14.5, 16.5, 9.2),
    single_share=0.243,
    streams=LogNormal(2.31, 0.70),
    short_after_short=0.50,
    short_after_long=0.18,
    short_s=LogNormal(0.82, 1.28),
    pause_share=0.051,
    pause_s=LogNormal(5.44, 0.89),
    new_share=(0.20, 0.03),
    repeat_lag_h=LogNormal(4.9, 1.1),
    library_share=0.55,
    again_share=0.016,
    album_share=0.30,
    done_share=0.81,
    offline_share=0.033,
    shuffle_share=0.9,
    podcast_share=0.004,
)

HARD = replace(HEAVY, name="heavy+marathons", marathons=Marathons(), second_device=SecondDevice())
"""The heavy listener with the two things that a plain model of the averages leaves out."""

PROFILES = {profile.name: profile for profile in (HEAVY, MODERATE, LIGHT, HARD)}
