// What the endpoint answers, by endpoint name. A name may carry a suffix after "--" ("echo--7"), which keeps tests
// apart; the part before it selects the behaviour. An entry gives {status, headers} with a `body`, or with a `stream`
// of chunks; `cutAfter` destroys the connection after that many bytes, `closeIdle` closes it, unannounced, after the
// answer, `bare` leaves the request id out.

import { randomUUID } from "node:crypto";
import { STREAMS } from "./streams.mjs";

const JSON_TYPE = ["Content-Type", "application/json"];
const INTERNAL = "http://internal.amazon.com/coral/com.amazon.sagemaker.runtime/";

/** An error as the service sends it: the code in a header, the members in a JSON body. */
export function failure(status, type, members, headers = []) {
  return {
    status,
    headers: [JSON_TYPE, ["x-amzn-errortype", `${type}:${INTERNAL}`], ...headers],
    body: JSON.stringify(members),
  };
}

/** The ordinary answer of each operation. */
const ORDINARY = {
  invocations: (call) => ({
    status: 200,
    headers: [["Content-Type", contentType(call, "accept")], ...common(call)],
    body: call.request.body,
  }),
  "async-invocations": (call) => {
    if (!call.header("x-amzn-sagemaker-inputlocation")) {
      return failure(400, "ValidationError", { Message: "InputLocation is missing" });
    }
    const id = call.header("x-amzn-sagemaker-inference-id") ?? randomUUID();
    return { status: 202, headers: [JSON_TYPE, ...locations(id)], body: JSON.stringify({ InferenceId: id }) };
  },
  "invocations-response-stream": (call) => streaming(call, STREAMS["stream-echo"]),
};
const ordinary = (call) => ORDINARY[call.operation](call);

const streaming = (call, chunks) => ({
  status: 200,
  headers: [
    ["Content-Type", "application/vnd.amazon.eventstream"],
    ["X-Amzn-SageMaker-Content-Type", contentType(call, "x-amzn-sagemaker-accept")],
    ...common(call),
  ],
  stream: chunks(call),
});

const contentType = (call, accept) => call.header(accept) ?? call.header("content-type") ?? "application/octet-stream";

function common(call) {
  const attributes = call.header("x-amzn-sagemaker-custom-attributes");
  const variant = call.header("x-amzn-sagemaker-target-variant") ?? "AllTraffic";
  const headers = [["x-Amzn-Invoked-Production-Variant", variant]];
  return attributes === undefined ? headers : [...headers, ["X-Amzn-SageMaker-Custom-Attributes", attributes]];
}

const locations = (id) => [
  ["X-Amzn-SageMaker-OutputLocation", `s3://double/output/${id}.out`],
  ["X-Amzn-SageMaker-FailureLocation", `s3://double/failure/${id}.out`],
];

const MODEL_ERROR = {
  Message: "Received server error (500) from primary with message \"out of memory\".",
  OriginalStatusCode: 500,
  OriginalMessage: "out of memory",
  LogStreamArn: "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/sagemaker/Endpoints/llm",
};

const notReady = () =>
  failure(429, "ModelNotReadyException", { Message: "The model is being loaded" }, [["Retry-After", "0"]]);
const unavailable = () => failure(503, "ServiceUnavailable", { Message: "Try again" });

/** Answers that stand in for the ordinary one. `call.attempt` counts the requests for one full endpoint name. */
const BEHAVIOURS = {
  echo: ordinary,
  "model-error": () => failure(424, "ModelError", MODEL_ERROR),
  "model-error-nulls": () =>
    failure(424, "ModelError", { Message: null, OriginalStatusCode: null, OriginalMessage: null, Unknown: [1] }),
  "not-ready-twice": (call) => (call.attempt <= 2 ? notReady() : ordinary(call)),
  "not-ready": notReady,
  validation: () => failure(400, "ValidationError", { Message: "Endpoint name is not valid" }),
  "unavailable-once": (call) => (call.attempt === 1 ? unavailable() : ordinary(call)),
  unavailable,
  internal: () => failure(500, "InternalFailure", { Message: "It failed" }),
  dependency: () => failure(530, "InternalDependencyException", { Message: "A dependency failed" }),
  "throttled-once": (call) =>
    call.attempt === 1 ? failure(429, "ThrottlingException", { message: "Rate exceeded" }) : ordinary(call),
  "unknown-error": () => failure(418, "BrandNewException", { message: "not in the model yet" }),
  "error-type-in-body": () => ({
    status: 400,
    headers: [JSON_TYPE],
    body: JSON.stringify({ __type: "com.amazon.sagemaker.runtime#ValidationError", message: "typed in the body" }),
  }),
  "html-error": () => ({ status: 502, headers: [["Content-Type", "text/html"]], body: "<html>Bad Gateway</html>" }),
  "empty-error": () => ({ status: 500, headers: [], body: "" }),
  redirect: () => ({ status: 307, headers: [["Location", "/endpoints/redirected/invocations"]], body: "" }),
  "skewed-clock": ordinary,
  "empty-body": (call) => ({ ...ordinary(call), body: "" }),
  "missing-headers": (call) => ({ ...ordinary(call), ...BARE[call.operation], headers: [], bare: true }),
  "null-members": (call) => ({ ...ordinary(call), body: JSON.stringify({ InferenceId: null }) }),
  "unknown-fields": (call) => ({
    status: 202,
    headers: [["X-Amzn-SageMaker-NewHeader", "1"], ...locations("known")],
    body: JSON.stringify({ New: { Nested: [1, null] }, InferenceId: "known", Another: null }),
  }),
  "odd-header-case": (call) => {
    const answer = ordinary(call);
    return { ...answer, headers: answer.headers.map(([name, value], i) => [oddCase(name, i), value]) };
  },
  "closes-idle-connection": (call) => ({ ...ordinary(call), closeIdle: true }),
  "cut-body": (call) => ({ ...ordinary(call), cutAfter: 10 }),
  "no-json": () => ({ status: 202, headers: [JSON_TYPE], body: "<html>not JSON" }),
};

const BARE = { "async-invocations": { body: "{}" } };
const oddCase = (name, i) => (i % 2 ? name.toUpperCase() : name.toLowerCase());

/** The answer for `call`; a name that nothing knows is a ValidationError, as at AWS. */
export function choose(call) {
  const { behaviour, operation } = call;
  if (operation === "invocations-response-stream" && behaviour in STREAMS) return streaming(call, STREAMS[behaviour]);
  if (behaviour in BEHAVIOURS) return BEHAVIOURS[behaviour](call);
  return failure(400, "ValidationError", { Message: `Endpoint ${behaviour} of account 123456789012 not found.` });
}

/** How far this endpoint's clock is ahead of the machine's, in milliseconds. */
export const clockOffset = (behaviour) => (behaviour === "skewed-clock" ? 60 * 60 * 1000 : 0);
