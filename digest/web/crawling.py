"""What the site tells search engines: robots.txt (RFC 9309) and a sitemap (sitemaps.org 0.9)."""

from __future__ import annotations

from flask import Blueprint, Response, abort
from lxml import etree

from digest.app import App
from digest.web.pages import Pages
from digest.web.public import Publisher

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
#: Of 50,000 that one file may name.
_EDITIONS = 49_000


def blueprint(app: App, pages: Pages) -> Blueprint:
    """Return /robots.txt and /sitemap.xml."""
    part = Blueprint("crawling", __name__)
    publisher = Publisher(app, pages)

    @part.get("/robots.txt")
    def robots() -> Response:
        lines = ["User-agent: *"]
        if publisher.indexed:
            # Each of these is one reader's or one asker's own.
            lines += [f"Disallow: {path}" for path in ("/desk", "/preferences/", "/search", "/u/")]
            lines += ["", f"Sitemap: {publisher.address('/sitemap.xml')}"]
        else:
            # Who may not come cannot read that a page is not to be listed, and lists what others link to.
            lines.append("Disallow:")
        return publisher.file("\n".join([*lines, ""]).encode(), "text/plain; charset=utf-8")

    @part.get("/sitemap.xml")
    def sitemap() -> Response:
        if not publisher.indexed:
            abort(404)
        root = etree.Element(f"{{{SITEMAP}}}urlset", nsmap={None: SITEMAP})
        archive, newsletters = publisher.archive, publisher.newsletter_ids()
        listed = archive.newest(newsletters, _EDITIONS)
        paths = [("/", ""), ("/archive", "")]
        paths += [(f"/editions/{one.id}", one.opened_at.date().isoformat()) for one in listed]
        for path, changed in paths:
            url = etree.SubElement(root, f"{{{SITEMAP}}}url")
            etree.SubElement(url, f"{{{SITEMAP}}}loc").text = publisher.address(path)
            if changed:
                etree.SubElement(url, f"{{{SITEMAP}}}lastmod").text = changed
        body = bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))
        return publisher.file(body, "application/xml; charset=utf-8")

    return part
