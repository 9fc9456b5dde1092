import pytest

from lcli.resources.function_fields import (
    WAYS,
    Way,
    api_form,
    defaults,
    kept_fields,
    normal,
    read_fields,
    source_key,
    unknown_fields,
)

# GetFunction's Configuration as AWS answered it: aws-answers, function_lifecycle.
ANSWER = {
    "Architectures": ["x86_64"],
    "CodeSha256": "c2hh",
    "CodeSize": 276,
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "FunctionArn": "arn:aws:lambda:us-east-1:111111111111:function:f",
    "FunctionName": "f",
    "Handler": "handler.handler",
    "LastUpdateStatus": "Successful",
    "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
    "MemorySize": 128,
    "PackageType": "Zip",
    "RevisionId": "r",
    "Role": "arn:aws:iam::111111111111:role/r",
    "Runtime": "python3.12",
    "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
    "State": "Active",
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "Version": "$LATEST",
}


def test_an_untouched_function_has_all_defaults():
    expected = defaults("f", "Zip") | {
        "Handler": "handler.handler",
        "Runtime": "python3.12",
        "PackageType": "Zip",
        "Role": "arn:aws:iam::111111111111:role/r",
    }
    # GetFunction shows it beside the Configuration.
    del expected["SourceKMSKeyArn"]
    assert read_fields(ANSWER, {}) == expected


@pytest.mark.parametrize(
    ("field", "given", "expected"),
    [
        pytest.param(
            "VpcConfig",
            {"SubnetIds": ["b", "a"], "SecurityGroupIds": ["s"], "VpcId": "vpc-1"},
            {
                "SubnetIds": ("a", "b"),
                "SecurityGroupIds": ("s",),
                "Ipv6AllowedForDualStack": False,
            },
            id="vpc sorted",
        ),
        pytest.param(
            "LoggingConfig",
            {"LogFormat": "JSON", "SystemLogLevel": "WARN"},
            {
                "LogFormat": "JSON",
                "LogGroup": "/aws/lambda/f",
                "ApplicationLogLevel": "INFO",
                "SystemLogLevel": "WARN",
            },
            id="JSON logs have levels",
        ),
        pytest.param(
            "LoggingConfig",
            {"LogFormat": "Text", "SystemLogLevel": "WARN", "LogGroup": "/own"},
            {"LogFormat": "Text", "LogGroup": "/own"},
            id="text logs have none",
        ),
        pytest.param(
            "ImageConfig",
            {"Command": ["app.handler"]},
            {"Command": ("app.handler",), "EntryPoint": (), "WorkingDirectory": ""},
            id="image",
        ),
        pytest.param("SnapStart", {"ApplyOn": "None", "OptimizationStatus": "Off"},
                     {"ApplyOn": "None"}, id="only what can be set"),
        pytest.param("FileSystemConfigs", [{"Arn": "a", "LocalMountPath": "/mnt/a"}],
                     ({"Arn": "a", "LocalMountPath": "/mnt/a"},), id="file systems"),
    ],
)  # fmt: skip
def test_normal_form(field, given, expected):
    assert normal(field, given, "f") == expected


def test_of_an_api_key_only_the_wanted_members_count():
    answer = ANSWER | {"DurableConfig": {"ExecutionTimeout": 60, "RetentionPeriodInDays": 14}}
    fields = read_fields(answer, {"DurableConfig": {"ExecutionTimeout": 30}})
    assert fields["DurableConfig"] == {"ExecutionTimeout": 60}


def test_layers_are_their_arns_in_order():
    answer = ANSWER | {"Layers": [{"Arn": "b", "CodeSize": 1}, {"Arn": "a", "CodeSize": 1}]}
    assert read_fields(answer, {})["Layers"] == ("b", "a")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param({}, frozenset(), id="all shown"),
        pytest.param(
            {"Environment": {"Error": {"ErrorCode": "AccessDeniedException"}}},
            frozenset({"Environment"}),
            id="no KMS key",
        ),
        pytest.param(
            {"ImageConfigResponse": {"Error": {"ErrorCode": "x"}}},
            frozenset({"ImageConfig"}),
            id="image settings",
        ),
    ],
)
def test_what_aws_hides_is_unknown(more, expected):
    assert unknown_fields(ANSWER | more) == expected


def test_the_api_wants_variables_and_no_empty_image_settings():
    assert api_form("Environment", {"A": "1"}) == {"Variables": {"A": "1"}}
    given = {"Command": ["x"], "EntryPoint": [], "WorkingDirectory": ""}
    assert api_form("ImageConfig", given) == {"Command": ["x"]}


def test_every_parameter_of_the_sdk_has_a_way_to_change():
    import botocore.session

    model = botocore.session.get_session().get_service_model("lambda")
    created = set(model.operation_model("CreateFunction").input_shape.members)
    updated = set(model.operation_model("UpdateFunctionConfiguration").input_shape.members)
    in_update = {name for name in created if WAYS.get(name, Way.CONFIGURATION) == "configuration"}
    assert in_update - updated == {"Tags"}


def test_what_no_call_takes_away_is_told_unless_the_manifest_sets_it():
    durable = ANSWER | {"DurableConfig": {"ExecutionTimeout": 60}}
    assert kept_fields(durable, {}) == ("DurableConfig",)
    assert kept_fields(durable, {"DurableConfig": {"ExecutionTimeout": 60}}) == ()
    assert kept_fields(ANSWER, {}) == ()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({"Code": {"SourceKMSKeyArn": "arn"}}, {"SourceKMSKeyArn": "arn"}, id="key"),
        pytest.param({"Code": {}}, {"SourceKMSKeyArn": ""}, id="AWS's own key"),
        pytest.param({"Configuration": {"PackageType": "Image"}}, {}, id="image"),
    ],
)
def test_the_key_of_the_zip_is_shown_beside_the_configuration(answer, expected):
    assert source_key({"Configuration": ANSWER, **answer}) == expected
