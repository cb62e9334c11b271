import assert from "node:assert/strict";
import kafkajs from "kafkajs";
import { startExchange } from "../local/exchange/server.ts";
import { codecs } from "../shared/kafka/record_batch.ts";
import { emptyDatabase } from "./stack.ts";
import { codecsOf, KEY, SECRET, startTlsServers } from "./tls_servers.ts";
import { until } from "./until.ts";
import { startWorker } from "./worker.ts";

Deno.test("TLS", async (t) => {
  await using servers = await startTlsServers();
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
    await t.step(`Postgres, sslmode=${sslmode}: another CA is refused`, () =>
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
  await t.step("Postgres: the error of a wrong password says so", () =>
    refused(
      url({ password: "wrong", search: "sslmode=require" }),
      /password authentication failed .*DB_PASSWORD/,
    ));
  await t.step(
    "Postgres, sslmode=disable: the error of a server that wants TLS says so",
    () => refused(url({ search: "sslmode=disable" }), /no encryption.* add sslmode=require/),
  );
  await t.step("Postgres, sslmode=require: the error of a server without TLS says so", async () => {
    await using plain = await emptyDatabase();
    await refused(`${plain.url}?sslmode=require`, /offers no TLS, which sslmode=require asks for/);
  });
  await t.step("Postgres, sslmode=prefer: a server without TLS is accepted", async () => {
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
    "Postgres, sslmode=verify-ca: a host that the certificate does not name is accepted",
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

  await t.step("Kafka: another CA is refused", () =>
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
    "Kafka: the error of a wrong secret says so",
    () =>
      consumerSays(/Kafka at .* refuses KAFKA_API_KEY and KAFKA_SECRET_KEY: .*Invalid username or password/, {
        KAFKA_SECRET_KEY: "wrong",
      }),
  );
  await t.step(
    "Kafka: the error of a listener that wants TLS says so",
    () =>
      consumerSays(/Kafka at .* closed the connection: it may want TLS/, {
        KAFKA_API_KEY: "",
        KAFKA_SECRET_KEY: "",
      }),
  );
  await t.step(
    "Kafka: the error of a listener without TLS says so",
    () =>
      consumerSays(/Kafka at .* closed the connection: it may want no TLS/, {
        BOOTSTRAP_SERVER: servers.plainBootstrap,
      }),
  );
  await t.step("Kafka: a worker without a right is red until it has the right", async () => {
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

  await t.step("no secret was printed, not even at the level debug", () => {
    assert.ok(printed.length > 50);
    for (const secret of [SECRET, password]) {
      assert.deepEqual(printed.filter((line) => line.includes(secret)), []);
    }
  });
});
