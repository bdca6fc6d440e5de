"""Invented names: of artists nobody has heard of, their albums, songs and shows. Some need more than ASCII."""


def _listed(text: str) -> tuple[str, ...]:
    """The names between the bars."""
    return tuple(text.split("|"))


ARTIST_STEMS = _listed(
    "Tarn|Quill|Ostri|Velo|Lumen|Brack|Hollin|Marrow|Sylv|Ember|Corv|Pell|Wren|Thistle|Fenn|Alder|Osk|Mira|Dunsel|Kest"
    "|Vanth|Orrin|Jun|Sable|Hask|Tolv|Nim|Ivo|Rusk|Calm"
)
ARTIST_ENDS = _listed("holm|mere|vane|fell|wick|drift|moor|lys|gard|brae|stad|rue|now|veil|lund")
ARTIST_TAILS = (
    *("", "", "", "", ""),
    " Orkester",
    " & the Low Tides",
    " Weather Club",
    " Trio",
    " Nachtbus",
    " Kollektiv",
    " Sound Library",
    " Two",
    " on Stilts",
    " Post Office",
)
FIRST_NAMES = _listed(
    "Isaveth|Jorel|Maribeth|Odalys|Teodric|Nanami|Wilmar|Perpetua|Ansgard|Zofiya|Ekwueme|Lioba|Ruvim|Saoirsel"
)

ARTISTS_BEYOND_ASCII = (
    "Søvnglimtene",
    "Þokuljósavél",
    "Żurawkolot",
    "Ñandéluz del Río",
    "霧笛庭園楽団",
    "Лунодромия-7",
    "Θαλασσοφωνικά",
    "नीलधारा मंडली",
    "תזמורת הערפל השקט",
    "Café Zéphyrine",
    "Győngyhajnalka",
    "Dấu Mưa Xanh",
    "한밤우체국 밴드",
    "Été en Tramway, encore",
)

QUALITIES = _listed(
    "Amber|Borrowed|Quiet|Paper|Northern|Half-Lit|Salted|Slow|Unsent|Copper|Second|Distant|Folded|Early|Velvet|Patient"
    "|Gentle|Hollow|Sunday|Electric|Feathered|Blue|Wandering|Last|Small|Windward|Tin|Silver|Midnight|Thawing"
)
THINGS = _listed(
    "Lanterns|Harbour|Estuary|Staircase|Postcards|Orchard|Ferry|Weather|Balcony|Radio|Meadow|Clockwork|Satellites|Rain"
    "|Umbrella|Museum|Tramline|Kitchen|Atlas|Snowfall|Telephone|Garden|Lighthouse|Laundry|Observatory|Rivers|Engines"
    "|Tea|Library|Horizon|Carousel|Windows"
)
PLACES = _listed("the Estuary|Platform Nine|Your Window|the Old Observatory|Kelp Street|Monday|the Last Ferry|Tin Hill")
MOMENTS = _listed("Rain|Noon|Goodbye|the Thaw|Breakfast|the Long Night|Low Tide|the Encore")
TITLES_BEYOND_ASCII = (
    "Él vuelve en otoño",
    "雨の切符",
    "Ночной трамвай №5",
    "Ça flotte",
    "Månsken på burk",
    "☂ (Interlude)",
)

GENRES = _listed(
    "dream pop|ambient|indie folk|synthwave|neo-classical|jazz|bossa nova|krautrock|downtempo|chamber pop|post-rock|"
    "lo-fi beats|soul|electronica|folk|art pop|minimal techno|city pop|highlife|shoegaze"
)

SHOWS = ("Slow Maps", "The Kettle Question", "Rain Delay Radio", "Atlas of Small Things", "Bibliotekets natt")
PLAYLISTS = _listed(
    "Morning Coffee|Late Trains|Cooking, Loudly|Rainy Sunday|Focus, Please|Long Drive North|Songs for Plants|Sömn & snö"
)
