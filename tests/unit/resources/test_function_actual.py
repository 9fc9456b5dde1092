from dataclasses import dataclass, field
from typing import Any

import pytest

from lcli.aws.clients import AwsError
from lcli.errors import LcliError
from lcli.resources.code import Code
from lcli.resources.function import function
from lcli.resources.function_actual import actual_function
from lcli.resources.function_state import failure, is_settled
from lcli.resources.function_update import Update
from lcli.resources.model import Place

PLACE = Place("photos", "", "us-east-1", "123456789012")
ARN = PLACE.arn("lambda", "function:f")
CONFIGURATION = {
    "FunctionName": "f",
    "FunctionArn": ARN,
    "CodeSha256": "S1",
    "RevisionId": "r1",
    "Runtime": "python3.13",
    "Handler": "app.handler",
    "MemorySize": 128,
    "Role": "role",
}
TAGS = {"lcli:app": "photos", "lcli:stage": "", "lcli:function": "f"}
WANTED = function(
    PLACE,
    "f",
    "f",
    role="role",
    code=Code(s3_bucket="b", s3_key="k"),
    settings={"Runtime": "python3.13", "Handler": "app.handler", "MemorySize": 256},
)


def answer(**configuration):
    return {"Configuration": CONFIGURATION | configuration, "Tags": TAGS}


def test_hidden_tags_say_nothing_about_whose_it_is():
    hidden = {"Configuration": CONFIGURATION, "TagsError": {"ErrorCode": "AccessDeniedException"}}
    with pytest.raises(LcliError) as caught:
        actual_function(hidden, WANTED, PLACE)
    (problem,) = caught.value.problems
    assert problem.what == (
        "AWS does not show the tags of f (AccessDeniedException), so lcli cannot tell whose it is"
    )
    assert problem.next_step == "allow lambda:ListTags on it to the credentials in use"


@pytest.mark.parametrize(
    ("more", "note"),
    [
        pytest.param({"State": "Inactive"}, "", id="idle is no error"),
        pytest.param(
            {"State": "Failed", "StateReason": "bad image"},
            "failed at creation: bad image",
            id="failed",
        ),
        pytest.param(
            {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no subnet"},
            "its last update failed, the old code still runs: no subnet",
            id="update failed",
        ),
        pytest.param(
            {"Environment": {"Error": {"ErrorCode": "KMSAccessDeniedException"}}},
            "AWS does not show Environment, so it was not compared",
            id="hidden environment",
        ),
    ],
)
def test_what_the_reader_of_a_plan_is_told(more, note):
    assert actual_function(answer(**more), None, PLACE).note == note


def test_an_update_under_way_leaves_no_revision_to_rely_on():
    busy = actual_function(answer(LastUpdateStatus="InProgress"), WANTED, PLACE)
    assert (busy.revision, actual_function(answer(), WANTED, PLACE).revision) == ("", "r1")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param({}, None, id="active"),
        pytest.param({"State": "Inactive"}, None, id="inactive"),
        pytest.param({"State": "Pending"}, None, id="pending"),
        pytest.param(
            {"State": "ActiveNonInvocable", "CapacityProviderConfig": {"x": 1}},
            None,
            id="on a capacity provider",
        ),
        pytest.param(
            {"State": "Failed", "StateReasonCode": "InvalidImage", "StateReason": "no image"},
            "f is Failed: InvalidImage: no image",
            id="failed",
        ),
        *(
            pytest.param({"State": state}, f"f is {state}: AWS gives no reason", id=state)
            for state in ("Deactivating", "Deactivated", "Deleting", "ActiveNonInvocable")
        ),
        pytest.param(
            {"State": "Failed", "Version": "7", "StateReason": "init"},
            "version 7 of f is Failed: init",
            id="version",
        ),
        pytest.param(
            {"LastUpdateStatus": "Failed", "LastUpdateStatusReasonCode": "SubnetOutOfIPAddresses"},
            "Lambda could not update f, so its old code and settings still run: "
            "SubnetOutOfIPAddresses",
            id="update",
        ),
    ],
)
def test_each_state(more, expected):
    problem = failure(CONFIGURATION | more)
    assert (problem and problem.what) == expected


def test_nothing_is_settled_while_an_update_runs():
    assert not is_settled({"State": "Pending"})
    assert not is_settled({"State": "Active", "LastUpdateStatus": "InProgress"})
    assert is_settled({"State": "Active", "LastUpdateStatus": "Successful"})


@dataclass
class Lambda:
    """A function whose RevisionId moves by itself, and answers that get lost."""

    configuration: dict[str, Any]
    place: Place = PLACE
    lose_answer: bool = False
    calls: list[str] = field(default_factory=list)
    region: str = "us-east-1"

    @property
    def clients(self):
        return self

    def poll(self, look, doing, timeout):
        return look()

    def say(self, doing):
        pass

    def call(self, service, operation, /, **parameters):
        self.calls.append(operation)
        if operation == "GetFunction":
            return {"Configuration": dict(self.configuration), "Tags": TAGS}
        if parameters["RevisionId"] != self.configuration["RevisionId"]:
            raise AwsError(
                "PreconditionFailedException", "", service=service, operation=operation, status=412
            )
        self.configuration |= {"MemorySize": parameters["MemorySize"], "RevisionId": "r9"}
        if self.lose_answer:  # the client repeats the request, and its id is an old one now
            return self.call(service, operation, **parameters)
        return {}


def send(service: Lambda):
    step = Update(WANTED, service, {"MemorySize": 128, "Timeout": 3}, "r1")  # type: ignore[arg-type]
    step.send("UpdateFunctionConfiguration", {"MemorySize": 256}, MemorySize=256)
    return step


def test_an_id_that_moved_without_a_change_is_no_false_alarm():
    service = Lambda(CONFIGURATION | {"RevisionId": "r2"})
    step = send(service)
    assert (step.revision, service.configuration["MemorySize"]) == ("r9", 256)
    assert service.calls.count("UpdateFunctionConfiguration") == 2


def test_a_lost_answer_is_recognised():
    service = Lambda(dict(CONFIGURATION), lose_answer=True)
    assert send(service).revision == "r9"
    assert service.calls == [
        "UpdateFunctionConfiguration",
        "UpdateFunctionConfiguration",
        "GetFunction",
        "GetFunction",
    ]


def test_a_change_by_someone_else_is_named():
    service = Lambda(CONFIGURATION | {"RevisionId": "r2", "Timeout": 60})
    with pytest.raises(LcliError) as caught:
        send(service)
    assert caught.value.problems[0].what == "someone else changed Timeout of f since the plan"
    assert service.configuration["MemorySize"] == 128
