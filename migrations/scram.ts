import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/** PostgreSQL's own number. */
const ITERATIONS = 4096;

/**
 * The verifier that PostgreSQL stores instead of a password (RFC 5803). It is sent instead of the password, so that the password never
 * reaches the server's log.
 */
export function scramVerifier(password: string, salt: Uint8Array = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, "sha256");
  const keyOf = (side: string) => createHmac("sha256", salted).update(`${side} Key`).digest();
  const storedKey = createHash("sha256").update(keyOf("Client")).digest("base64");
  const serverKey = keyOf("Server").toString("base64");
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toBase64()}$${storedKey}:${serverKey}`;
}
