// awslambda.streamifyResponse: the handler writes, the pieces leave at once; an error after the
// first one travels in the trailers.
import http from "node:http";
import { Writable } from "node:stream";

export const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");

export function responseStream(options, gone) {
  let request;
  let answered;
  let type = "application/octet-stream";
  let prelude = "";
  const open = () => {
    if (request) return request;
    const headers = {
      "Content-Type": type,
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
      "Transfer-Encoding": "chunked",
    };
    request = http.request({ ...options, headers });
    answered = new Promise((resolve) => request.on("response", (response) => response.resume().on("end", resolve)));
    request.on("error", gone);
    request.flushHeaders();
    if (prelude) request.write(prelude);
    return request;
  };
  const output = new Writable({
    write: (chunk, encoding, done) => void open().write(chunk, encoding, done),
  });
  output.setContentType = (value) => void (type = value);
  output.setPrelude = (value) => void (prelude = value);
  Object.defineProperty(output, "started", { get: () => request !== undefined });
  output.finish = async (error) => {
    if (!output.writableEnded) output.end();
    if (!output.writableFinished && !error) await new Promise((resolve) => output.once("finish", resolve));
    if (error) {
      open().addTrailers({
        "Lambda-Runtime-Function-Error-Type": error.errorType,
        "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(error)).toString("base64"),
      });
    }
    open().end();
    await answered;
  };
  return output;
}

// Status and headers of an HTTP response: a JSON prelude, eight zero bytes, then the body.
export const HttpResponseStream = {
  from(output, metadata) {
    output.setContentType("application/vnd.awslambda.http-integration-response");
    output.setPrelude(JSON.stringify(metadata) + "\0".repeat(8));
    return output;
  },
};
