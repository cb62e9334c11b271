import { join } from "node:path";
import { localFolder, removeServer } from "../local/folders.ts";
import { startKafka } from "../local/kafka.ts";
import { lockFolder } from "../local/lock.ts";
import { startPostgres } from "../local/postgres.ts";
import { untilGroupsAreLed } from "./groups.ts";

/** A server that tests share. */
export interface TestServer extends AsyncDisposable {
  /** As `BOOTSTRAP_SERVER` or `DB_URL` wants it. */
  readonly address: string;
}

interface StartOptions {
  /** Told what takes its time. */
  readonly progress?: (line: string) => void;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
}

/** The servers that tests need: each with the variable that names a running one, and how one is started. */
export const servers = {
  kafka: {
    variable: "TEST_BOOTSTRAP_SERVER",
    start: (options: StartOptions = {}) =>
      inFolderOfItsOwn("kafka", async (folder) => {
        await using parts = new AsyncDisposableStack();
        const kafka = parts.use(await startKafka({ folder, ...options }));
        await untilGroupsAreLed(kafka.bootstrap);
        const kept = parts.move();
        return { address: kafka.bootstrap, [Symbol.asyncDispose]: () => kept.disposeAsync() };
      }),
  },
  postgres: {
    variable: "TEST_DB_URL",
    start: (options: StartOptions = {}) =>
      inFolderOfItsOwn("postgres", async (folder) => {
        // What is tested here is not durability: without it, tests take half the time. And autovacuum locks tables at moments that no
        // test knows: steps that need such a table are postponed then, as they should be.
        const settings = { fsync: "off", full_page_writes: "off", autovacuum: "off" };
        const postgres = await startPostgres({ folder, settings, ...options });
        return { address: postgres.url, [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose]() };
      }),
  },
};

/** Starts a server in a folder of its own. */
async function inFolderOfItsOwn(
  name: string,
  start: (folder: string) => Promise<TestServer>,
): Promise<TestServer> {
  await using parts = new AsyncDisposableStack();
  const { path } = parts.use(await ownFolder(name));
  const { address } = parts.use(await start(path));
  const kept = parts.move();
  return { address, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/**
 * A server's folder within the first one under `.local/tests` that no other run of the tests uses; its data is removed
 * when it is disposed of. What a killed run left there is taken over: the server ends the one left behind.
 */
export async function ownFolder(name: string): Promise<AsyncDisposable & { readonly path: string }> {
  const claimed = await claimFolder(name);
  const path = join(claimed.path, "server");
  return {
    path,
    async [Symbol.asyncDispose]() {
      await removeServer(path);
      claimed[Symbol.dispose]();
    },
  };
}

/** Claims a folder; its lock file stays, since others may be waiting for it. */
async function claimFolder(name: string): Promise<Disposable & { readonly path: string }> {
  for (let n = 1;; n++) {
    const path = join(localFolder, "tests", `${name}-${n}`);
    try {
      const lock = await lockFolder(path);
      return { path, [Symbol.dispose]: () => lock[Symbol.dispose]() };
    } catch (error) {
      if (n === 20) throw error;
    }
  }
}
