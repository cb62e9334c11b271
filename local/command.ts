/** Whom a process runs as; undefined: as ourselves. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface RunOptions extends Partial<Account> {
  readonly cwd?: string;
  /** Variables beside, or in place of, our own. */
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal;
  /** What the command reads from its standard input. */
  readonly input?: string;
  /** Is called with each line of the command's output as it comes. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a command to its end and returns what it printed, standard error included.
 *
 * @throws {Deno.errors.NotFound} if there is no such command
 * @throws if it fails, with its last lines
 */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { input, onLine = () => {}, ...rest } = options;
  rest.signal?.throwIfAborted();
  const child = new Deno.Command(command, {
    args,
    ...rest,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const collect = async (output: ReadableStream<Uint8Array>) => {
    for await (const line of linesOf(output)) {
      lines.push(line);
      onLine(line);
    }
  };
  const write = async () => {
    if (input === undefined) return;
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  };
  const [status] = await Promise.all([child.status, collect(child.stdout), collect(child.stderr), write()]);
  rest.signal?.throwIfAborted();
  if (!status.success) {
    const how = status.signal ?? `code ${status.code}`;
    throw new Error(`${command} ${args[0] ?? ""} failed (${how}):\n${lastLines(lines)}`);
  }
  return lines.join("\n");
}

/** The last lines of what a command printed, indented: enough to see why it failed. */
export function lastLines(lines: string[], count = 15): string {
  return lines.filter((line) => line.trim() !== "").slice(-count).map((line) => `  ${line}`).join("\n");
}

/** The lines of a stream of text, as they come; the last one need not end. */
export async function* linesOf(output: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of output.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest) yield rest;
}
