import { commandLineOf, isRunning, parentOf } from "./process.ts";

/** How often we look whether they still run, in ms. */
const LOOK_MS = 1_000;
/** How long we have to end in order, in ms; then the watchers of what we started have their time. */
const ORDER_MS = 3_000;

/**
 * Ends this process when one of its launchers ends without it, such as an `npx` by SIGKILL: in order, as SIGTERM does, and 3 s later
 * at once. Otherwise its servers would run for ever.
 */
export async function endWithLaunchers(): Promise<void> {
  const launchers = await findLaunchers();
  const timer = setInterval(async () => {
    for (const { pid, command } of launchers) {
      if (await isRunning(pid)) continue;
      clearInterval(timer);
      console.error(
        `Stopping because the process that started this one has ended: ${command} (process ${pid})`,
      );
      setTimeout(() => Deno.kill(Deno.pid, "SIGKILL"), ORDER_MS);
      return Deno.kill(Deno.pid, "SIGTERM");
    }
  }, LOOK_MS);
  Deno.unrefTimer(timer);
}

/** A process and its command line, in words. */
export interface Ancestor {
  readonly pid: number;
  readonly command: string;
}

async function findLaunchers(): Promise<Ancestor[]> {
  const ancestors: Ancestor[] = [];
  for (let pid = Deno.ppid; pid > 1; pid = await parentOf(pid)) {
    ancestors.push({ pid, command: (await commandLineOf(pid)).replaceAll("\0", " ").trim() });
  }
  return launchersAmong(ancestors);
}

/** `npm exec deno@2.9.6 task up`, `node /usr/bin/npx …`, `node …/deno/bin.cjs task up`, `deno task up` */
const launcher = /^(\S*\/)?(node )?(\S*\/)?((npm|npx|pnpm|yarn)(-cli\.js)?|deno(\/bin\.cjs)? task) /;
/** What npm puts between itself and a command. */
const shell = /^(\S*\/)?(ba|da|z)?sh -c /;

/**
 * The ancestors of a process that only started it, the nearest first: `deno task`, `npx`, and the shells between them. Ancestors
 * above those, such as the user's shell, may end without ending the process: that is what `nohup` and `setsid` are for.
 */
export function launchersAmong(ancestors: readonly Ancestor[]): Ancestor[] {
  const end = ancestors.findIndex(({ command }) => !launcher.test(command) && !shell.test(command));
  const near = end < 0 ? ancestors : ancestors.slice(0, end);
  return near.slice(0, near.findLastIndex(({ command }) => launcher.test(command)) + 1);
}
