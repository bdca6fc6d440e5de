"""What a title is called once everything is gone that releases add to it. Pure."""

import re
import unicodedata
from functools import lru_cache

_BRACKETED = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DASHED = re.compile(r"\s+[-\u2013\u2014]\s+")
_MAYBE_ADDED = re.compile(r"[(\[{\uff08\uff3b]|\s[-\u2013\u2014]\s|t\.\s", re.IGNORECASE)
_ASCII_GAP = re.compile(r"[^a-z0-9?+#]+")
_GUEST = re.compile(r"\s(?:feat|ft)\.\s[^-\u2013\u2014(\[{]*", re.IGNORECASE)
_ADDED = re.compile(
    r"^(?:feat|ft|featuring|with|explicit)\b|\b(?:remaster|remastered|deluxe|bonus track|single version|album version|"
    r"original version|radio edit|mono|stereo|anniversary|(?:expanded|special|limited|legacy) edition)\b",
    re.IGNORECASE,
)
"""What a release adds to a title without another recording being meant."""

_OTHER = re.compile(
    r"\b(?:live|remix|remixed|re-mix|mix|acoustic|instrumental|sped|speed|slowed|demo|karaoke|cover|session|unplugged|"
    r"reprise|part|pt|vol|take|outtake|alternate|alternative|extended|orchestral|symphonic|a ?cappella|rework|reworked|"
    r"re-?recorded|rehearsal|interlude|intro|outro|nightcore|piano|bootleg|mashup|vip|dub|club)\b",
    re.IGNORECASE,
)
"""What makes it another recording, whatever else stands beside it."""

_SIGNS = frozenset("?+#")
"""Signs that tell titles apart: `In the Flesh` and `In the Flesh?` are two songs."""


def called(title: str, artist: str | None, track_uri: str) -> str:
    """Title and artist without what releases add to them: case, accents, signs, featured guests, editions.

    Without an artist it is the track's own.
    """
    return f"{_folded(_bare(title))}\n{_folded(artist) if artist else track_uri}"


def _bare(title: str) -> str:
    """The title without brackets and dashes that only name a guest or an edition; never empty."""
    if not _MAYBE_ADDED.search(title):
        return title
    whole = unicodedata.normalize("NFKC", title)
    bare = _BRACKETED.sub(lambda found: "" if _is_added(found[1]) else found[0], whole)
    first, *tails = _DASHED.split(_GUEST.sub(" ", bare))
    bare = " - ".join([first, *(tail for tail in tails if not _is_added(tail))])
    return bare if bare.strip() else title


def _is_added(words: str) -> bool:
    return bool(_ADDED.search(words.strip())) and not _OTHER.search(words)


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    """Words in lower case with a blank between; of what is no word only the signs that tell titles apart."""
    plain = (text if text.isascii() else _without_accents(text)).casefold().replace("'", "")
    if plain.isascii():
        return _ASCII_GAP.sub(" ", plain).strip() or text.casefold()
    words = " ".join("".join(sign if _is_kept(sign) else " " for sign in plain).split())
    return words or text.casefold()


def _without_accents(text: str) -> str:
    """Latin letters lose their accents. Those of other scripts are letters of their own, and stay."""
    kept: list[str] = []
    for sign in unicodedata.normalize("NFKD", text.replace("\u2019", "'")):
        if not (unicodedata.combining(sign) and kept and kept[-1].isascii()):
            kept.append(sign)
    return unicodedata.normalize("NFC", "".join(kept))


def _is_kept(sign: str) -> bool:
    return sign.isalnum() or sign in _SIGNS or (not sign.isascii() and unicodedata.category(sign)[0] == "M")
