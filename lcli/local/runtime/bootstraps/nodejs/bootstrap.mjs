// Runs a Node.js handler on Lambda's Runtime API: ES modules and CommonJS, promises and callbacks,
// streamed responses. Behaviour and error shapes follow AWS's own aws-lambda-nodejs-runtime-interface-client.
import http from "node:http";
import { createRequire } from "node:module";
import { consoleForLambda, current, logError } from "./log.mjs";
import { HttpResponseStream, STREAMING, responseStream } from "./streaming.mjs";
import { loadHandler } from "./handler.mjs";

const env = process.env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const ROOT = "/2018-06-01/runtime";

globalThis.awslambda = {
  streamifyResponse: (handler) => Object.assign(handler, { [STREAMING]: "response" }),
  HttpResponseStream,
};

// The local cloud has ended when it cannot be reached: so does its worker, silently.
const gone = () => process.exit(0);

function call(method, path, body = "", headers = {}) {
  return new Promise((resolve) => {
    const length = { "Content-Length": Buffer.byteLength(body) };
    const request = http.request(
      { host, port, agent, method, path: ROOT + path, headers: { ...headers, ...length } },
      (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => {
          const { headers, statusCode: status } = response;
          resolve({ status, headers, body: Buffer.concat(chunks) });
        });
        response.on("error", gone);
      },
    );
    request.on("error", gone);
    request.end(body);
  });
}

export function describe(error) {
  if (error instanceof Error || (error && typeof error === "object" && "message" in error)) {
    const stack = String(error.stack ?? "").split("\n");
    return { errorType: error.name ?? "Error", errorMessage: String(error.message), trace: stack };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function report(path, error, what = "Invoke Error") {
  logError(what, error);
  const described = describe(error);
  return call("POST", path, JSON.stringify(described), {
    "Content-Type": "application/json",
    "Lambda-Runtime-Function-Error-Type": described.errorType,
  });
}

function contextOf(headers, settle) {
  const parsed = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed("lambda-runtime-client-context"),
    identity: parsed("lambda-runtime-cognito-identity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: (error, result) => settle(error, result),
    succeed: (result) => settle(null, result),
    fail: (error) => settle(error ?? "handled"),
  };
}

// Resolves to [error, result]. A callback's result waits for the event loop to run empty, unless
// the function says otherwise; `idle` is called when it has.
let idle = () => {};
process.on("beforeExit", () => idle());

function run(handler, event, headers) {
  return new Promise((resolve) => {
    let waiting = [null, null];
    const settle = (error, result) => {
      waiting = [error ?? null, result];
      if (!context.callbackWaitsForEmptyEventLoop || error) setImmediate(resolve, waiting);
    };
    const context = contextOf(headers, settle);
    idle = () => resolve(waiting);
    try {
      const returned = handler(event, context, settle);
      if (typeof returned?.then === "function") {
        const never = new Error("A promise was never settled, and nothing is left to wait for.");
        never.name = "Runtime.NodeJsExit";
        idle = () => resolve([never]);
        returned.then((result) => resolve([null, result]), (error) => resolve([error ?? "handled"]));
      }
    } catch (error) {
      resolve([error ?? "handled"]);
    }
  });
}

async function stream(handler, event, headers, id) {
  const options = { host, port, agent, method: "POST", path: `${ROOT}/invocation/${id}/response` };
  const output = responseStream(options, gone);
  try {
    await handler(event, output, contextOf(headers, () => {}));
    await output.finish();
  } catch (error) {
    if (!output.started) return report(`/invocation/${id}/error`, error);
    logError("Invoke Error", error);
    await output.finish(describe(error));
  }
}

// Of a response that is too large Lambda makes an error itself; the log tells of it.
async function respond(id, body) {
  const kind = { "Content-Type": "application/json" };
  const { status } = await call("POST", `/invocation/${id}/response`, body, kind);
  if (status === 413) {
    const said = "LAMBDA_RUNTIME Failed to post handler success response. Http response code: 413.";
    process.stdout.write(`[ERROR] [${Date.now()}] ${said}\n`);
  }
}

async function serve(handler) {
  for (;;) {
    idle = () => {};
    const { headers, body } = await call("GET", "/invocation/next");
    const id = (current.requestId = headers["lambda-runtime-aws-request-id"]);
    env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
    const event = JSON.parse(body.toString());
    if (handler[STREAMING]) {
      await stream(handler, event, headers, id);
      continue;
    }
    const [error, result] = await run(handler, event, headers);
    idle = () => {};
    if (error !== null) await report(`/invocation/${id}/error`, error);
    else await respond(id, JSON.stringify(result) ?? "null");
  }
}

async function fatal(error, what, status) {
  const path = current.requestId ? `/invocation/${current.requestId}/error` : "/init/error";
  await report(path, error, what);
  process.exit(status);
}

class UnhandledPromiseRejection extends Error {
  constructor(reason, promise) {
    super(reason);
    Object.assign(this, { reason, promise });
  }
}
UnhandledPromiseRejection.prototype.name = "Runtime.UnhandledPromiseRejection";

const uncaught = (error) => fatal(error, "Uncaught Exception", 129);

consoleForLambda();
process.on("uncaughtException", uncaught);
process.on("unhandledRejection", (reason, promise) =>
  fatal(new UnhandledPromiseRejection(reason, promise), "Unhandled Promise Rejection", 128),
);
try {
  await serve(await loadHandler(env.LAMBDA_TASK_ROOT, env._HANDLER, createRequire));
} catch (error) {
  await uncaught(error);
}
