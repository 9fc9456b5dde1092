"""A Lambda API in this process with a clock of the test's, and what tests do with it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from recorded import SHAPES, Matcher
from transport import ACCOUNT, REGION, ROLE, Clock, client_of, zipped

from lcli.local.lambda_api import LambdaApi

STREAM = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/2026-11-23T19:00:00.000"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"
ECHO = zipped()
OTHER = zipped("def handler(event, context): return 1\n")


class Stage:
    """A fresh API with a client; `settle` lets everything in flight come to its end."""

    def __init__(self, directory: Path, **seams: Any) -> None:
        self.clock = Clock()
        self.api = LambdaApi(directory=directory, clock=self.clock, **seams)
        self.client = client_of(self.api)

    def settle(self) -> None:
        self.clock.now += 1

    def create(self, name: str = "fn", *, settle: bool = True, **settings: Any) -> Any:
        """CreateFunction with the recorder's usual settings."""
        wanted = {
            "FunctionName": name,
            "Handler": "index.handler",
            "Runtime": "python3.12",
            "Role": ROLE,
            "Code": {"ZipFile": ECHO},
            **settings,
        }
        answer = self.client.create_function(**wanted)
        if settle:
            self.settle()
        return answer

    def fixture(self, name: str = "fn", **settings: Any) -> Any:
        """As the recorder's fixture made functions: other defaults, and the answer wrapped."""
        usual = {"Handler": "handler.handler", "Timeout": 30, "Environment": {"Variables": {}}}
        answer = self.create(name, **{**usual, **settings})
        return {"CreateFunctionResponse": answer, "CreateEventSourceMappingResponse": None}

    def update(self, name: str = "fn", **settings: Any) -> Any:
        answer = self.client.update_function_configuration(FunctionName=name, **settings)
        self.settle()
        return answer

    def layer(self, name: str = "layer", **settings: Any) -> Any:
        return self.client.publish_layer_version(
            LayerName=name, Content={"ZipFile": ECHO}, **settings
        )


class Play:
    """One recorded situation, replayed step by step."""

    def __init__(self, situation: str, stage: Stage, extra: frozenset[str] = frozenset()) -> None:
        self.stage = stage
        self.client = stage.client
        self.steps = deepcopy(SHAPES[situation])
        self.matcher = Matcher(extra)
        self.seen: set[str] = set()

    def expect(self, step: str, answer: Any) -> Any:
        """Compare an answer with the recorded one; gives it back."""
        self.seen.add(step)
        self.matcher.check(self.steps[step], answer, step)
        return answer

    def refuse(self, step: str, call: Callable[..., Any], **parameters: Any) -> None:
        """Compare a refusal with the recorded one."""
        self.expect(step, refusal(call, **parameters))


def refusal(call: Callable[..., Any], **parameters: Any) -> Any:
    """The error response of a call, which must fail."""
    try:
        answer = call(**parameters)
    except ClientError as error:
        return error.response
    raise AssertionError(f"not refused: {answer}")
