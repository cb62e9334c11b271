import assert from "node:assert/strict";
import { readConfig } from "../shared/config/config.ts";
import { readTasks, scriptOf } from "../local/up/tasks.ts";
import { listStreams } from "../shared/list_streams.ts";
import { combinations, compose, hasCompose, isWorker, services } from "./compose.ts";

const tasks = readTasks();
const { live, simulated } = combinations;

const isHere = await hasCompose();
if (!isHere) {
  Deno.test({
    name: "compose: none of the tests of the compose files is played, as Docker Compose is not installed",
    ignore: true,
    fn() {},
  });
}
/** Plays a test if Docker Compose is there: it alone knows what it makes of the files. */
const play = (name: string, fn: () => Promise<void>) => isHere && Deno.test(name, fn);

for (const [name, { args, needs }] of Object.entries(combinations)) {
  for (const missing of Object.keys(needs)) {
    play(`compose, ${name}: without ${missing} it says that it is missing`, async () => {
      const { success, stderr } = await compose([...args, "config"], { ...needs, [missing]: "" });
      assert.ok(!success);
      assert.match(stderr, new RegExp(`${missing} is missing a value: must be set in .env`));
    });
  }
}

/** The entry scripts whose work a command does: several streams may share a process. */
function scriptsOf(command: readonly string[]): string[] {
  const [script, ...words] = command.filter((word) => !word.startsWith("--"));
  return script.endsWith("/several.ts") ? words.map((word) => script.replace("several", word)) : [script];
}

play("compose: every stream has its producer and its consumer, in each combination of files", async () => {
  const scripts = Object.keys(tasks).filter((task) => /:(produce|consume)$/.test(task))
    .map((task) => scriptOf(tasks, task)).sort();
  for (const combination of Object.values(combinations)) {
    const started = (await services(combination)).filter(isWorker).flatMap(([, { command }]) =>
      scriptsOf(command!)
    );
    const wanted = combination === combinations.producers
      ? scripts.filter((script) => script.startsWith("producers/"))
      : scripts;
    assert.deepEqual(started.filter((script) => scripts.includes(script)).sort(), wanted);
  }
});

play(
  "compose: a worker can write nowhere and has no privileges; a producer has no way to the database",
  async () => {
    for (const [name, service] of (await services(simulated)).filter(isWorker)) {
      assert.ok(service.read_only, name);
      assert.deepEqual(service.cap_drop, ["ALL"], name);
      assert.ok(Number(service.mem_limit) > 0, name);
      if (name.endsWith("-producer")) {
        assert.deepEqual(Object.keys(service.networks), ["market"]);
        assert.ok(!Object.keys(service.environment).some((variable) => variable.startsWith("DB_")), name);
      }
    }
    const postgres = Object.fromEntries(await services(live)).postgres;
    assert.deepEqual(Object.keys(postgres.networks), ["store"]);
  },
);

play("compose: ports are open to this machine only", async () => {
  for (const [name, { ports = [] }] of await services(simulated)) {
    for (const { host_ip } of ports) assert.equal(host_ip, "127.0.0.1", name);
  }
});

play(
  "compose, simulated: every worker is on the invented market's side, and the exchange plays what they read",
  async () => {
    for (const [name, { command, environment }] of (await services(simulated)).filter(isWorker)) {
      if (name === "exchange") {
        assert.ok(command!.includes(`--symbols=${readConfig({}).symbols.join()}`));
        continue;
      }
      if (name !== "migrate") assert.equal(environment.TOPIC_PREFIX, "simulated.", name);
      if (name.endsWith("-producer")) assert.equal(environment.BINANCE_WS_URL, "ws://exchange:8080", name);
      else assert.match(environment.DB_URL!, /\/bookline_simulated$/, name);
    }
  },
);

play("compose: one service builds the image for all, and none pulls it from a registry", async () => {
  for (const combination of Object.values(combinations)) {
    const workers = (await services(combination)).filter(isWorker);
    const builder = combination === combinations.producers ? "kline-producer" : "migrate";
    assert.deepEqual(workers.filter(([, { build }]) => build).map(([name]) => name), [builder]);
    for (const [name, { pull_policy }] of workers) assert.equal(pull_policy, "never", name);
  }
});

play(
  "compose: whatever tells its health has three minutes from its start, as docs/operations.md says",
  async () => {
    for (const combination of Object.values(combinations)) {
      for (const [name, { healthcheck }] of await services(combination)) {
        if (name !== "migrate") assert.equal(healthcheck?.start_period, "3m0s", name);
      }
    }
  },
);

play("compose: logs are bounded", async () => {
  for (const combination of Object.values(combinations)) {
    for (const [name, { logging }] of await services(combination)) {
      assert.equal(logging?.driver, "local", name);
    }
  }
});

play("compose, producers: a second machine has producers and no servers of its own", async () => {
  const names = (await services(combinations.producers)).map(([name]) => name);
  const received = (await listStreams()).filter(({ feed }) => feed);
  assert.deepEqual(names.sort(), received.map(({ message }) => `${message.name}-producer`).sort());
});
