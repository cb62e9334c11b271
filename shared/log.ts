/** How much is logged: each level includes those after it. */
export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

type Fields = Record<string, unknown>;

/**
 * The kinds of lines that may repeat, each limited to one a minute. They are constants: a kind made from an error's text or a symbol
 * would be new each time, and would limit nothing.
 */
export type Kind =
  | "clock"
  | "commit"
  | "coverage"
  | "database"
  | "dead letters"
  | "difference"
  | "exchange"
  | "frame"
  | "job"
  | "kafka"
  | "lock"
  | "log"
  | "look"
  | "message"
  | "notice"
  | "overflow"
  | "replacement"
  | "warning";

/** The shortest time between two lines of a kind, in ms. */
const EVERY_MS = 60_000;

/** One line an event, as logfmt: a time, the level, the worker, the message and its fields. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** Warns at most once a minute per kind; the line says how many of the kind were left out since the last one. */
  sparsely(kind: Kind, message: string, fields?: Fields): void;
}

/** A log for the worker of that name, on standard error by default. */
export function createLog(
  worker: string,
  level: LogLevel,
  write: (line: string) => void = console.error,
): Log {
  const least = logLevels.indexOf(level);
  const at = (level: LogLevel) => (message: string, fields: Fields = {}) => {
    if (logLevels.indexOf(level) < least) return;
    const rest = Object.entries(fields).filter(([, value]) => value !== undefined).map(([k, v]) =>
      ` ${k}=${text(v)}`
    );
    write(`${new Date().toISOString()} ${level.padEnd(5)} ${worker}: ${message}${rest.join("")}`);
  };
  const warn = at("warn");
  const lines = new Map<Kind, { at: number; suppressed: number }>();
  return {
    debug: at("debug"),
    info: at("info"),
    warn,
    error: at("error"),
    sparsely(kind, message, fields) {
      const last = lines.get(kind);
      const now = performance.now();
      if (last && now - last.at < EVERY_MS) return void last.suppressed++;
      lines.set(kind, { at: now, suppressed: 0 });
      warn(message, last?.suppressed ? { ...fields, suppressed: last.suppressed } : fields);
    },
  };
}

function text(value: unknown): string {
  const plain = value instanceof Error
    ? describe(value)
    : typeof value === "string" || typeof value === "bigint"
    ? String(value)
    : JSON.stringify(value, (_, part) => typeof part === "bigint" ? String(part) : part) ?? String(value);
  return /[\s"=]/.test(plain) || plain === "" ? JSON.stringify(plain) : plain;
}

/** An error in one line, with what caused it. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError) return error.errors.map(describe).join("; ");
  // Some errors of node:net have a code and no message.
  const { code, hint } = error as { code?: string; hint?: string };
  const own = (error.message || code || error.name) + (hint ? `. Hint: ${hint}` : ""); // Postgres gives hints
  return error.cause === undefined ? own : `${own}: ${describe(error.cause)}`;
}
