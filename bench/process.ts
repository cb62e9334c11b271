/** A line of Linux' process table: proc_pid_stat(5). */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** CPU time of its own and of children that have ended and were waited for, in s. */
  readonly cpu: number;
}

/** Linux gives CPU times in hundredths of a second on every machine (USER_HZ). */
const TICKS = 100;

/** Reads `/proc/PID/stat`; the name, in parentheses, may hold spaces and parentheses itself. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [own, ownKernel, reaped, reapedKernel] = fields.slice(11, 15).map(Number);
  return {
    pid: parseInt(text),
    parent: Number(fields[1]),
    cpu: (own + ownKernel + reaped + reapedKernel) / TICKS,
  };
}

/** Those of the processes that descend from `root`, and itself. */
export function family(root: number, all: readonly ProcessStat[]): ProcessStat[] {
  const children = all.filter(({ parent }) => parent === root);
  return [...all.filter(({ pid }) => pid === root), ...children.flatMap(({ pid }) => family(pid, all))];
}

/** CPU time that a process and its descendants have taken so far, in s. Those that have ended count where their parent lives. */
export async function cpuOf(root: number): Promise<number> {
  const all: ProcessStat[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => undefined); // it has ended meanwhile
    if (text) all.push(parseStat(text));
  }
  return family(root, all).reduce((sum, { cpu }) => sum + cpu, 0);
}

/** Resident memory of a process in MB (10^6 bytes): now, and at its highest. */
export async function memoryOf(pid: number): Promise<{ now: number; highest: number }> {
  const text = await Deno.readTextFile(`/proc/${pid}/status`);
  const value = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) * 1_024 / 1e6;
  return { now: value("VmRSS"), highest: value("VmHWM") };
}

/** Notes the CPU time of groups of processes; the result returns what each group has used since, in s. */
export async function startCpuMeter<N extends string>(
  groups: Record<N, readonly number[]>,
): Promise<() => Promise<Record<N, number>>> {
  const read = async () => {
    const taken: Partial<Record<N, number>> = {};
    for (const name in groups) {
      taken[name] = (await Promise.all(groups[name].map(cpuOf))).reduce((sum, cpu) => sum + cpu, 0);
    }
    return taken as Record<N, number>;
  };
  const before = await read();
  return async () => {
    const now = await read();
    for (const name in now) now[name] = (now[name] - before[name]) as typeof now[typeof name];
    return now;
  };
}
