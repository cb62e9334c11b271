import { join } from "node:path";
import { startKafka } from "../local/kafka.ts";
import { freePort } from "../local/ports.ts";
import { startPostgres } from "../local/postgres.ts";
import { serverAccount } from "../local/postgres_account.ts";
import { temporaryFolder } from "../local/testing.ts";
import { createAuthority } from "./certificates.ts";

export const KEY = "a-key";
export const SECRET = "a-secret-of-kafka";

/** Starts a Kafka and a Postgres that accept TLS only. Their certificates are for 127.0.0.1, by an authority that no system knows. */
export async function startTlsServers() {
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
        // A test can take rights away. The user of the plain listener and of the controller is an administrator.
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
export async function codecsOf(folder: string, topic: string): Promise<number[]> {
  const found = new Set<number>();
  for await (const { name } of Deno.readDir(join(folder, "data"))) {
    if (!new RegExp(`^${topic}-\\d+$`).test(name)) continue;
    const bytes = await Deno.readFile(join(folder, "data", name, `${"0".repeat(20)}.log`));
    if (bytes.length > 0) found.add(bytes[22] & 7);
  }
  return [...found];
}
