import { fileURLToPath } from "node:url";

/** What another program's producer does within its transaction, which begins with its first messages. */
export type Step =
  & { readonly producer: string }
  & (
    | {
      readonly key: string;
      readonly values: readonly string[];
      readonly codec: "none" | "gzip" | "snappy" | "lz4" | "zstd";
    }
    | { readonly end: "commit" | "abort" }
  );

/**
 * Has another program's producers write to a topic by transactions, step after step.
 * @throws {Error} with its last words, if it fails
 */
export async function produceAsOthers(
  brokers: readonly string[],
  topic: string,
  steps: readonly Step[],
): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", script, brokers.join(), topic, JSON.stringify(steps)],
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  }).output();
  if (!success) throw new Error(`the other producers failed: ${new TextDecoder().decode(stderr)}`);
}

const script = fileURLToPath(new URL("foreign_producer.ts", import.meta.url));
