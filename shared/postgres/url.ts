/** `sslmode` as libpq defines it. PostgreSQL: "SSL Support", table 32.1. */
export const sslModes = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;

/** Where the database is and how to reach it. */
export interface Database {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  readonly sslmode: (typeof sslModes)[number];
  /** Seconds to wait for a connection. */
  readonly connectTimeout: number;
  readonly applicationName?: string;
}

/** The parameters of the URL by their names in libpq and in JDBC, each with what it sets. */
const parameters: Record<string, (value: string) => Partial<Database>> = {
  sslmode: (value) => ({ sslmode: oneOf("sslmode", value, sslModes) }),
  // JDBC: ssl=true means verify-full, unless sslmode says otherwise.
  ssl: (value) => oneOf("ssl", value, ["true", "false"]) === "true" ? { sslmode: "verify-full" } : {},
  user: (value) => ({ user: value }),
  password: (value) => ({ password: value }),
  application_name: (value) => ({ applicationName: value }),
  ApplicationName: (value) => ({ applicationName: value }),
  connect_timeout: (value) => ({ connectTimeout: seconds("connect_timeout", value) }),
  connectTimeout: (value) => ({ connectTimeout: seconds("connectTimeout", value) }),
  loginTimeout: (value) => ({ connectTimeout: seconds("loginTimeout", value) }),
};

/** JDBC parameters that tune Java's driver. They have no effect here, and they change no data. */
const withoutMeaning = new Set([
  "reWriteBatchedInserts",
  "prepareThreshold",
  "defaultRowFetchSize",
  "tcpKeepAlive",
  "stringtype",
]);

/**
 * Reads `postgres://user:password@host:5432/name?sslmode=require` or `jdbc:postgresql://host:5432/name?…`.
 * @throws {Error} saying what is wrong; the message does not have the URL, which may contain a password
 */
export function parseDatabaseUrl(text: string): Database {
  const plain = text.replace(/^jdbc:/, "");
  if (!/^postgres(ql)?:\/\//.test(plain) || !URL.canParse(plain)) {
    throw new Error("must be postgres://host:5432/name or jdbc:postgresql://host:5432/name");
  }
  const url = new URL(plain);
  if (!url.hostname || url.hostname.includes(",")) {
    throw new Error("must name one host: postgres://host:5432/name");
  }
  const name = decoded(url.pathname.slice(1));
  if (!name || name.includes("/")) {
    throw new Error("must name a database after the host: postgres://host:5432/name");
  }

  let database: Database = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 5432),
    name,
    user: decoded(url.username) || undefined,
    password: decoded(url.password) || undefined,
    sslmode: "prefer",
    connectTimeout: 10,
  };
  // `ssl` comes first, so that `sslmode` overrides it.
  const given = [...url.searchParams].sort(([a], [b]) => a < b ? -1 : 1);
  for (const [parameter, value] of given) {
    if (withoutMeaning.has(parameter)) continue;
    const set = Object.hasOwn(parameters, parameter) ? parameters[parameter] : undefined;
    if (!set) {
      throw new Error(
        `has the parameter ${parameter}, which Bookline does not know: it knows ${
          Object.keys(parameters).join(", ")
        }`,
      );
    }
    database = { ...database, ...set(value) };
  }
  return database;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error("has a % that encodes nothing: write a % of a password as %25");
  }
}

function oneOf<T extends string>(parameter: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (!found) throw new Error(`has ${parameter}=${value}, which must be one of ${allowed.join(", ")}`);
  return found;
}

function seconds(parameter: string, value: string): number {
  if (!/^\d{1,5}$/.test(value)) {
    throw new Error(`has ${parameter}=${value}, which must be a number of seconds`);
  }
  return Number(value);
}
