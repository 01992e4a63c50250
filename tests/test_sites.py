"""``KILDE_SITES``: what it understands, and what it refuses by site."""

import re
import tomllib
from pathlib import Path

import pytest

from rag.errors import ConfigurationError
from rag.settings import load_settings
from rag.sites import parse_sites


def test_each_site_has_its_origins() -> None:
    sites = parse_sites("blog=https://blog.example, https://www.blog.example; shop=http://localhost:1313")
    assert sites.origins == {
        "blog": {"https://blog.example", "https://www.blog.example"},
        "shop": {"http://localhost:1313"},
    }


@pytest.mark.parametrize("text", ["", " ", ";", " ;\n; "])
def test_empty_text_gives_no_sites(text: str) -> None:
    assert parse_sites(text).origins == {}


def test_spaces_line_ends_and_a_last_semicolon_are_free() -> None:
    assert parse_sites("\n a = https://a.example\n https://b.example ;\n").origins == {
        "a": {"https://a.example", "https://b.example"}
    }


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://Blog.Example", "https://blog.example"),
        ("https://blog.example/", "https://blog.example"),
        ("https://blog.example:443", "https://blog.example"),
        ("http://blog.example:80", "http://blog.example"),
        ("https://blog.example:80", "https://blog.example:80"),
        ("https://blåbær.example", "https://xn--blbr-roah.example"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(written: str, sent: str) -> None:
    assert parse_sites(f"a={written}").may_ask("a", sent)


@pytest.mark.parametrize(
    "origin",
    [
        *("blog.example", "null", "*", "https://*.blog.example", "ftp://blog.example", "https://", "https://a b"),
        *("https://blog.example/page", "https://blog.example?x", "https://blog.example#x", "https://me@blog.example"),
        *("https://blog.example:many", "https://blog.example:70000", "https://[::1", "https://a..b"),
    ],
)
def test_what_is_no_origin_is_refused_with_its_site(origin: str) -> None:
    with pytest.raises(ConfigurationError, match=r"KILDE_SITES.*'a'"):
        parse_sites(f"a={origin}")


@pytest.mark.parametrize(
    "text", ["https://blog.example", "=https://blog.example", "a b=https://a.example", "-=https://a"]
)
def test_what_has_no_site_id_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"KILDE_SITES.*no site id"):
        parse_sites(text)


def test_a_site_without_origins_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"'a' no origin"):
        parse_sites("a=")


def test_a_site_that_comes_twice_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'a' twice"):
        parse_sites("a=https://a.example; a=https://b.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KILDE_SITES", "a=b"),
        ("KILDE_RATE_LIMIT", "60"),
        ("KILDE_RATE_LIMIT", "0/minute"),
        ("KILDE_RATE_LIMIT", "-1/minute"),
        ("KILDE_RATE_LIMIT", "60/week"),
        ("KILDE_SITE_LIMIT", "none"),
        ("KILDE_TRUSTED_PROXIES", "10.0.0.300"),
        ("KILDE_TRUSTED_PROXIES", "127.0.0.1, proxy.example"),
        ("KILDE_TRUSTED_PROXIES", "*"),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused_by_name_when_settings_are_loaded(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load_settings({name: value})


def test_limits_and_proxies_are_read() -> None:
    settings = load_settings(
        {"KILDE_RATE_LIMIT": "5/hour", "KILDE_SITE_LIMIT": "off", "KILDE_TRUSTED_PROXIES": "127.0.0.1 10.1.2.3/8,::1"}
    )
    assert settings.visitor_rate is not None
    assert (settings.visitor_rate.times, settings.visitor_rate.period_s) == (5, 3600)
    assert settings.site_rate is None
    assert settings.proxies == ("127.0.0.1/32", "10.0.0.0/8", "::1/128")


def test_both_ways_to_write_it_in_the_docs_mean_the_same() -> None:
    page = (Path(__file__).parent.parent / "docs" / "deployment.md").read_text("utf-8")
    (in_shell,) = re.findall(r"^export KILDE_SITES='(.*)'$", page, flags=re.MULTILINE)
    (in_file,) = re.findall(r"^```toml\n(sites = .*?)```$", page, flags=re.MULTILINE | re.DOTALL)
    assert parse_sites(in_shell) == parse_sites(tomllib.loads(in_file)["sites"])
    assert parse_sites(in_shell).may_ask("blog", "https://www.blog.example")
