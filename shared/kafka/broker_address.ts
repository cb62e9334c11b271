import { isIP } from "node:net";

/** Where a broker is. */
export interface BrokerAddress {
  /** A name or an IP address; an IPv6 address has no brackets here. */
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port` or `[IPv6 address]:port`.
 * @throws {Error} what is wrong with the text, to follow "it "
 */
export function parseBrokerAddress(text: string): BrokerAddress {
  const fault = (why: string) => new Error(`names ${text}, ${why}`);
  const scheme = /^[\w+.-]+:\/\//.exec(text)?.[0];
  if (scheme) throw fault(`which must not begin with ${scheme}`);
  if (isIP(text) === 6 || isIP(text.replace(/:\d*$/, "")) === 6) {
    throw fault("whose IPv6 address must be in brackets");
  }
  const parts = /^(?:\[([^\]]*)\]|([^\s:/[\]@,]+))(?::(\d*))?$/.exec(text);
  if (!parts) throw fault("which is not host:port");
  const [, bracketed, plain, digits = ""] = parts;
  if (bracketed !== undefined && isIP(bracketed) !== 6) {
    throw fault("which has no IPv6 address in its brackets");
  }
  if (digits === "") throw fault("which has no port");
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw fault("whose port must be from 1 to 65535");
  return { host: bracketed ?? plain, port };
}
