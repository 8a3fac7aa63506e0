// What /invocations-response-stream sends, by endpoint name. Each entry is an async generator of byte chunks; every
// chunk is written to the socket by itself. Frames are encoded by AWS's own codec.

import { EventStreamCodec } from "@smithy/eventstream-codec";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf-8"),
  (text) => new Uint8Array(Buffer.from(text, "utf-8")),
);

/** Thrown by a generator to destroy the connection after what it has sent. */
export class CutConnection extends Error {}

function frame(headers, body) {
  const typed = Object.entries(headers).map(([name, value]) => [name, { type: "string", value }]);
  return codec.encode({ headers: Object.fromEntries(typed), body: Buffer.from(body) });
}

const event = (type, contentType, body) =>
  frame({ ":event-type": type, ":content-type": contentType, ":message-type": "event" }, body);
const part = (body) => event("PayloadPart", "application/octet-stream", body);
const exception = (type, members) =>
  frame(
    { ":exception-type": type, ":content-type": "application/json", ":message-type": "exception" },
    JSON.stringify(members),
  );

function flipByte(bytes, index) {
  const copy = Uint8Array.from(bytes);
  copy[index] ^= 0x01;
  return copy;
}

/** Cuts `bytes` at every odd offset: pieces of 1, 2, 2, 2... bytes. */
function* cutAtOddPlaces(bytes) {
  yield bytes.subarray(0, 1);
  for (let at = 1; at < bytes.length; at += 2) yield bytes.subarray(at, at + 2);
}

/** Parts of `size` bytes each, so that characters, lines and events are split wherever it falls. */
function* partsOf(text, size) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield part(bytes.subarray(at, at + size));
}

const TOKENS = ["Once", " upon", " a", " time", "."];
const TEXT = "naïve café — 東京 🗼 done";
const SSE =
  "\ufeff: a comment\r\n\r\nid: 7\r\nevent: token\r\ndata: first\r\n\r\ndata: two\ndata: lines é\nretry: 1500\n\n" +
  "data: [DONE]\n\n";
const JSONL = '{"token": "été", "index": 0}\r\n{"token": "東", "index": 1}\n{"token": "last", "index": 2}';

export const STREAMS = {
  async *"stream-tokens"() {
    for (const token of TOKENS) yield part(token);
  },
  async *"stream-echo"(call) {
    yield part(call.request.body);
  },
  async *"stream-empty"() {},
  async *"stream-empty-part"() {
    yield part("a");
    yield part("");
    yield part("b");
  },
  async *"stream-cut-frames"() {
    yield* cutAtOddPlaces(Buffer.concat(TOKENS.map(part)));
  },
  async *"stream-joined-frames"() {
    yield Buffer.concat(TOKENS.map(part));
  },
  async *"stream-model-error"() {
    yield part("one");
    yield part("two");
    yield exception("ModelStreamError", { Message: "out of time", ErrorCode: "ModelInvocationTimeExceeded" });
  },
  async *"stream-internal-failure"() {
    yield part("one");
    yield exception("InternalStreamFailure", { Message: "unknown failure" });
  },
  async *"stream-null-error"() {
    yield exception("ModelStreamError", { Message: null, ErrorCode: null, Extra: 1 });
  },
  async *"stream-unknown-error"() {
    yield part("one");
    yield exception("BrandNewFailure", { Message: "not in the model yet" });
  },
  async *"stream-error-frame"() {
    yield part("one");
    yield frame({ ":message-type": "error", ":error-code": "InternalError", ":error-message": "It broke" }, "");
  },
  async *"stream-bad-crc"() {
    yield part("one");
    const bad = part("two");
    yield Buffer.concat([part("good"), flipByte(bad, bad.length - 6), part("after")]);
  },
  async *"stream-bad-prelude"() {
    yield part("one");
    yield flipByte(part("two"), 9);
  },
  async *"stream-truncated"() {
    yield part("one");
    yield part("two").subarray(0, -5);
  },
  async *"stream-cut-connection"() {
    yield part("one");
    yield part("two").subarray(0, 20);
    throw new CutConnection();
  },
  async *"stream-unknown-event"() {
    yield part("one");
    yield event("Telemetry", "application/json", '{"latency": 3}');
    yield part("two");
  },
  async *"stream-gated"(call) {
    yield part("first");
    await call.released;
    yield part("last");
  },
  async *"stream-many"(call) {
    const count = Number(call.request.body.toString());
    for (let at = 0; at < count; at += 100) {
      yield Buffer.concat(Array.from({ length: Math.min(100, count - at) }, (_, i) => part(`${at + i},`)));
    }
  },
  async *"stream-text"() {
    yield* partsOf(TEXT, 1);
  },
  async *"stream-sse"() {
    yield* partsOf(SSE, 5);
  },
  async *"stream-jsonl"() {
    yield* partsOf(JSONL, 7);
  },
};
