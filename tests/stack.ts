import { migrate } from "../migrations/run.ts";
import { type Config, readConfig } from "../shared/config/config.ts";
import { schemaOf, usualMarket } from "../shared/exchange/markets/mod.ts";
import { parseDatabaseUrl } from "../shared/postgres/url.ts";
import { type Kafka, openKafka } from "../shared/kafka/mod.ts";
import { connect, createDatabase, type Sql } from "../shared/postgres/mod.ts";
import { claimRoles } from "./own_roles.ts";
import { servers, type TestServer } from "./servers.ts";
import { silent } from "./silent.ts";

/** The schema of the tables that tests use. */
export const schema = schemaOf(usualMarket);

/**
 * The address of a server: the running one that the environment names, once it is claimed, else one that this file's tests share.
 */
function shared(
  { variable, start }: (typeof servers)["kafka"],
  claim: (address: string) => Promise<void> = () => Promise.resolve(),
): () => Promise<string> {
  let server: Promise<TestServer> | undefined;
  let claimed: Promise<void> | undefined;
  Deno.test.afterAll(async () => await (await server)?.[Symbol.asyncDispose]());
  return async () => {
    const named = Deno.env.get(variable);
    if (!named) return (await (server ??= start())).address;
    await (claimed ??= claim(named));
    return named;
  };
}

const kafkaAddress = shared(servers.kafka);
const postgresAddress = shared(servers.postgres, claimRoles);

/** A database of a test's own. It is dropped when it is disposed of. */
export interface TestDatabase extends AsyncDisposable {
  readonly sql: Sql;
  readonly config: Config["database"];
  /** For `DB_URL`. */
  readonly url: string;
}

/** A new database without Bookline's schema. */
export async function emptyDatabase(): Promise<TestDatabase> {
  const server = await postgresAddress();
  const name = `test_${unique()}`;
  const config = { ...parseDatabaseUrl(server), name, schema };
  await createDatabase(config, silent);
  const sql = connect(config, silent, 8);
  return {
    sql,
    config,
    url: Object.assign(new URL(server), { pathname: name }).href,
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 5 });
      const admin = connect(parseDatabaseUrl(server), silent);
      await admin`drop database ${admin(name)} with (force)`;
      await admin.end();
    },
  };
}

/** A new database with the newest schema. */
export async function testDatabase(): Promise<TestDatabase> {
  const database = await emptyDatabase();
  await migrate(database.sql, schema, silent);
  return database;
}

/** Topics and consumer groups of a test's own, on the shared Kafka. The topics are deleted when it is disposed of. */
export interface TestKafka extends AsyncDisposable {
  readonly kafka: Kafka;
  readonly config: Config["kafka"];
}

/** Topics and groups under a prefix that no other test has. */
export async function testKafka(): Promise<TestKafka> {
  const { kafka: config } = readConfig({
    BOOTSTRAP_SERVER: await kafkaAddress(),
    TOPIC_PREFIX: `test-${unique()}.`,
  });
  const kafka = openKafka(config, silent);
  return {
    kafka,
    config,
    async [Symbol.asyncDispose]() {
      const topics = await kafka.listTopics();
      await kafka.remove(topics.filter((topic) => topic.startsWith(config.topicPrefix)), []);
    },
  };
}

const unique = () => crypto.randomUUID().replaceAll("-", "");
