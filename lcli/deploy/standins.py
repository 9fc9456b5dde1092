"""What stands in the local cloud for the sources that a manifest names by an ARN of AWS's; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lcli.resources.model import Place

if TYPE_CHECKING:
    from lcli.manifest.models import App, Function
    from lcli.triggers.base import Trigger


def brought_here(app: App, place: Place) -> tuple[App, tuple[str, ...]]:
    """The app whose triggers listen to this machine's sources, and what there is to say of it.

    Anywhere but in the local cloud it is the app as it is.
    """
    if not place.local:
        return app, ()
    notices: dict[str, None] = {}

    def here(trigger: Trigger) -> Trigger:
        found = trigger.brought_to(place)
        before, after = (getattr(one, one.short) for one in (trigger, found))
        if before != after:
            told = f"{before} is not on this machine: {after} of the local cloud stands for it"
            notices[told] = None
        return found

    def with_triggers(function: Function) -> Function:
        return function.model_copy(update={"triggers": tuple(map(here, function.triggers))})

    functions = {key: with_triggers(one) for key, one in app.functions.items()}
    return app.model_copy(update={"functions": functions}), tuple(notices)
