import "./patches/all.ts";
import kafkajs from "kafkajs";
import { certificateFault } from "../certificate_fault.ts";
import type { Config } from "../config/config.ts";
import { describe, type Log } from "../log.ts";
import { parseBrokerAddress } from "./broker_address.ts";
import { LogChangedError } from "./log_changed.ts";
import { brokerName, openSocket } from "./patches/ipv6.ts";

/** Waiting for a broker to accept a connection, in ms. */
const CONNECTION_MS = 3_000;
/** Waiting for an answer, in ms. A broker that is frozen keeps all that it leads from being written and read for so long. */
const REQUEST_MS = 7_000;

/** A kafkajs client for the configured brokers. It gives up soon: our own loops wait, and know for what. */
export function createClient(config: Config["kafka"], log: Log): kafkajs.Kafka {
  return new kafkajs.Kafka({
    clientId: "bookline",
    brokers: config.brokers.map(parseBrokerAddress).map(brokerName),
    socketFactory: openSocket,
    ssl: config.ssl,
    sasl: config.sasl ? { mechanism: "plain", ...config.sasl } : undefined,
    connectionTimeout: CONNECTION_MS,
    requestTimeout: REQUEST_MS,
    retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: kafkajs.logLevel.INFO,
    // What kafkajs calls an error is often the first of its own retries; what matters reaches us as an exception.
    logCreator: () => ({ namespace, log: { message, error } }) =>
      log.debug(message, { from: `kafkajs ${namespace}`, error }),
  });
}

/** What went wrong with Kafka in words, with what to look at where kafkajs' own text does not tell. */
export function kafkaFault(config: Config["kafka"], error: unknown): string {
  const cause = innermost(error);
  const text = describe(cause);
  if (cause instanceof LogChangedError) return text;
  const at = config.brokers.join();
  const untrusted = config.ssl && certificateFault(text);
  if (untrusted) return `Cannot trust Kafka at ${at}: ${untrusted}`;
  if (isLogin(cause)) {
    return `Kafka at ${at} refuses KAFKA_API_KEY and KAFKA_SECRET_KEY: ${text}. In .env, what has a $ or # must be in single quotes`;
  }
  // The second is Node's way to say that the broker hung up on a TLS greeting.
  if (/Closed connection|before secure TLS connection/.test(text)) {
    return `Kafka at ${at} closed the connection: it may want ${
      config.ssl ? "no TLS" : "TLS (KAFKA_SSL=true)"
    }`;
  }
  // An answer of the broker's: it has been reached. A new topic or group is not led by anybody for a moment.
  if (cause instanceof kafkajs.KafkaJSProtocolError) {
    return `Kafka at ${at} ${cause.retriable ? "is not ready yet" : "refuses"}: ${text}`;
  }
  return `Cannot reach Kafka at ${at}: ${text}`;
}

/** Kafka protocol guide, "Error Codes": what stays until somebody grants a right or changes a setting. */
const lasting =
  /_AUTHORIZATION_FAILED$|^(SASL_AUTHENTICATION_FAILED|UNSUPPORTED_SASL_MECHANISM|INVALID_TOPIC_EXCEPTION|POLICY_VIOLATION|UNSUPPORTED_VERSION|MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE|INVALID_RECORD)$/;

/** Whether a person must act before Kafka can be used; else waiting may help. */
export function kafkaFaultLasts(error: unknown): boolean {
  const cause = innermost(error);
  if (cause instanceof kafkajs.KafkaJSProtocolError) return lasting.test(cause.type);
  return cause instanceof kafkajs.KafkaJSNotImplemented ||
    isLogin(cause) ||
    certificateFault(describe(cause)) !== undefined;
}

/** Whether the same request may succeed soon, perhaps at another broker: leaders and controllers move, connections are lost. */
export function kafkaFaultPasses(error: unknown): boolean {
  const { retriable } = innermost(error) as { retriable?: boolean };
  return retriable === true && !kafkaFaultLasts(error);
}

function isLogin(cause: unknown): boolean {
  return /SASL|[Aa]uthentication/.test(describe(cause) + (cause as Error).name);
}

/** Whether a broker has been reached, and the fault is its answer. */
export function isAnswer(error: unknown): boolean {
  return innermost(error) instanceof kafkajs.KafkaJSProtocolError;
}

/** Whether Kafka does not have the topic, by its answer (protocol guide, "Error Codes"). */
export function isUnknownTopic(error: unknown): boolean {
  return (innermost(error) as { type?: string })?.type === "UNKNOWN_TOPIC_OR_PARTITION";
}

/** The error that the others were made of: kafkajs wraps them as causes and, of several topics, as lists. */
function innermost(error: unknown): unknown {
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  const inner = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  return inner instanceof Error ? innermost(inner) : error;
}
