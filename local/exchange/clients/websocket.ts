import { createHash } from "node:crypto";

/**
 * The server's half of RFC 6455. Deno's own server socket does not do what an exchange under test has to: break off
 * without a closing handshake, fall silent, stop in the middle of a frame, ping on request.
 */
export const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** One frame as a client sent it, unmasked. */
export interface ClientFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
}

/** No client has cause to send more than a list of streams. */
const mostBytes = 64 * 1024;
const encoder = new TextEncoder();

/** The answer to a client's `Sec-WebSocket-Key`. RFC 6455, 4.2.2. */
export function acceptKey(key: string): string {
  return createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
}

/** A whole frame, as servers send it: unmasked, with the shortest form of the length. */
export function frame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = new Uint8Array(header + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x80 | opcode;
  bytes[1] = header === 2 ? length : header === 4 ? 126 : 127;
  if (header === 4) view.setUint16(2, length);
  if (header === 10) view.setBigUint64(2, BigInt(length));
  bytes.set(payload, header);
  return bytes;
}

export function textFrame(text: string): Uint8Array {
  return frame(opcodes.text, encoder.encode(text));
}

/** A closing frame with a code of RFC 6455, 7.4. */
export function closeFrame(code: number, reason: string): Uint8Array {
  return frame(opcodes.close, new Uint8Array([code >> 8, code & 255, ...encoder.encode(reason)]));
}

/**
 * Cuts what a client sends into frames; it is called with each piece that comes in.
 * @throws {Error} if that is no WebSocket, or more than an exchange takes
 */
export function createFrameReader(): (bytes: Uint8Array) => ClientFrame[] {
  let rest = new Uint8Array();
  return (bytes) => {
    const joined = new Uint8Array(rest.length + bytes.length);
    joined.set(rest);
    joined.set(bytes, rest.length);
    rest = joined;
    const frames: ClientFrame[] = [];
    for (;;) {
      const found = firstFrame(rest);
      if (!found) return frames;
      frames.push(found.frame);
      rest = rest.subarray(found.end);
    }
  };
}

function firstFrame(bytes: Uint8Array): { frame: ClientFrame; end: number } | undefined {
  if (bytes.length < 2) return;
  if (!(bytes[0] & 0x80)) throw new Error("Cannot read a message in several frames");
  if (!(bytes[1] & 0x80)) throw new Error("Cannot read a client's frame as it must be masked");
  const short = bytes[1] & 0x7f;
  const header = short === 126 ? 4 : 2;
  if (short === 127) throw new Error(`Cannot read a frame as it must be shorter than ${mostBytes} bytes`);
  if (bytes.length < header + 4) return;
  const length = short === 126 ? bytes[2] << 8 | bytes[3] : short;
  const start = header + 4;
  const end = start + length;
  if (bytes.length < end) return;
  const mask = bytes.subarray(header, start);
  const payload = bytes.slice(start, end);
  for (let i = 0; i < length; i++) payload[i] ^= mask[i & 3];
  return { frame: { opcode: bytes[0] & 0x0f, payload }, end };
}
