"""Small repairs of moto: what lcli needs of it and it lacks or gets wrong. Once a process."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from lcli.local import moto_http_apis
from lcli.local.filter_patterns import InvalidPattern, compiled

_AWS_POLICY = ":iam::aws:policy/"


@cache
def install() -> None:
    """Make the repairs; imports the services that they are for."""
    _forget_what_is_deleted()
    _know_operations()
    _know_managed_policies()
    _serialise_queues()
    _look_for_roles()
    _count_messages_late()
    moto_http_apis.install()
    _filter_log_events()
    _refuse_queries()


def _forget_what_is_deleted() -> None:
    """moto lists every object ever made for its dashboard, so deleting would free nothing."""
    from moto.core.common_models import BaseModel

    def new(cls: type[Any], *args: Any, **named: Any) -> Any:
        return object.__new__(cls)

    BaseModel.__new__ = new


def _know_operations() -> None:
    """moto looks through a whole class for its methods at every request."""
    from moto.core import responses

    responses.method_names_from_class = cache(responses.method_names_from_class)


def _know_managed_policies() -> None:
    """AWS's managed policies, each when it is first named: all of them would cost 40 MB."""
    from moto.iam.models import AWSManagedPolicy, IAMBackend, aws_managed_policies_data

    attach, get = IAMBackend.attach_role_policy, IAMBackend.get_policy

    def load(backend: Any, arn: str) -> None:
        if _AWS_POLICY not in arn or arn in backend.managed_policies:
            return
        name = arn.rpartition("/")[2]
        data = json.loads(aws_managed_policies_data).get(name)
        if data:
            account, region = backend.account_id, backend.region_name
            policy = AWSManagedPolicy.from_data(name, account, region, data)
            backend.managed_policies[policy.arn] = policy
            backend.aws_managed_policies.append(policy)

    def attached(self: Any, policy_arn: str, role_name: str) -> None:
        load(self, policy_arn)
        attach(self, policy_arn, role_name)

    def got(self: Any, policy_arn: str) -> Any:
        load(self, policy_arn)
        return get(self, policy_arn)

    IAMBackend.attach_role_policy = attached
    IAMBackend.get_policy = got


def _look_for_roles() -> None:
    """Let a role be looked for while another thread makes one: moto walks its own dictionary.

    And let a role that is not there be told as IAM does.
    """
    from moto.iam.exceptions import NotFoundException
    from moto.iam.models import IAMBackend

    def roles(self: Any) -> list[Any]:
        return list(self.roles.values())

    def role(self: Any, role_name: str) -> Any:
        for one in roles(self):
            if one.name == role_name:
                return one
        raise NotFoundException(f"The role with name {role_name} cannot be found.")

    IAMBackend.get_roles, IAMBackend.get_role = roles, role


def _serialise_queues() -> None:
    """Let a queue do one thing at a time; moto loses messages otherwise.

    A delete writes the list of messages anew and drops what was sent meanwhile; two receives
    give out one message twice.
    """
    from moto.sqs.models import Queue, SQSBackend

    receive, delete = SQSBackend.receive_message, Queue.delete_message

    def received(self: Any, queue_name: str, *args: Any, **named: Any) -> Any:
        # A long poll's wait on this same condition lets go of it.
        with self.get_queue(queue_name)._messages_lock:
            return receive(self, queue_name, *args, **named)

    def deleted(self: Any, receipt_handle: str) -> None:
        with self._messages_lock:
            delete(self, receipt_handle)

    SQSBackend.receive_message = received
    Queue.delete_message = deleted


class _QueueAttributes(Mapping[str, Any]):
    """The attributes of one of moto's queues, each read when it is asked for."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self._names = list(queue.BASE_ATTRIBUTES)
        self._names += queue.FIFO_ATTRIBUTES if queue.fifo_queue else ()
        self._names += queue.KMS_ATTRIBUTES if queue.kms_master_key_id else ()

    def __getitem__(self, name: str) -> Any:
        from moto.core.utils import camelcase_to_underscores

        if name not in self._names:
            raise KeyError(name)
        value = getattr(self._queue, camelcase_to_underscores(name))
        if name == "RedrivePolicy" and value:
            return json.dumps(value)
        return str(value).lower() if isinstance(value, bool) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _count_messages_late() -> None:
    """moto counts the messages of a queue three times for each one sent, and slowly: sending 2,000
    took a minute."""
    from moto.sqs import models

    models.Queue.attributes = property(_QueueAttributes)
    models.unix_time_millis = lambda: time.time() * 1000


def _filter_log_events() -> None:
    """All filter patterns, and events in the order of time; moto's come stream by stream."""
    from moto.logs import models
    from moto.logs.exceptions import InvalidParameterException

    find = models.LogsBackend.filter_log_events
    signature = inspect.signature(find)

    class EventMessageFilter:
        def __init__(self, pattern: str | None) -> None:
            try:
                self.matches = compiled(pattern or "")
            except InvalidPattern as error:
                raise InvalidParameterException(str(error)) from error

    def found(self: Any, *args: Any, **named: Any) -> Any:
        given = signature.bind(self, *args, **named)
        # Also where there is no event that it would be tried on.
        EventMessageFilter(given.arguments["filter_pattern"])
        given.arguments["interleaved"] = True
        return find(*given.args, **given.kwargs)

    models.EventMessageFilter = EventMessageFilter
    models.LogsBackend.filter_log_events = found


_COMMANDS = ("fields", "sort", "limit")


def _refuse_queries() -> None:
    """Insights queries with commands that moto passes over, giving rows nobody asked for."""
    from moto.logs import models
    from moto.logs.exceptions import LogsClientError

    start = models.LogsBackend.start_query

    def started(self: Any, *args: Any, **named: Any) -> Any:
        query = named.get("query_string") or args[-1]
        for command in query.split("|"):
            word = command.split(maxsplit=1)[0].lower() if command.strip() else ""
            if word not in _COMMANDS:
                known = ", ".join(_COMMANDS)
                raise LogsClientError(
                    "MalformedQueryException",
                    f"the local cloud has only the commands {known}, not {word!r}",
                )
        return start(self, *args, **named)

    models.LogsBackend.start_query = started
