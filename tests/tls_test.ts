import assert from "node:assert/strict";
import { join } from "node:path";
import kafkajs from "kafkajs";
import { startExchange } from "../local/exchange/server.ts";
import { freePort } from "../local/ports.ts";
import { startKafka } from "../local/kafka.ts";
import { startPostgres } from "../local/postgres.ts";
import { serverAccount } from "../local/postgres_account.ts";
import { temporaryFolder } from "../local/testing.ts";
import { codecs } from "../shared/kafka/record_batch.ts";
import { createAuthority } from "./certificates.ts";
import { emptyDatabase } from "./stack.ts";
import { until } from "./until.ts";
import { startWorker } from "./worker.ts";

const KEY = "a-key";
const SECRET = "a-secret-of-kafka";

/** A Kafka and a Postgres that speak TLS alone, with certificates for 127.0.0.1 by an authority that is not known. */
async function startServers() {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await temporaryFolder());
  const authority = createAuthority();
  const { certificate, key } = authority.certify("127.0.0.1");
  const write = async (name: string, text: string) => {
    const path = join(folder.path, name);
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    return path;
  };
  const ca = await write("ca.pem", authority.certificate);
  const otherCa = await write("other-ca.pem", createAuthority().certificate);

  const port = freePort();
  const kafka = parts.use(
    await startKafka({
      folder: join(folder.path, "kafka"),
      listeners: [`SASL_SSL://127.0.0.1:${port}`],
      properties: {
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_ssl.plain.sasl.jaas.config":
          `org.apache.kafka.common.security.plain.PlainLoginModule required user_${KEY}="${SECRET}";`,
        // It holds rights back where a test says so. The plain listener's and the controller's user is an administrator.
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "true",
        "super.users": "User:ANONYMOUS",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": await write("kafka.pem", key + certificate),
      },
    }),
  );

  const files = {
    ssl_cert_file: await write("server.crt", certificate),
    ssl_key_file: await write("server.key", key),
    hba_file: await write("hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256\n"),
  };
  const account = await serverAccount();
  if (account) { for (const file of Object.values(files)) await Deno.chown(file, account.uid, account.gid); }
  const postgres = parts.use(
    await startPostgres({ folder: join(folder.path, "postgres"), settings: { ssl: "on", ...files } }),
  );
  const kept = parts.move();
  return {
    ca,
    otherCa,
    bootstrap: `127.0.0.1:${port}`,
    plainBootstrap: kafka.bootstrap,
    kafkaFolder: join(folder.path, "kafka"),
    databaseUrl: postgres.url,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** How the first batches of a topic's partitions are compressed, as the broker keeps them. */
async function codecsOf(folder: string, topic: string): Promise<number[]> {
  const found = new Set<number>();
  for await (const { name } of Deno.readDir(join(folder, "data"))) {
    if (!new RegExp(`^${topic}-\\d+$`).test(name)) continue;
    const bytes = await Deno.readFile(join(folder, "data", name, `${"0".repeat(20)}.log`));
    if (bytes.length > 0) found.add(bytes[22] & 7);
  }
  return [...found];
}

Deno.test("TLS", async (t) => {
  await using servers = await startServers();
  const { ca, otherCa, bootstrap, databaseUrl } = servers;
  const password = new URL(databaseUrl).password;
  const printed: string[] = [];

  const url = (changes: Partial<Record<"hostname" | "password" | "search", string>>) =>
    Object.assign(new URL(databaseUrl), changes).href;
  /** Runs `migrate`, and returns its exit code and what it logged. */
  const migrate = async (DB_URL: string, DENO_CERT = ca) => {
    await using worker = startWorker("migrate", { DB_URL, DENO_CERT });
    const { code } = await worker.ended;
    printed.push(...worker.lines);
    return { code, words: worker.lines.filter((line) => / (error|info ) /.test(line)).join("\n") };
  };
  const refused = async (DB_URL: string, words: RegExp, DENO_CERT?: string) => {
    const outcome = await migrate(DB_URL, DENO_CERT);
    assert.match(outcome.words, words);
    assert.equal(outcome.code, 1);
  };
  const accepted = async (DB_URL: string, DENO_CERT?: string) => {
    const outcome = await migrate(DB_URL, DENO_CERT);
    assert.match(outcome.words, /the schema is up to date/);
  };

  for (const sslmode of ["verify-ca", "verify-full"]) {
    await t.step(`Postgres, sslmode=${sslmode}: another CA is not enough`, () =>
      refused(
        url({ search: `sslmode=${sslmode}` }),
        /its certificate can't be trusted: .*DENO_CERT=/,
        otherCa,
      ));
  }
  await t.step(
    "Postgres, sslmode=verify-full: a host that the certificate does not name is refused",
    () =>
      refused(
        url({ hostname: "localhost", search: "sslmode=verify-full" }),
        /its certificate is another host's: .*localhost/,
      ),
  );
  await t.step("Postgres: a wrong password is said to be one", () =>
    refused(
      url({ password: "wrong", search: "sslmode=require" }),
      /password authentication failed .*DB_PASSWORD/,
    ));
  await t.step(
    "Postgres, sslmode=disable: a server that wants TLS is said to want it",
    () => refused(url({ search: "sslmode=disable" }), /no encryption.* add sslmode=require/),
  );
  await t.step("Postgres, sslmode=require: a server without TLS is said to have none", async () => {
    await using plain = await emptyDatabase();
    await refused(`${plain.url}?sslmode=require`, /offers no TLS, which sslmode=require asks for/);
  });
  await t.step("Postgres, sslmode=prefer: a server without TLS will do", async () => {
    await using plain = await emptyDatabase();
    await accepted(`${plain.url}?sslmode=prefer`);
  });
  for (const sslmode of ["prefer", "require"]) {
    await t.step(
      `Postgres, sslmode=${sslmode}: nothing is verified`,
      () => accepted(url({ hostname: "localhost", search: `sslmode=${sslmode}` }), otherCa),
    );
  }
  await t.step(
    "Postgres, sslmode=verify-ca: a host that the certificate does not name will do",
    () => accepted(url({ hostname: "localhost", search: "sslmode=verify-ca" })),
  );
  await t.step(
    "Postgres, sslmode=verify-full: an IP address is verified as that address",
    () => accepted(url({ hostname: "127.0.0.1", search: "sslmode=verify-full" })),
  );

  const right = {
    BOOTSTRAP_SERVER: bootstrap,
    KAFKA_API_KEY: KEY,
    KAFKA_SECRET_KEY: SECRET,
    DB_URL: url({ search: "sslmode=verify-full" }),
    DENO_CERT: ca,
  };
  const consumerSays = async (words: RegExp, changes: Record<string, string>) => {
    await using worker = startWorker("gap:consume", { ...right, ...changes });
    await worker.says(words);
    printed.push(...worker.lines);
  };

  await t.step("Kafka: another CA is not enough", () =>
    consumerSays(
      /Kafka at .*: its certificate can't be trusted: .*DENO_CERT=/,
      { DENO_CERT: otherCa, DB_URL: url({ search: "sslmode=require" }) },
    ));
  await t.step(
    "Kafka: a host that the certificate does not name is refused",
    () =>
      consumerSays(/Kafka at .*: its certificate is another host's: .*localhost/, {
        BOOTSTRAP_SERVER: bootstrap.replace("127.0.0.1", "localhost"),
      }),
  );
  await t.step(
    "Kafka: a wrong secret is said to be one",
    () =>
      consumerSays(/Kafka at .* refuses KAFKA_API_KEY and KAFKA_SECRET_KEY: .*Invalid username or password/, {
        KAFKA_SECRET_KEY: "wrong",
      }),
  );
  await t.step(
    "Kafka: a listener that wants TLS is said to want it",
    () =>
      consumerSays(/Kafka at .* closed the connection: it may want TLS/, {
        KAFKA_API_KEY: "",
        KAFKA_SECRET_KEY: "",
      }),
  );
  await t.step(
    "Kafka: a listener without TLS is said to have none",
    () =>
      consumerSays(/Kafka at .* closed the connection: it may want no TLS/, {
        BOOTSTRAP_SERVER: servers.plainBootstrap,
      }),
  );
  await t.step("Kafka: a right that it does not give is red, until it does", async () => {
    const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
    const denial = {
      resourceType: AclResourceTypes.TOPIC,
      resourceName: "gap_data",
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: `User:${KEY}`,
      host: "*",
      operation: AclOperationTypes.ALL,
      permissionType: AclPermissionTypes.DENY,
    };
    const client = new kafkajs.Kafka({
      brokers: [servers.plainBootstrap],
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const admin = client.admin();
    await admin.connect();
    try {
      await admin.createAcls({ acl: [denial] });
      await using worker = startWorker("gap:consume", right);
      const report = await until("it to be red", async () => {
        const report = await worker.report();
        return report?.status === "stuck" && report;
      });
      assert.match(report.stuck!, /^Kafka at .* refuses: Not authorized to access topics/);
      assert.deepEqual(await worker.health(), [200, 503, 503]);
      await admin.deleteAcls({ filters: [denial] });
      await until("it to be well", async () => (await worker.report())?.status === "ok");
      printed.push(...worker.lines);
    } finally {
      await admin.disconnect();
    }
  });
  await t.step(
    "ticks go from a producer over TLS into a database over TLS, compressed on the way",
    async () => {
      const feed = {
        kind: "simulated",
        symbols: ["BTCUSDT"],
        intervals: ["1m"],
        rate: 200,
        seed: 1,
      } as const;
      await using exchange = await startExchange({ feed });
      // What another host than the exchange sends needs a prefix.
      const apart = { ...right, TOPIC_PREFIX: "apart." };
      await using producer = startWorker("book:produce", {
        ...{ ...apart, BINANCE_WS_URL: exchange.wsUrl, BINANCE_REST_URL: exchange.url, SYMBOLS: "BTCUSDT" },
      });
      await using consumer = startWorker("book:consume", apart);
      const stored = await until("rows", async () => {
        const stored = (await consumer.report())?.counts.stored ?? 0;
        return stored > 200 && stored;
      });
      assert.ok(stored <= (await producer.report())!.counts.produced);
      assert.deepEqual(await codecsOf(servers.kafkaFolder, "apart.order_book_data"), [codecs.zstd]);
      for (const worker of [producer, consumer]) {
        await worker.kill("SIGTERM");
        printed.push(...worker.lines);
      }
    },
  );

  await t.step("no secret was printed, at the level debug either", () => {
    assert.ok(printed.length > 50);
    for (const secret of [SECRET, password]) {
      assert.deepEqual(printed.filter((line) => line.includes(secret)), []);
    }
  });
});
