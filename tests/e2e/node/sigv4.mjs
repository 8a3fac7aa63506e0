// Verifies Signature Version 4 by signing the request again, as it was received, with AWS's own signer.

import { createHash } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";

export const REGION = "eu-west-1";
const SERVICE = "sagemaker";
const MAX_SKEW_MS = 5 * 60 * 1000;

// The keys this endpoint knows, by access key id.
const IDENTITIES = {
  AKIDEXAMPLE: { secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
  ASIAEXAMPLE: { secretAccessKey: "temporary/secret+key", sessionToken: "session/token+with=signs==" },
};

const AUTHORIZATION = new RegExp(
  "^AWS4-HMAC-SHA256 Credential=([^/, ]+)/(\\d{8})/([^/, ]+)/([^/, ]+)/aws4_request," +
    " ?SignedHeaders=([^, ]+), ?Signature=([0-9a-f]{64})$",
);

/** An answer of 403, in the words AWS uses. */
export class Refused extends Error {
  constructor(type, message) {
    super(message);
    this.type = type;
  }
}

/**
 * Throws Refused unless `request` carries a valid signature. `request` is {method, url, rawHeaders, body} with the
 * raw header list of node:http and the body as a Buffer; `now` is this endpoint's clock in milliseconds.
 */
export async function verify(request, now) {
  const headers = joinHeaders(request.rawHeaders);
  if (!headers.authorization) {
    throw new Refused("MissingAuthenticationTokenException", "Missing Authentication Token");
  }
  const match = AUTHORIZATION.exec(headers.authorization);
  if (!match) {
    throw new Refused("IncompleteSignatureException", `Not a SigV4 Authorization header: ${headers.authorization}`);
  }
  const [, accessKeyId, day, region, service, signedNames, signature] = match;
  const identity = IDENTITIES[accessKeyId];
  if (!identity || headers["x-amz-security-token"] !== identity.sessionToken) {
    throw new Refused("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  if (region !== REGION || service !== SERVICE) {
    throw new Refused("InvalidSignatureException", `Credential should be scoped to ${REGION}/${SERVICE}.`);
  }
  const signingDate = readDate(headers["x-amz-date"], day);
  checkClock(signingDate, now);
  const signed = new Set(signedNames.split(";"));
  checkSignedHeaders(signed, headers);
  checkBodyHash(headers["x-amz-content-sha256"], request.body);
  const expected = await sign(request, headers, signed, signingDate, { accessKeyId, ...identity });
  if (expected !== signature) {
    throw new Refused(
      "InvalidSignatureException",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access" +
        " Key and signing method. Consult the service documentation for details.",
    );
  }
}

function joinHeaders(rawHeaders) {
  const headers = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i].toLowerCase();
    headers[name] = name in headers ? `${headers[name]},${rawHeaders[i + 1]}` : rawHeaders[i + 1];
  }
  return headers;
}

function readDate(text, day) {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? "");
  if (!parts || !text.startsWith(day)) {
    throw new Refused("IncompleteSignatureException", "Date in Credential scope does not match X-Amz-Date.");
  }
  const [year, month, date, hour, minute, second] = parts.slice(1).map(Number);
  return new Date(Date.UTC(year, month - 1, date, hour, minute, second));
}

function checkClock(signingDate, now) {
  if (Math.abs(signingDate.getTime() - now) > MAX_SKEW_MS) {
    const [signed, here] = [signingDate.toISOString(), new Date(now).toISOString()];
    throw new Refused("InvalidSignatureException", `Signature expired: ${signed} is not within 5 min. of ${here}`);
  }
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html: host, any x-amz-*
function checkSignedHeaders(signed, headers) {
  const required = Object.keys(headers).filter((name) => /^(host|content-type|x-amz-.*)$/.test(name));
  const missing = required.filter((name) => !signed.has(name));
  if (missing.length > 0 || !headers.host) {
    throw new Refused("InvalidSignatureException", `These headers must be signed: ${missing.join(", ") || "host"}`);
  }
}

function checkBodyHash(claimed, body) {
  if (claimed !== undefined && claimed !== createHash("sha256").update(body).digest("hex")) {
    throw new Refused("InvalidSignatureException", "X-Amz-Content-Sha256 does not match the body.");
  }
}

async function sign(request, headers, signed, signingDate, credentials) {
  const [path, query = ""] = request.url.split(/\?(.*)/s);
  const scope = { region: REGION, service: SERVICE };
  const signer = new SignatureV4({ ...scope, credentials, sha256: Sha256, applyChecksum: false });
  const toSign = {
    method: request.method,
    protocol: "http:",
    hostname: headers.host,
    path,
    query: Object.fromEntries(new URLSearchParams(query)),
    headers: Object.fromEntries([...signed].filter((name) => name in headers).map((name) => [name, headers[name]])),
    body: request.body,
  };
  const { headers: result } = await signer.sign(toSign, { signingDate, signableHeaders: signed });
  return result.authorization.slice(-64);
}
