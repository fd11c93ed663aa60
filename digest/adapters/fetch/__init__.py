"""Feeds and pages over HTTP, many at once and politely, on aiohttp. Implements `ports.Fetcher`."""

from digest.adapters.fetch.fetcher import HttpFetcher
from digest.adapters.fetch.limits import FetchLimits
from digest.adapters.fetch.names import Network

__all__ = ["FetchLimits", "HttpFetcher", "Network"]
