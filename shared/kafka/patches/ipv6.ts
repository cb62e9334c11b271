import type kafkajs from "kafkajs";
import createSocketFactory from "kafkajs/src/network/socketFactory.js";

/**
 * Patches kafkajs 2.2.4 (issue 1589): it ends a host at its first colon, so no broker can be named by an IPv6 address. With the patch the
 * colons of a host are handed to kafkajs as `%3A`, and read back where a socket is opened.
 */

const open: kafkajs.ISocketFactory = createSocketFactory();

/** A broker's address for kafkajs' `brokers`. */
export function brokerName({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${encodeURIComponent(host)}:${port}`;
}

/** For kafkajs' `socketFactory`. */
export const openSocket: kafkajs.ISocketFactory = (options) =>
  open({ ...options, host: decodeURIComponent(options.host) });
