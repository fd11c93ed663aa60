"""Draw the README's pictures: the sample newsletter in Chromium, light and dark, phone and desktop."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile

from playwright.sync_api import sync_playwright

PICTURES = pathlib.Path(__file__).parent / "pictures"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Name, width in CSS pixels, height shown, colour scheme.
SHOTS = (
    ("email-light", 600, 1500, "light"),
    ("email-dark", 600, 1500, "dark"),
    ("email-phone-light", 375, 1100, "light"),
    ("email-phone-dark", 375, 1100, "dark"),
)


def main() -> None:
    """Run the demo and photograph its edition."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        subprocess.run([sys.executable, "-m", "digest", "demo", "--to", folder], check=True, timeout=120)
        page_file = pathlib.Path(folder) / "var" / "preview" / "edition.html"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, width, height, scheme in SHOTS:
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page.goto(page_file.as_uri())
            page.screenshot(path=PICTURES / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
