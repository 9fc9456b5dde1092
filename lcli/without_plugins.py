"""Importing this keeps pydantic from looking for plugins.

For its first model pydantic reads the metadata of every installed package in search of plugins:
40 ms of each command, more in a larger environment. None of them has a part in a manifest. What
searches is a module of its own; this stands in its place, and has no effect should it go away.
"""

from __future__ import annotations

import sys
from types import ModuleType

_SEARCH = "pydantic.plugin._loader"


class _NoPlugins(ModuleType):
    @staticmethod
    def get_plugins() -> tuple[()]:
        """What pydantic asks for: its plugins."""
        return ()


sys.modules.setdefault(_SEARCH, _NoPlugins(_SEARCH))
