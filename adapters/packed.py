"""Texts as DynamoDB holds them: squeezed, for each kilobyte is billed when it is written, read and kept."""

import zlib
from collections.abc import Mapping
from typing import Any

from playledger.errors import CorruptObject


def packed(text: str) -> dict[str, bytes]:
    """The text as a DynamoDB value."""
    return {"B": zlib.compress(text.encode(), 9)}


def unpacked(value: Mapping[str, Any]) -> str:
    """The text again; as it is where it was written before texts were packed. Raises CorruptObject."""
    if "S" in value:
        return str(value["S"])
    try:
        return zlib.decompress(value["B"]).decode()
    except (KeyError, zlib.error, UnicodeDecodeError) as error:
        raise CorruptObject(f"a packed text cannot be read: {error}") from error
