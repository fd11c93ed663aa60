"""Which links lead to one page, whatever decorates them."""

from __future__ import annotations

import pytest

from digest.collector.identity import match
from tests.collector.entries import draft, store


@pytest.mark.parametrize(
    "decoration",
    [
        *("utm_source=rss", "UTM_CAMPAIGN=x", "utm_id=7", "fbclid=IwAR0x", "gclid=x", "gclsrc=aw.ds", "dclid=x"),
        *("wbraid=x", "gbraid=x", "gad_source=1", "srsltid=x", "_ga=2.1", "_gl=1*x", "msclkid=x", "yclid=1", "ysclid=x"),
        *("igsh=x", "igshid=x", "mibextid=x", "sfnsn=x", "twclid=x", "ttclid=x", "li_fat_id=x", "epik=x", "fb_ref=home"),
        *("mc_cid=x", "mc_eid=x", "mkt_tok=x", "_hsenc=x", "_hsmi=7", "__hstc=x", "hsCtaTracking=x", "vero_id=x", "oly_enc_id=x"),
        *("at_medium=RSS", "at_campaign=64", "at_custom1=link", "ns_mchannel=rss", "xtor=RSS-3", "maca=ar-rss-ar-all"),
        *("pk_campaign=x", "mtm_source=x", "piwik_kwd=x", "s_kwcid=x", "wt.mc_id=x", "hsa_acc=1", "int_source=rss"),
        *("CMP=share_btn_tw", "cmpid=rss", "cmp=rss", "ito=1490", "smid=tw-share", "ocid=rss_feed", "ICID=ref_fark", "ncid=txtlnk"),
        *("traffic_source=rss", "guccounter=1", "guce_referrer=aHR0", "ref_src=twsrc%5Etfw", "soc_src=x", ".tsrc=rss"),
        *("ref=rss", "ref=home", "source=rss", "source=twitter", "from=rss", "via=telegram", "feed=rss2", "mod=rss_US"),
        *("partner=rss", "emc=rss", "rss=1", "rss", "amp", "amp=1", "share=whatsapp", "src=facebook", "feedName=world"),
        *("PHPSESSID=0a1b", "fsrc=rss", "wprss=rss_world", "referrer=newsletter", "utm_content=%D8%A3"),
    ],
)  # fmt: skip
def test_what_tells_how_a_reader_came_makes_no_other_article(decoration: str) -> None:
    known = store([draft(guid="", url="https://waha.example/news?id=7")])
    for url in (
        f"https://waha.example/news?id=7&{decoration}",
        f"https://waha.example/news?{decoration}&id=7#top",
    ):
        [found] = match([draft(guid="", url=url, title="عنوان آخر")], known)
        assert not found.is_new


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *((f"?{name}=1", f"?{name}=2") for name in ("id", "p", "article", "page", "lang", "a", "n", "cid", "storyid")),
        *((f"?{name}=71", f"?{name}=72") for name in ("ref", "source", "from", "src", "via", "feed", "rss", "cmp", "mod")),
        *((f"?{name}=71", f"?{name}=72") for name in ("smid", "ncid", "ocid", "icid", "share", "partner", "ns_id", "pk_id")),
        ("?ref=reuters-politics-7", "?ref=reuters-politics-8"),
        ("?source=alwaha/7", "?source=alwaha/8"),
        ("?feed=sport-7", "?feed=sport-8"),
        ("?utm=7", "?utm=8"),
        ("?xid=7", "?xid=8"),
        ("?q=utm_source=1", "?q=utm_source=2"),
        ("?lang=ar", "?lang=en"),
        ("", "?id=7"),
        ("?id=7", "?id=7&page=2"),
        ("/a", "/A"),
        ("/%C7%E1%CE%C8%D1", "/%D3%E6%D1%ED%C7"),
        ("?t=%C7%E1%CE", "?t=%D3%E6%D1"),
        ("/#/news/7", "/#/news/8"),
        ("/#!news-7", "/#!news-8"),
        ("/a%2520b", "/a%20b"),
    ],
)  # fmt: skip
def test_what_may_name_a_page_is_kept(one: str, other: str) -> None:
    known = store([draft(guid="", url=f"https://waha.example/news{one}")])
    [found] = match([draft(guid="", url=f"https://waha.example/news{other}", title="عنوان آخر")], known)
    assert found.is_new


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("/%D8%A3%D8%AE", "/%d8%a3%d8%ae", id="case-of-percent-encoding"),
        pytest.param("/%D8%A3%D8%AE", "/أخ", id="percent-encoding"),
        pytest.param("/%c7%e1", "/%C7%E1", id="case-of-percent-encoded-windows-1256"),
        pytest.param("?t=%D8%A3", "?t=أ", id="percent-encoded-parameter"),
        pytest.param("?t=%c7%e1", "?t=%C7%E1", id="percent-encoded-parameter-in-windows-1256"),
        pytest.param("?a=1&b=2", "?b=2&a=1", id="order"),
        pytest.param("?t=a+b", "?t=a%20b", id="plus"),
        pytest.param("/7", "/7/", id="slash"),
        pytest.param("/7", "/7?", id="empty-query"),
        pytest.param("/7", "/7#comments", id="fragment"),
        pytest.param("/7", "/7#:~:text=%D8%A3", id="text-fragment"),
        pytest.param("/7", "/7;jsessionid=0A1B", id="session"),
        pytest.param("/7", "/%37", id="needless-percent-encoding"),
    ],
)
def test_another_spelling_is_the_same_page(one: str, other: str) -> None:
    known = store([draft(guid="", url=f"https://waha.example{one}")])
    for site in ("https://waha.example", "http://WWW.waha.example:80", "https://waha.example.:443"):
        [found] = match([draft(guid="", url=f"{site}{other}", title="عنوان آخر")], known)
        assert not found.is_new
