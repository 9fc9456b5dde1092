// Finds and loads the module that a handler such as "src/app.handler" names.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

// An error of the runtime's own; in a log record it has its class's name, else with "Runtime." before.
function failure(name, message) {
  const kind = { [name]: class extends Error {} }[name];
  kind.prototype.name = `Runtime.${name}`;
  return new kind(message);
}

function isModule(file) {
  if (file.endsWith(".mjs")) return true;
  if (!file.endsWith(".js")) return false;
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const described = path.join(folder, "package.json");
    if (fs.existsSync(described)) return JSON.parse(fs.readFileSync(described)).type === "module";
    if (folder === path.dirname(folder)) return false;
  }
}

async function load(file, createRequire) {
  try {
    return isModule(file) ? await import(pathToFileURL(file)) : createRequire(file)(file);
  } catch (error) {
    if (error instanceof SyntaxError) error.name = "Runtime.UserCodeSyntaxError";
    const missing = ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code);
    if (missing) throw failure("ImportModuleError", `Error: ${error.message}`);
    throw error;
  }
}

export async function loadHandler(root, handler, createRequire) {
  const name = path.basename(handler);
  const dot = name.indexOf(".");
  if (dot < 1) throw failure("MalformedHandlerName", "Bad handler");
  const base = path.resolve(root, path.dirname(handler), name.slice(0, dot));
  const file = ["", ".js", ".mjs", ".cjs"].map((end) => base + end).find((each) => fs.statSync(each, { throwIfNoEntry: false })?.isFile());
  if (!file) throw failure("ImportModuleError", `Error: Cannot find module '${name.slice(0, dot)}'`);
  let found = await load(file, createRequire);
  for (const part of name.slice(dot + 1).split(".")) found = found?.[part];
  if (found === undefined) throw failure("HandlerNotFound", `${handler} is undefined or not exported`);
  if (typeof found !== "function") throw failure("HandlerNotFound", `${handler} is not a function`);
  return found;
}
