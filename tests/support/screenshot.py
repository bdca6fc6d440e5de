"""Takes the page's picture: `python -m tests.support.screenshot ADDRESS OUT.png --width 1280 --scheme light`.

ADDRESS is that of a running server, or a folder that holds dashboard_data.json, which is then served for the moment.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.serve import serving
from tests.support.browsing import chromium, chromium_path


@contextmanager
def address_of(given: str) -> Iterator[str]:
    """The address itself, or that of a server over the folder."""
    if "://" in given:
        yield given
    else:
        with serving(data=Path(given)) as address:
            yield address


def take(given: str, out: Path, *, width: int, height: int, scheme: str, span: str) -> None:
    """Writes the picture of the page's upper part; height 0 takes the whole page."""
    path = chromium_path()
    if path is None:
        raise SystemExit("no Chromium found: install chromium")
    with address_of(given) as address, chromium(path) as browser:
        page = browser.new_page(
            viewport={"width": width, "height": height or 900},
            color_scheme="dark" if scheme == "dark" else "light",
            device_scale_factor=1,
        )
        page.goto(f"{address}#{span}")
        page.wait_for_selector("body:not([data-state=loading])")
        page.wait_for_load_state("load")
        page.screenshot(path=out, full_page=not height)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="http://127.0.0.1:PORT/, or a folder with dashboard_data.json")
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=960, help="0: the whole page")
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    parser.add_argument("--span", default="30d", choices=("1d", "7d", "30d", "90d", "365d", "all"))
    given = parser.parse_args()
    take(given.address, given.out, width=given.width, height=given.height, scheme=given.scheme, span=given.span)


if __name__ == "__main__":
    main()
