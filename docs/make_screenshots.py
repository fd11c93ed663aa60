"""Draw the README's pictures: the sample newsletter in Chromium, light and dark, in a desktop's pane and on a phone."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import tempfile
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

PICTURES = pathlib.Path(__file__).parent / "pictures"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The same letter forms on every machine that has the fonts.
    "--font-render-hinting=none",
]
#: Name, width and height shown in CSS pixels.
PANES = (("email", 640, 1500), ("email-phone", 375, 1500))
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main() -> None:
    """Run the demo and photograph its edition."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("The pictures are drawn by Chromium, which is not on this machine.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        subprocess.run([sys.executable, "-m", "digest", "demo", "--to", folder], check=True, timeout=120)
        page_file = pathlib.Path(folder) / "var" / "preview" / "edition.html"
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for name, width, height in PANES:
            for scheme in SCHEMES:
                path = PICTURES / f"{name}-{scheme}.png"
                _photograph(browser, page_file.as_uri(), path, (width, height), scheme)
                print(f"{path.name}: {width} x {height}, {path.stat().st_size:,} bytes")
        browser.close()


def _photograph(
    browser: Browser, url: str, path: pathlib.Path, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.goto(url)
    page.evaluate("document.fonts.ready")
    page.screenshot(path=path)
    page.close()


if __name__ == "__main__":
    main()
