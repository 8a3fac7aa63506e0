// A local Amazon SageMaker Runtime endpoint: it verifies signatures and encodes event streams with AWS's own packages.
//
//   node server.mjs [--key key.pem --cert cert.pem]
//
// Prints {"port": N} and serves on 127.0.0.1 until it is ended or its standard input closes. Unsigned control calls:
//   GET /control/requests?name=N   the requests for endpoint N: how they came, and what became of them
//   GET /control/release?name=N    lets a gated stream of endpoint N go on
//   GET /control/closed?name=N     answers when the latest answer for endpoint N has ended: {"finished": bool}

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { parseArgs } from "node:util";
import { choose, clockOffset, failure } from "./behaviours.mjs";
import { Refused, verify } from "./sigv4.mjs";
import { CutConnection } from "./streams.mjs";

const ROUTE = /^\/endpoints\/([^/?]+)\/(invocations|async-invocations|invocations-response-stream)$/;

const endpoints = new Map(); // full endpoint name -> {requests, released, release}

function endpoint(name) {
  if (!endpoints.has(name)) {
    const state = { requests: [] };
    state.released = new Promise((resolve) => (state.release = resolve));
    endpoints.set(name, state);
  }
  return endpoints.get(name);
}

async function readBody(incoming) {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function handle(incoming, response) {
  const url = new URL(incoming.url, "http://double");
  if (url.pathname.startsWith("/control/")) return control(url, response);
  const { method, rawHeaders } = incoming;
  const request = { method, url: incoming.url, rawHeaders, body: await readBody(incoming) };
  const match = ROUTE.exec(request.url);
  if (!match || request.method !== "POST") {
    return answer(response, failure(404, "UnknownOperationException", { Message: "No such operation" }));
  }
  const call = open(decodeURIComponent(match[1]), match[2], request, incoming, response);
  try {
    await verify(request, Date.now() + clockOffset(call.behaviour));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    call.record.refused = error.message;
    return answer(response, failure(403, error.type, { message: error.message }), call);
  }
  if (call.behaviour !== "slow") await answer(response, choose(call), call); // "slow" never answers
}

/** Records the request; what becomes of its answer is added to the record later. */
function open(name, operation, request, incoming, response) {
  const state = endpoint(name);
  const record = { ...request, body: request.body.toString("base64"), port: incoming.socket.remotePort, sent: 0 };
  state.requests.push(record);
  state.closed = new Promise((resolve) =>
    response.on("close", () => {
      record.finished = response.writableFinished;
      resolve(record.finished);
    }),
  );
  return {
    behaviour: name.split("--")[0],
    operation,
    request,
    record,
    attempt: state.requests.length,
    released: state.released,
    header: (key) => incoming.headers[key],
  };
}

function answer(response, { status, headers, body, stream, cutAfter, closeIdle, bare }, call) {
  const bytes = Buffer.from(body ?? "");
  const all = bare ? [...headers] : [["x-amzn-RequestId", randomUUID()], ...headers];
  if (!stream) all.push(["Content-Length", String(bytes.length)]);
  if (call && clockOffset(call.behaviour)) {
    all.push(["Date", new Date(Date.now() + clockOffset(call.behaviour)).toUTCString()]);
  }
  if (call) call.record.status = status;
  if (closeIdle) response.on("close", () => response.req.socket.end());
  response.writeHead(status, all.flat());
  if (stream) return send(stream, response, call);
  if (cutAfter === undefined) return response.end(bytes);
  return response.write(bytes.subarray(0, cutAfter), () => response.destroy());
}

async function send(stream, response, call) {
  try {
    for await (const chunk of stream) {
      await new Promise((resolve) => response.write(chunk, resolve));
      call.record.sent += 1;
    }
  } catch (error) {
    if (!(error instanceof CutConnection)) throw error;
    return response.destroy();
  }
  return response.end();
}

async function control(url, response) {
  const state = endpoint(url.searchParams.get("name"));
  const actions = {
    "/control/requests": () => state.requests,
    "/control/release": () => state.release() ?? {},
    "/control/closed": async () => ({ finished: await state.closed }),
  };
  const result = await actions[url.pathname]();
  response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(result));
}

const { values } = parseArgs({ options: { key: { type: "string" }, cert: { type: "string" } } });
const listener = (incoming, response) =>
  handle(incoming, response).catch((error) => {
    if (incoming.complete) throw error; // else the client went away while it was sending
  });
const server = values.key
  ? https.createServer({ key: readFileSync(values.key), cert: readFileSync(values.cert) }, listener)
  : http.createServer(listener);
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.resume().on("end", () => process.exit(0));
