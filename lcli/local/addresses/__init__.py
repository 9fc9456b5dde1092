"""Function URLs and HTTP APIs at loopback addresses, one port each."""

from lcli.local.addresses.function_urls import FunctionUrls
from lcli.local.addresses.http_apis import HttpApis
from lcli.local.addresses.ports import Ports

__all__ = ["FunctionUrls", "HttpApis", "Ports"]
