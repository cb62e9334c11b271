import Connection from "kafkajs/src/network/connection.js";
import { KafkaJSConnectionClosedError } from "kafkajs/src/errors.js";

/**
 * Patches kafkajs 2.2.4 (issue 919, pull request 1783): a connection on which a request was not answered in time stays in use. A
 * broker that is frozen, or gone without a word, is asked again and again, for as long as TCP takes to give up: a quarter of an
 * hour. Here the connection is closed, and all that waits on it fails as it does when a broker closes it: kafkajs then asks
 * others who leads.
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
