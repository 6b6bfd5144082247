import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromHex } from "#base/bytes.ts";
import {
  decodeStunMessage,
  encodeBindingRequest,
  encodeBindingSuccess,
  encodeUnknownAttributes,
} from "./stun-message.ts";

const transactionIds = fc.uint8Array({ minLength: 12, maxLength: 12 });
const hosts = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map((text) => new URL(`http://[${text}]`).hostname.slice(1, -1)),
);

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex.replaceAll(/\s/g, ""));
  assert.ok(bytes !== null);
  return bytes;
}

test("a mapped address comes back as it was written", () => {
  fc.assert(
    fc.property(transactionIds, hosts, fc.integer({ min: 1, max: 65535 }), (transactionId, host, port) => {
      const decoded = decodeStunMessage(encodeBindingSuccess(transactionId, { host, port }));
      assert.deepEqual(decoded, {
        ok: true,
        value: { type: "success", transactionId, mapped: { host, port } },
      });
    }),
  );
});

test("a request comes back as it was written, a refusal names its code", () => {
  const transactionId = new Uint8Array(12).fill(9);
  assert.deepEqual(decodeStunMessage(encodeBindingRequest(transactionId)), {
    ok: true,
    value: { type: "request", transactionId, unknownAttributes: [] },
  });
  assert.deepEqual(decodeStunMessage(encodeUnknownAttributes(transactionId, [3])), {
    ok: true,
    value: { type: "error", transactionId, errorCode: 420 },
  });
});

/** RFC 5769 sections 2.2 and 2.3: answers with 192.0.2.1 and 2001:db8:1234:5678:11:2233:4455:6677, port 32853. */
const RESPONSE_IP4 = bytesOf(
  `0101003c2112a442b7e7a701bc34d686fa87dfae 8022000b7465737420766563746f7220
   002000080001a147e112a643 000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004c07d4c96`,
);
const RESPONSE_IP6 = bytesOf(
  `010100482112a442b7e7a701bc34d686fa87dfae 8022000b7465737420766563746f7220
   002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9
   00080014a382954e4be67bf11784c97c8292c275bfe3ed41 80280004c8fb0b4c`,
);

test("the answers of RFC 5769 are read", () => {
  const transactionId = bytesOf("b7e7a701bc34d686fa87dfae");
  const mapped = { host: "192.0.2.1", port: 32853 };
  assert.deepEqual(decodeStunMessage(RESPONSE_IP4), {
    ok: true,
    value: { type: "success", transactionId, mapped },
  });
  const six = decodeStunMessage(RESPONSE_IP6);
  assert.ok(six.ok && six.value.type === "success");
  assert.equal(six.value.mapped.host, "2001:db8:1234:5678:11:2233:4455:6677");
});

test("a fingerprint that does not stand is refused", () => {
  const last = RESPONSE_IP4.length - 1;
  assert.equal(decodeStunMessage(RESPONSE_IP4.with(last, (RESPONSE_IP4[last] ?? 0) ^ 1)).ok, false);
  assert.equal(decodeStunMessage(RESPONSE_IP4.with(40, (RESPONSE_IP4[40] ?? 0) ^ 1)).ok, false);
});

test("what must be understood and is not is named, what may be passed over is passed over", () => {
  const request = encodeBindingRequest(new Uint8Array(12));
  const withAttribute = (hex: string) => {
    const bytes = new Uint8Array([...request, ...bytesOf(hex)]);
    new DataView(bytes.buffer).setUint16(2, bytes.length - 20);
    return decodeStunMessage(bytes);
  };
  const changeRequest = withAttribute("0003000400000006");
  assert.ok(changeRequest.ok && changeRequest.value.type === "request");
  assert.deepEqual(changeRequest.value.unknownAttributes, [3]);
  const software = withAttribute("8022000474657374");
  assert.ok(software.ok && software.value.type === "request");
  assert.deepEqual(software.value.unknownAttributes, []);
});

test("arbitrary bytes get a verdict", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      assert.equal(typeof decodeStunMessage(bytes).ok, "boolean");
    }),
  );
  const header = encodeBindingSuccess(new Uint8Array(12), { host: "1.2.3.4", port: 5 }).subarray(0, 8);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 24 }), (rest) => {
      assert.equal(typeof decodeStunMessage(new Uint8Array([...header, ...rest])).ok, "boolean");
    }),
  );
});
