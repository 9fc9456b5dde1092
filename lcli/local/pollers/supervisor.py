"""One poller for each event source mapping that the control plane holds."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from lcli.local.lambda_api import LambdaApi
from lcli.local.lambda_api.state import EventSourceMapping, Region
from lcli.local.moto_services import MotoServices
from lcli.local.pollers import dynamodb, kinesis
from lcli.local.pollers.mapping import Mapping, mappings
from lcli.local.pollers.sqs import SqsPoller
from lcli.local.pollers.streams import StreamPoller
from lcli.local.settings import speedup
from lcli.local.targets import Arn, Targets

LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    poller: SqsPoller | StreamPoller
    task: asyncio.Task[None]


class Pollers:
    """Begins a poller with each mapping and ends it with the mapping.

    A mapping that is disabled keeps its poller, and so its place in the stream.
    """

    def __init__(
        self, api: Callable[[], LambdaApi], targets: Targets, services: MotoServices
    ) -> None:
        self._api = api
        self._targets = targets
        self._services = services
        self._running: dict[str, _Running] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._faster = speedup(os.environ)

    def reconcile(self) -> None:
        """Look at the mappings again: called whenever one may have changed."""
        known = {state.uuid: (region, state) for region, state in mappings(self._api())}
        for uuid in [uuid for uuid in self._running if uuid not in known]:
            self._end(uuid)
        for uuid, (region, state) in known.items():
            if state.change == "Deleting":
                self._end(uuid)
            elif uuid not in self._running:
                self._begin(region, state)

    def _begin(self, region: Region, state: EventSourceMapping) -> None:
        mapping = Mapping(state, region, self._targets, lambda seconds: seconds / self._faster)
        poller = self._poller(mapping)
        if poller is None:
            LOG.warning("nothing here polls %s", mapping.settings.get("EventSourceArn"))
            return
        task = asyncio.create_task(_guarded(poller, state.uuid))
        self._running[state.uuid] = _Running(poller, task)

    def _poller(self, mapping: Mapping) -> SqsPoller | StreamPoller | None:
        service = mapping.settings.get("EventSourceArn", "::").split(":")[2]
        if service == "sqs":
            return SqsPoller(mapping, self._services)
        if service == "kinesis":
            source = kinesis.KinesisSource(mapping.source, lambda: _role(mapping))
            return StreamPoller(mapping, source, kinesis.INFO)
        if service == "dynamodb":
            return StreamPoller(mapping, dynamodb.DynamoDbSource(mapping.source), dynamodb.INFO)
        return None

    def _end(self, uuid: str) -> None:
        running = self._running.pop(uuid, None)
        if running:
            running.task.cancel()
            task = asyncio.create_task(running.poller.close())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """End them all."""
        for uuid in list(self._running):
            self._end(uuid)
        if self._ending:
            await asyncio.wait(self._ending, timeout=2)


async def _guarded(poller: SqsPoller | StreamPoller, uuid: str) -> None:
    """A poller that fails begins again: the mapping is still there."""
    while True:
        try:
            await poller.run()
        except Exception:
            LOG.exception("the poller of mapping %s failed", uuid)
            await asyncio.sleep(1)


def _role(mapping: Mapping) -> str:
    arn = Arn.parse(mapping.function)
    function = mapping.region.functions.get(arn.name) if arn else None
    return str(function.latest.settings.get("Role", "")) if function else ""
