// console.* as Lambda's Node.js runtime writes it, each call one framed record, so that a message
// of several lines stays one log event.
import { format } from "node:util";

export const current = { requestId: "" };

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const METHODS = { trace: "TRACE", debug: "DEBUG", log: "INFO", info: "INFO", warn: "WARN", error: "ERROR" };
const FRAME = 0xa55a0003;
const json = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";

function write(text) {
  const message = Buffer.from(text);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(FRAME, 0);
  head.writeUInt32BE(message.length, 4);
  head.writeBigUInt64BE(BigInt(Date.now()) * 1000n, 8);
  process.stdout.write(Buffer.concat([head, message]));
}

function asText(level, values) {
  return `${new Date().toISOString()}\t${current.requestId || "undefined"}\t${level}\t${format(...values)}`;
}

function named(error) {
  return { errorType: error.constructor?.name ?? "UnknownError", errorMessage: error.message, stackTrace: (error.stack ?? "").split("\n") };
}

// An error alone is the message, as an object; beside other values it is told in fields of its own.
function asJson(level, values) {
  const record = { timestamp: new Date().toISOString(), level, requestId: current.requestId };
  const error = values.find((value) => value instanceof Error);
  record.message = values.length === 1 ? values[0] : format(...values);
  if (error && values.length > 1) Object.assign(record, named(error));
  try {
    return JSON.stringify(record, (_, value) => (value instanceof Error ? { ...named(value), ...value } : value));
  } catch {
    return JSON.stringify({ ...record, message: format(...values) });
  }
}

// What the runtime logs of an error that ends an invocation or the init phase.
export function logError(what, error, described) {
  if (json) console.error(error instanceof Error ? error : new Error(format(error)));
  else console.error(what, "\t", JSON.stringify(described));
}

export function consoleForLambda() {
  const least = json ? LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL ?? "TRACE") : 0;
  for (const [method, level] of Object.entries(METHODS)) {
    console[method] = (...values) => {
      if (LEVELS.indexOf(level) >= least) write((json ? asJson : asText)(level, values));
    };
  }
}
