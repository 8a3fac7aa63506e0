// Prints one frame, as AWS's own codec encodes it, with a header of each of the ten types. Numbers, times and bytes
// are fixed here and in test_event_headers.py.

import { EventStreamCodec, Int64 } from "@smithy/eventstream-codec";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf-8"),
  (text) => new Uint8Array(Buffer.from(text, "utf-8")),
);
const headers = {
  yes: { type: "boolean", value: true },
  no: { type: "boolean", value: false },
  byte: { type: "byte", value: -1 },
  short: { type: "short", value: -300 },
  int: { type: "integer", value: 70000 },
  long: { type: "long", value: Int64.fromNumber(2 ** 40) },
  bytes: { type: "binary", value: Uint8Array.from([0, 255]) },
  text: { type: "string", value: "é" },
  time: { type: "timestamp", value: new Date("2026-01-01T12:00:00.250Z") },
  uuid: { type: "uuid", value: "01234567-89ab-cdef-0123-456789abcdef" },
};
process.stdout.write(codec.encode({ headers, body: Buffer.from("payload") }));
