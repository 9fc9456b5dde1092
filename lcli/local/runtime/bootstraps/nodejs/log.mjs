// console.* as Lambda's Node.js runtime writes it, each call one framed record, so that a message
// of several lines stays one log event.
import { format } from "node:util";

export const current = { requestId: "" };

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const METHODS = { trace: "TRACE", debug: "DEBUG", log: "INFO", info: "INFO", warn: "WARN", error: "ERROR", fatal: "FATAL" };
const FRAME = 0xa55a0003;

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

const linesOf = (error) => (typeof error.stack === "string" ? error.stack.split("\n") : undefined);
const typeOf = (error) => error.constructor?.name ?? "UnknownError";

// An error's own fields do not show in JSON: they are laid open here.
function errorsInJson(key, value) {
  if (!(value instanceof Error)) return value;
  return { errorType: typeOf(value), errorMessage: value.message, stackTrace: linesOf(value), ...value };
}

function errorsInText(key, value) {
  if (!(value instanceof Error)) return value;
  return { errorType: value.name, errorMessage: value.message, code: value.code, ...value, stack: linesOf(value) };
}

function asJson(level, values) {
  const record = { timestamp: new Date().toISOString(), level, requestId: current.requestId || undefined };
  if (values.length === 1) {
    try {
      return JSON.stringify({ ...record, message: values[0] }, errorsInJson);
    } catch {
      return JSON.stringify({ ...record, message: format(values[0]) });
    }
  }
  record.message = format(...values);
  const error = values.find((value) => value instanceof Error);
  if (error) Object.assign(record, { errorType: typeOf(error), errorMessage: error.message, stackTrace: linesOf(error) ?? [] });
  return JSON.stringify(record);
}

const isJson = () => process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";

// What failed an invocation: in JSON the error alone, which is how it is told from what the
// function logs.
export function logError(what, thrown) {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (isJson()) return console.error(error);
  let described;
  try {
    described = JSON.stringify(error, errorsInText);
  } catch {
    described = JSON.stringify({ errorType: error.name, errorMessage: error.message, trace: linesOf(error) });
  }
  console.error(what, `\t${described}`);
}

export function consoleForLambda() {
  const json = isJson();
  const least = json ? LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL ?? "TRACE") : 0;
  for (const [method, level] of Object.entries(METHODS)) {
    console[method] = (...values) => {
      if (LEVELS.indexOf(level) >= least) write((json ? asJson : asText)(level, values));
    };
  }
}
