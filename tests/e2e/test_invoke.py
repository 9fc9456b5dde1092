"""lcli invoke through the installed console script, against the local cloud."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from uuid import UUID

import pytest
from conftest import LCLI, Project

HANDLERS = """
import time

def echo(event, context):
    print("got", event)
    if isinstance(event, dict) and event.get("chatty"):
        for number in range(300):
            print("line", number, "x" * 50)
    if isinstance(event, dict) and event.get("fail"):
        raise ValueError("asked to fail")
    if isinstance(event, dict):
        if "mark" in event:
            open(event["mark"], "w").close()
        time.sleep(event.get("sleep", 0))
    return event
"""
STREAMING = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("first ");
  await new Promise((done) => setTimeout(done, 1500));
  if (event.fail) throw new Error("half way");
  stream.write("second");
  stream.end();
});
"""
MANIFEST = """
app: invoking
region: eu-west-1
functions:
  echo: {source: src, handler: app.echo, runtime: python3.11, timeout: 20}
  alone: {source: src, handler: app.echo, runtime: python3.11, timeout: 20}
  drip: {source: js, handler: index.handler, runtime: nodejs22.x, timeout: 20}
  quiet:
    source: src
    handler: app.echo
    runtime: python3.11
    log: {format: json, system_level: warn}
"""


# Not of the module: a worker that takes over tests may come back to it.
@pytest.fixture(scope="session")
def deployed(tmp_path_factory, local_environ):
    project = Project(tmp_path_factory.mktemp("invoking"), dict(local_environ))
    project.write("src/app.py", HANDLERS)
    project.write("js/index.js", STREAMING)
    project.write("lcli.yaml", MANIFEST)
    project.ok("deploy")
    return project


def test_the_log_is_printed_before_what_came_of_the_call(deployed):
    done = deployed.run("invoke", "echo", "-p", '{"a": 1}')
    got, closing = done.stderr.splitlines()
    assert (done.stdout, got) == ('{"a": 1}', "got {'a': 1}")
    assert closing.startswith("invoking-echo version 1: ")
    for quiet in (("-q",), ("-o", "json")):
        assert "got" not in deployed.run("invoke", "echo", "-p", '{"a": 1}', *quiet).stderr


def test_the_error_of_a_function_is_told_once_below_its_log(deployed):
    done = deployed.run("invoke", "echo", "-p", '{"fail": true}')
    lines = done.stderr.splitlines()
    assert lines[:2] == ["got {'fail': True}", "invoking-echo failed: ValueError: asked to fail"]
    assert done.stderr.count("asked to fail") == 2  # in the message and in the line that raised it


def test_the_stack_that_tail_shows_is_not_repeated(deployed):
    done = deployed.run("invoke", "echo", "--tail", "-p", '{"fail": true}')
    assert "\ninvoking-echo failed: ValueError: asked to fail\ninvoking-echo version" in done.stderr
    assert done.stderr.count("raise ValueError") == 1


def test_a_log_that_is_cut_says_where_the_rest_is(deployed):
    done = deployed.run("invoke", "echo", "-p", '{"chatty": true}')
    lines = done.stderr.splitlines()
    said = re.fullmatch(
        "the log begins earlier, AWS answers with its last 4,096 bytes: "
        r"`lcli logs echo --request ([0-9a-f]{8})` shows all of it, or the next time --tail",
        lines[0],
    )
    assert lines[-2].startswith("line 299 xxx")
    assert "line 100 " not in done.stderr
    assert "line 100 " in deployed.ok("logs", "echo", "--request", said[1])


def test_no_fail_on_error_exits_0_and_still_says_what_failed(deployed):
    done = deployed.run("invoke", "echo", "-p", '{"fail": true}', "--no-fail-on-error")
    assert done.returncode == 0
    assert "failed: ValueError: asked to fail" in done.stderr


@pytest.mark.parametrize("text", ["0", '""', "false", "null", '{"ü": [1, 2]}'])
def test_payloads_come_back_as_they_were_sent(deployed, text):
    assert json.loads(deployed.ok("invoke", "echo", "--raw", "-p", text)) == json.loads(text)


def test_a_streamed_response_is_printed_as_it_arrives(deployed):
    process = subprocess.Popen(
        [LCLI, "invoke", "drip", "--stream", "-p", "{}"],
        cwd=deployed.directory,
        env=deployed.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    first = process.stdout.read(6)
    arrived = time.monotonic()
    rest, notes = process.communicate(timeout=60)
    assert (first, rest, process.returncode) == (b"first ", b"second", 0)
    assert time.monotonic() - arrived > 1
    assert b"version 1: " in notes


def test_an_error_in_the_middle_of_a_stream_exits_4(deployed):
    done = deployed.run("invoke", "drip", "--stream", "-p", '{"fail": true}')
    assert (done.returncode, done.stdout[:6]) == (4, "first ")
    assert "half way" in done.stderr


def test_each_answers_every_line_in_order_and_exits_4_at_the_end(deployed):
    payloads = ['{"sleep": 0.3}', "1", '{"fail": true}', "not json", '{"a":"b"}', "2"]
    done = deployed.run("invoke", "echo", "--each", "--parallel", "3", stdin="\n".join(payloads))
    assert done.returncode == 4, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers[:2] == [{"sleep": 0.3}, 1]
    assert answers[2]["errorType"] == "ValueError"
    assert answers[3]["errorType"] == "payload-not-json"
    assert answers[4:] == [{"a": "b"}, 2]
    assert "3: ValueError: asked to fail\n" in done.stderr
    assert "6 calls in" in done.stderr
    assert re.search(r" a second, 2 failed, \$0\.\d+ on AWS\n$", done.stderr)
    assert "\ninvoking-echo version 1: 6 calls in" in done.stderr


def test_each_writes_json_though_a_response_is_none(deployed):
    deployed.write("events.ndjson", "{}\n{}\n")
    with (deployed.directory / "events.ndjson").open() as events:
        done = subprocess.run(
            [LCLI, "invoke", "drip", "--each"],
            cwd=deployed.directory,
            env=deployed.environ,
            stdin=events,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stdout) == (0, '"first second"\n' * 2), done.stderr


@pytest.mark.parametrize(
    ("name", "cost"), [("echo", "$"), ("invoking-echo", "$"), ("invoking-echo:live", "at most $")]
)
def test_the_closing_line_says_what_ran_what_it_used_and_what_it_cost(deployed, name, cost):
    done = deployed.run("invoke", name)
    version = r"(1|\$LATEST)"
    used = r"[\d.]+ ms, billed \d+ ms, \d+ of 128 MB(, cold start \d+ ms)?"
    pattern = rf"invoking-echo version {version}: {used}, {re.escape(cost)}0\.\d+ on AWS\n$"
    assert re.search(pattern, done.stderr), done.stderr


def test_each_as_documents_says_what_ran(deployed):
    done = deployed.run("invoke", "echo", "--each", "-o", "json", stdin="1\n2\n")
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(d["number"], d["version"], d["response"]) for d in documents] == [
        (1, "1", 1),
        (2, "1", 2),
    ]


def test_each_prints_a_result_while_standard_input_stays_open(deployed):
    process = subprocess.Popen(
        [LCLI, "invoke", "echo", "--each"],
        cwd=deployed.directory,
        env=deployed.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    process.stdin.write(b"1\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"1\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
    process.stdin.close()
    process.stdout.close()


def test_repeat_prints_percentiles_cold_starts_and_a_histogram(deployed):
    done = deployed.run("invoke", "echo", "--repeat", "12", "--parallel", "2", "-p", "{}")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ms +p50 +p90 +p99 +max$", done.stdout, re.MULTILINE)
    assert re.search(r"^round trip( +[\d.,]+){4}$", done.stdout, re.MULTILINE)
    assert re.search(r"^12 calls, \d cold starts?, 0 errors$", done.stdout, re.MULTILINE)
    cost = r"^cost \$0\.[0-9]+ on AWS, \$0\.[0-9]+ a call$"
    assert re.search(cost, done.stdout, re.MULTILINE)
    assert "█" in done.stdout
    found = deployed.json("invoke", "echo", "--repeat", "3")
    assert (found["calls"], found["errors"], found["versions"]) == (3, 0, ["1"])
    assert "\ninvoking-echo version 1: 12 calls in" in f"\n{done.stderr}"
    assert sum(bucket["count"] for bucket in found["histogram"]) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--each", "--repeat", "2"), "--each and --repeat exclude each other"),
        (("--each", "-p", "1"), "--each and --payload exclude each other"),
        (("--stream", "--async"), "--async and --stream exclude each other"),
        (("--async", "--tail"), "--tail and --async exclude each other"),
        (("-p", "1", "--event", "s3"), "--payload and --event exclude each other"),
        (("--stream", "-o", "json"), "--stream and -o json exclude each other"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_options_that_exclude_each_other_are_refused(deployed, options, message):
    done = deployed.run("invoke", "echo", *options)
    assert done.returncode == 2
    assert message in done.stderr


def test_events_by_kind_and_by_name_with_changes(deployed):
    change = ("--set", "Records[0].s3.object.key=cat.jpg")
    answer = json.loads(deployed.ok("invoke", "echo", "--event", "s3", *change))
    assert answer["Records"][0]["s3"]["object"]["key"] == "cat.jpg"
    assert json.loads(deployed.ok("event", "s3", *change)) == answer
    deployed.write("events/mine.json", '{"mine": true}')
    assert json.loads(deployed.ok("invoke", "echo", "--event", "mine")) == {"mine": True}
    assert re.search(r"^mine +events/mine\.json$", deployed.ok("event"), re.MULTILINE)
    unknown = deployed.run("event", "sqss")
    assert (unknown.returncode, "did you mean sqs?" in unknown.stderr) == (2, True)


def test_tail_shows_more_than_the_4_kb_that_an_answer_carries(deployed):
    done = deployed.run("invoke", "echo", "--tail", "-p", '{"chatty": true}')
    assert done.returncode == 0
    printed = re.findall(r"^line (\d+) x", done.stderr, re.MULTILINE)
    assert printed == [str(number) for number in range(300)]
    assert "RequestId" not in done.stderr
    assert re.search(r"^invoking-echo version \S+: [\d.]+ ms, billed", done.stderr, re.MULTILINE)


@pytest.mark.parametrize(("payload", "code"), [('{"chatty": true}', 0), ('{"fail": true}', 4)])
def test_an_asynchronous_call_is_followed_to_its_report(deployed, payload, code):
    done = deployed.run("invoke", "echo", "--async", "--wait", "-p", payload)
    assert done.returncode == code, done.stderr
    assert UUID(done.stdout.removesuffix("\n"))
    assert "echo: queued\n" in done.stderr
    assert "RequestId" not in done.stderr
    if code:
        assert "\nERROR ValueError: asked to fail\nTraceback" in done.stderr
    closing = done.stderr.splitlines()[-1]
    assert closing.startswith(f"invoking-echo version 1{' failed' if code else ''}: ")


@pytest.mark.parametrize(("payload", "code"), [('{"a": 1}', 0), ('{"fail": true}', 4)])
def test_the_document_of_what_was_queued_comes_with_what_its_log_tells(deployed, payload, code):
    done = deployed.run("invoke", "echo", "--async", "--wait", "-o", "json", "-p", payload)
    assert done.returncode == code, done.stderr
    found = json.loads(done.stdout)
    assert (found["status"], found["version"]) == (202, "1")
    assert found["report"]["request_id"] == found["request_id"]
    assert found["cost"]["usd"] > 0
    assert found["log"].splitlines()[-1].startswith("REPORT ")
    error = found["error"]
    assert (error and (error["type"], error["message"])) == (
        ("ValueError", "asked to fail") if code else None
    )
    assert f"invoking-echo: queued, request {found['request_id']}\n" in done.stderr


def test_no_report_is_waited_for_where_none_is_logged(deployed):
    done = deployed.run("invoke", "quiet", "--async", "--wait", "-p", "{}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "logs no REPORT, for which --wait waits: its system log level is WARN" in done.stderr


def test_the_document_comes_though_the_wait_is_interrupted(deployed):
    process = subprocess.Popen(
        [LCLI, "invoke", "echo", "--async", "--wait", "-o", "json", "-p", '{"sleep": 4}'],
        cwd=deployed.directory,
        env=deployed.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    queued = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=10)
    found = json.loads(out)
    assert (process.returncode, found["report"], found["error"]) == (130, None, None)
    assert queued == f"invoking-echo: queued, request {found['request_id']}\n"


@pytest.mark.parametrize("how", [[], ["--tail"], ["--async", "--wait"]], ids=" ".join)
def test_whoever_presses_ctrl_c_is_told_that_the_function_goes_on(deployed, how, tmp_path):
    mark = tmp_path / "begun"
    process = subprocess.Popen(
        [LCLI, "invoke", "echo", *how, "-p", json.dumps({"sleep": 4, "mark": str(mark)})],
        cwd=deployed.directory,
        env=deployed.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    queued = process.stdout.readline() if "--async" in how else ""  # its request id
    while not mark.exists():
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, told = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert bool(queued) is ("--async" in how)
    assert re.search(
        "invoking-echo (may have been called, and goes on if it runs|was queued, and goes on); "
        "`lcli logs echo --follow` shows it\n$",
        told,
    )


def test_a_stack_keeps_its_shape(deployed):
    done = deployed.run("invoke", "echo", "-p", '{"fail": true}')
    file, line = done.stderr.splitlines()[2:4]
    assert file.startswith("    File ")
    assert line == '      raise ValueError("asked to fail")'


def test_parallel_alone_is_refused(deployed):
    done = deployed.run("invoke", "echo", "--parallel", "3")
    assert (done.returncode, done.stderr) == (
        2,
        "error: --parallel is for --each and --repeat [usage]\n"
        "  next: add --each or --repeat, or leave --parallel out\n",
    )


def test_wait_alone_is_refused(deployed):
    done = deployed.run("invoke", "echo", "--wait")
    assert (done.returncode, "--wait is for --async" in done.stderr) == (2, True)


def test_shared_events_are_kept_listed_sent_and_deleted(deployed):
    none = deployed.run("--region", "eu-west-1", "events", "list", "alone")
    hint = "`lcli --region eu-west-1 events put alone NAME -p JSON` keeps one"
    assert none.stderr == f"invoking-alone has no shared events; {hint}\n"
    put = deployed.run("events", "put", "echo", "hi", "-p", "-", stdin='{"from": "aws"}')
    assert (put.returncode, put.stderr) == (0, "invoking-echo: kept hi\n")
    again = deployed.run("events", "put", "echo", "hi", "-p", '{"from": "afar"}')
    assert (again.returncode, "replace it with --force" in again.stderr) == (2, True)
    deployed.ok("events", "put", "echo", "hi", "-p", '{"from": "afar"}', "--force")
    assert deployed.ok("events", "list", "echo") == "hi\n"
    assert json.loads(deployed.ok("events", "get", "invoking-echo", "hi")) == {"from": "afar"}
    for name in ("hi", "shared:hi"):
        assert json.loads(deployed.ok("invoke", "echo", "--event", name)) == {"from": "afar"}
    deployed.write("events/hi.json", '{"from": "here"}')
    assert json.loads(deployed.ok("invoke", "echo", "--event", "hi")) == {"from": "here"}
    changed = deployed.ok("invoke", "echo", "--event", "shared:hi", "--set", "n=1")
    assert json.loads(changed) == {"from": "afar", "n": 1}
    deployed.ok("events", "delete", "echo", "hi")
    gone = deployed.run("invoke", "echo", "--event", "shared:hi")
    assert (gone.returncode, "invoking-echo has no shared event 'hi'" in gone.stderr) == (2, True)


def test_an_event_is_not_kept_for_a_function_that_is_not_there(deployed):
    done = deployed.run("events", "put", "ecco", "hi", "-p", "1")
    assert done.returncode == 1
    assert deployed.json("events", "list", "theirs") == {"function": "theirs", "events": {}}


@pytest.mark.parametrize(
    "command", [["list", "ecco"], ["get", "ecco", "x"], ["delete", "ecco", "x"]]
)
def test_events_of_a_name_that_is_nearly_a_function_are_not_looked_for(deployed, command):
    done = deployed.run("events", *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: there is no function 'ecco' in eu-west-1 [resource-not-found]\n"
        "  next: did you mean echo?\n"
    )


ISOLATED = """
app: tenants
region: eu-west-1
functions:
  who:
    source: src
    handler: app.who
    runtime: python3.11
    api: {TenancyConfig: {TenantIsolationMode: PER_TENANT}}
"""


def test_a_call_for_a_tenant(project):
    project.write("src/app.py", "def who(event, context):\n    return context.tenant_id\n")
    project.write("lcli.yaml", ISOLATED)
    project.ok("deploy")
    assert project.ok("invoke", "who", "--tenant", "blue") == '"blue"'
    assert project.ok("invoke", "who", "--tenant", "blue", "--stream") == '"blue"'
    many = project.run("invoke", "who", "--tenant", "green", "--each", stdin="1\n2\n")
    assert (many.returncode, many.stdout) == (0, '"green"\n"green"\n')
    without = project.run("invoke", "who")
    assert without.returncode == 1
    assert "Add a valid tenant ID in your request" in without.stderr
    assert "next: name the tenant: --tenant ID" in without.stderr


def test_tail_shows_the_log_while_the_function_runs(deployed):
    process = subprocess.Popen(
        # Not echo: beside another invocation of the last seconds it would wait for the end.
        [LCLI, "invoke", "alone", "--tail", "-p", '{"sleep": 6}'],
        cwd=deployed.directory,
        env=deployed.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    lines = iter(process.stderr.readline, b"")
    early = next(line for line in lines if line.startswith(b"got"))
    at = time.monotonic()
    response, rest = process.communicate(timeout=60)
    assert (early, response, process.returncode) == (b"got {'sleep': 6}\n", b'{"sleep": 6}', 0)
    assert time.monotonic() - at > 1
    assert (rest.count(b"got"), rest.count(b" ms, billed ")) == (0, 1)


def test_tail_of_invocations_at_once_shows_each_only_its_own(deployed):
    processes = [
        subprocess.Popen(
            [LCLI, "invoke", "echo", "--tail", "-p", f'{{"sleep": 3, "number": {number}}}'],
            cwd=deployed.directory,
            env=deployed.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    for number, process in enumerate(processes):
        _, said = process.communicate(timeout=60)
        assert re.findall(r"'number': (\d)", said) == [str(number)]
        assert "RequestId" not in said


SUPPRESSED = """
app: quiet
region: eu-west-1
functions:
  echo:
    source: src
    handler: app.echo
    runtime: python3.11
    timeout: 20
    log: {format: json, system_level: warn}
"""


def test_a_report_that_is_suppressed_is_not_waited_for(project):
    project.write("src/app.py", HANDLERS)
    project.write("lcli.yaml", SUPPRESSED)
    project.ok("deploy")
    began = time.monotonic()
    done = project.run("invoke", "echo", "--tail", "-p", '{"chatty": true}')
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 20
    assert (
        "its log level may suppress it" in done.stderr or "only the end of the log" in done.stderr
    )
    many = project.run("invoke", "echo", "--repeat", "2", "-p", "1")
    assert "2 calls, cold starts unknown, 0 errors\ncost unknown\n" in many.stdout
    found = project.json("invoke", "echo", "--repeat", "2", "-p", "1")
    assert (found["unreported"], found["cold_starts"], found["cost"]) == (2, None, None)
