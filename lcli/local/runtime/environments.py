"""All execution environments of the local cloud: which one takes an event, when to start another.

Lambda's rules: an environment runs one event at a time, the last used is used first, another is
started only if none can serve, and one that has had nothing to do for a while ends. On top of them
this machine's: only a few start at the same time, and their number has a limit, beyond which events
wait.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psutil

from lcli.local.execution import Deployed, Invocation, Outcome, Throttled
from lcli.local.log_sink import LogSink
from lcli.local.runtime.answers import platform_error
from lcli.local.runtime.environment import MEASURED_EVERY, Environment
from lcli.local.runtime.guard import Guard
from lcli.local.runtime.launch import InvalidEntrypoint, Launch, Launcher
from lcli.local.runtime.layers import merged
from lcli.local.runtime.site import Site, State

LOG = logging.getLogger(__name__)

ACCOUNT_CONCURRENCY = 1000
"""Invocations at a time in an account and region (Lambda quotas)."""
PATIENCE = 40
"""Seconds beyond a function's time-out that an event may wait for an environment: an init phase
that fails and runs again within the time-out, and half a minute for the machine."""
ROOM_LOOKED_FOR = 1
"""Seconds between two looks for room where nothing has told of any."""
IDLE_SECONDS = 300
LINGER_SECONDS = 0.1
"""How long a worker that has answered is expected to ask for the next event at once."""
_WORKER_MEGABYTES = 64
_FEWEST = 32
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Pool:
    """The environments of one version of a function at one revision, for one tenant."""

    deployed: Deployed
    idle: list[Environment] = field(default_factory=list)
    """Last used last."""
    waiting: deque[asyncio.Future[Environment]] = field(default_factory=deque)
    starting: int = 0
    finishing: dict[Environment, float] = field(default_factory=dict)
    """Since when."""
    retired: bool = False

    def serve(self, environment: Environment) -> bool:
        """Give it to whoever has waited longest; False if nobody waits."""
        if not self.waiting:
            return False
        self.waiting.popleft().set_result(environment)
        return True

    def refuse(self, error: Exception) -> None:
        """Tell everybody who waits that there will be none."""
        while self.waiting:
            self.waiting.popleft().set_exception(error)

    def expected(self) -> int:
        """How many of those who wait will be served without another start."""
        fresh = time.monotonic() - LINGER_SECONDS
        return self.starting + sum(since > fresh for since in self.finishing.values())


class Environments:
    """The local cloud's `Invoker`."""

    def __init__(
        self,
        directory: Path,
        *,
        endpoint: Callable[[], str],
        sink: LogSink,
        freeze: bool = True,
        notice: Callable[[str], None] = lambda _: None,
        idle_seconds: float = IDLE_SECONDS,
        patience: float = PATIENCE,
        most: int | None = None,
    ) -> None:
        """`directory` is for temporary files; `endpoint` is the local cloud's, for the SDKs.

        `notice` gets one sentence where another version than a runtime names runs. `freeze` stops
        workers between invocations, as Lambda does. An event that no environment comes free for
        within its function's time-out and `patience` is throttled. `most` is the number of
        environments that this machine can hold.
        """
        self._directory = directory
        self._endpoint = endpoint
        self._sink = sink
        self._freeze = freeze
        self._idle_seconds = idle_seconds
        self._patience = patience
        self._most = most or _most()
        self._launcher = Launcher(directory / "runtime", notice=notice)
        self._preparing = threading.Lock()
        self._pools: dict[tuple[str, str, str], Pool] = {}
        self._living: dict[Environment, Pool] = {}
        self._freed = asyncio.Event()
        self._running: Counter[str] = Counter()
        self._starts = asyncio.Semaphore(max(4, 2 * (os.cpu_count() or 1)))
        self._tasks: set[asyncio.Task[Any]] = set()
        self._endings: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._site: Site | None = None

    async def invoke(self, invocation: Invocation, *, concurrency: int | None = None) -> Outcome:
        """Run it to its end, at most `concurrency` at a time for the function (reserved).

        It runs on when the caller goes away, as in Lambda. Raises Throttled and RuntimeMissing.
        """
        arn = invocation.deployed.arn
        if concurrency is not None and self._running[arn] >= concurrency:
            raise Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        if self._running.total() >= ACCOUNT_CONCURRENCY:
            raise Throttled("ConcurrentInvocationLimitExceeded")
        self._running[arn] += 1
        return await asyncio.shield(self._task(self._invoke(invocation)))

    async def retire(self, arn: str, version: str | None = None) -> None:
        """End the idle environments of a function (busy ones end after their invocation)."""
        for key in [*self._pools]:
            if key[0] == arn and version in (None, key[1]):
                self._retire(self._pools.pop(key))

    async def close(self) -> None:
        """End every environment and remove the temporary files."""
        if self._sweep:
            self._sweep.cancel()
        for environment in [*self._living]:
            environment.end()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*self._endings)
        if self._site:
            self._site.guard.close()
            shutil.rmtree(self._directory / "tmp", ignore_errors=True)

    # One invocation

    async def _invoke(self, invocation: Invocation) -> Outcome:
        arn = invocation.deployed.arn
        outcome: Outcome | None = None
        try:
            environment = await self._acquire(invocation.deployed)
            if environment.failure:
                outcome = environment.fail(invocation)
            else:
                outcome = await environment.run(invocation)
            return outcome
        finally:
            if outcome and outcome.completion:
                ending = asyncio.ensure_future(outcome.completion)
                ending.add_done_callback(lambda _: self._release(arn))
            else:
                self._release(arn)

    def _release(self, arn: str) -> None:
        self._running[arn] -= 1
        if not self._running[arn]:
            del self._running[arn]

    async def _acquire(self, deployed: Deployed) -> Environment:
        """An idle environment, or one whose start failed. Raises Throttled when none comes."""
        pool = self._pool(deployed)
        until = time.monotonic() + self._patience + deployed.timeout
        while True:
            if pool.idle:
                environment = pool.idle.pop()
            else:
                environment = await self._wait(pool, until)
            # It may have died since it was handed over.
            if environment.failure or environment.state is State.IDLE:
                return environment

    async def _wait(self, pool: Pool, until: float) -> Environment:
        """Wait for the turn of an event, until then (`time.monotonic`) at most."""
        waiting: asyncio.Future[Environment] = asyncio.get_running_loop().create_future()
        pool.waiting.append(waiting)
        self._balance(pool)
        # `wait` does not cancel: an environment handed over at the last moment is not lost.
        await asyncio.wait({waiting}, timeout=until - time.monotonic())
        if not waiting.done():
            pool.waiting.remove(waiting)
            LOG.warning("no environment of %s came free in time", pool.deployed.arn)
            raise Throttled("ConcurrentInvocationLimitExceeded")
        return waiting.result()

    def _pool(self, deployed: Deployed) -> Pool:
        key = (deployed.arn, deployed.version, deployed.tenant)
        pool = self._pools.get(key)
        if pool is None or pool.deployed.revision != deployed.revision:
            if pool:
                self._retire(pool)
            pool = self._pools[key] = Pool(deployed)
        return pool

    def _retire(self, pool: Pool) -> None:
        pool.retired = True
        for environment in [*pool.idle]:
            environment.end()

    # Starting

    def _balance(self, pool: Pool) -> None:
        """Start as many as are still needed for those who wait."""
        for _ in range(len(pool.waiting) - pool.expected()):
            pool.starting += 1
            self._task(self._start(pool))
        if pool.waiting and pool.finishing:
            asyncio.get_running_loop().call_later(LINGER_SECONDS * 1.1, self._balance, pool)

    async def _start(self, pool: Pool) -> None:
        environment: Environment | None = None
        try:
            async with self._starts:
                loop = asyncio.get_running_loop()
                prepared = await loop.run_in_executor(None, self._prepare, pool.deployed)
                await self._room(pool)
                if pool.waiting:
                    environment = await self._make(pool, *prepared)
        except Exception as error:
            # RuntimeMissing above all; whatever it is, nobody may wait for ever.
            pool.refuse(error)
        finally:
            pool.starting -= 1
        if environment and environment.failure:
            pool.serve(environment)
        self._balance(pool)

    async def _room(self, pool: Pool) -> None:
        """Wait until another environment may live, or nobody in `pool` waits for one."""
        while len(self._living) >= self._most and pool.waiting:
            idle = [each for other in self._pools.values() for each in other.idle]
            if idle:
                min(idle, key=lambda each: each.used).end()
            else:
                self._freed.clear()
                # Those who wait may have given up meanwhile.
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._freed.wait(), ROOM_LOOKED_FOR)

    async def _make(self, pool: Pool, launch: Launch | str, layers: Path) -> Environment:
        """Start an environment; `launch` as `_prepare` gives it."""
        deployed, site, changed = pool.deployed, self._shared(), partial(self._changed, pool)
        if isinstance(launch, str):
            nothing = Launch((), deployed.runtime, deployed.code)
            environment = Environment(deployed, site, nothing, layers, changed)
            environment.failure = platform_error("Runtime.InvalidEntrypoint", f"Error: {launch}")
            return environment
        environment = Environment(deployed, site, launch, layers, changed)
        self._living[environment] = pool
        self._watch_memory()
        try:
            await environment.start()
        except BaseException:
            environment.end()
            raise
        return environment

    def _prepare(self, deployed: Deployed) -> tuple[Launch | str, Path]:
        """What to start, or why the function has nothing to start, and its layers in one folder.

        Runs in a thread, since it looks for interpreters. Raises RuntimeMissing.
        """
        with self._preparing:
            layers = merged(self._directory / "layers", deployed.layers)
            try:
                return self._launcher.launch(deployed, layers), layers
            except InvalidEntrypoint as error:
                return str(error), layers

    def _shared(self) -> Site:
        if self._site is None:
            guard = Guard(self._directory / "tmp")
            endpoint = self._endpoint()
            self._site = Site(self._directory, endpoint, self._sink, guard, self._freeze)
        return self._site

    # What becomes of them

    def _changed(self, pool: Pool, environment: Environment) -> None:
        pool.finishing.pop(environment, None)
        match environment.state:
            case State.IDLE:
                self._rest(pool, environment)
            case State.BUSY:
                self._watch_memory()
            case State.FINISHING:
                pool.finishing[environment] = time.monotonic()
            case State.DEAD:
                if environment in pool.idle:
                    pool.idle.remove(environment)
                self._living.pop(environment, None)
                ending = asyncio.get_running_loop().create_task(environment.ended())
                self._endings.add(ending)
                ending.add_done_callback(self._endings.discard)
                self._freed.set()
                self._balance(pool)

    def _rest(self, pool: Pool, environment: Environment) -> None:
        """It has nothing to do: serve, end or keep it."""
        if pool.serve(environment):
            return
        if pool.retired:
            environment.end()
            return
        pool.idle.append(environment)
        self._freed.set()
        if self._sweep is None:
            self._sweep_later()

    def _watch_memory(self) -> None:
        if self._watching is None or self._watching.done():
            self._watching = self._task(self._watch())

    async def _watch(self) -> None:
        """Look after those that do something, as long as there are any."""
        while active := [each for each in self._living if each.state is not State.IDLE]:
            for environment in active:
                environment.measure()
            await asyncio.sleep(MEASURED_EVERY)

    def _sweep_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweep = loop.call_later(self._idle_seconds / 4, self._sweep_idle)

    def _sweep_idle(self) -> None:
        """End those that have had nothing to do for long."""
        self._sweep = None
        before = time.monotonic() - self._idle_seconds
        for pool in self._pools.values():
            for environment in [each for each in pool.idle if each.used < before]:
                environment.end()
        if self._living:
            self._sweep_later()

    def _task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _most() -> int:
    """Environments that this machine's memory can hold."""
    memory: int = psutil.virtual_memory().total
    return max(_FEWEST, min(ACCOUNT_CONCURRENCY, memory // (_WORKER_MEGABYTES * 1024**2)))
