import Connection from "kafkajs/src/network/connection.js";
import { KafkaJSConnectionClosedError } from "kafkajs/src/errors.js";

/**
 * Patches kafkajs 2.2.4 (issue 919, pull request 1783): a connection stays in use after a request on it has timed out. Requests go to
 * a broker that is frozen or gone until TCP gives up, after a quarter of an hour. The patch closes the connection, and all requests
 * on it fail as they do when a broker closes it. kafkajs then asks other brokers who leads.
 */
interface Connection {
  readonly host: string;
  readonly port: number;
  readonly socket?: { destroy(): void };
  isConnected(): boolean;
  disconnect(): Promise<unknown>;
  rejectRequests(error: Error): void;
}

const { send } = Connection.prototype;

Connection.prototype.send = async function (this: Connection, request: unknown): Promise<unknown> {
  const { socket } = this;
  try {
    return await send.call(this, request);
  } catch (error) {
    if ((error as Error).name !== "KafkaJSRequestTimeoutError") throw error;
    const { host, port } = this;
    const closed = new KafkaJSConnectionClosedError((error as Error).message, { host, port });
    // Another request may have closed it already, and another connection been opened since.
    if (socket === this.socket && this.isConnected()) {
      socket?.destroy();
      this.rejectRequests(closed);
      await this.disconnect();
    }
    throw closed;
  }
};
