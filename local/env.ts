const help =
  `Makes the file .env from .env.example, with four passwords of its own for Docker. It never overwrites one.

Usage: deno task env`;

/** The text of `.env.example` with a password, 48 hexadecimal digits, for each variable that has none. */
export function withPasswords(example: string): string {
  return example.replace(
    /^(\w+_PASSWORD)=$/gm,
    (_, name) => `${name}=${crypto.getRandomValues(new Uint8Array(24)).toHex()}`,
  );
}

async function main(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    const isHelp = args.every((arg) => arg === "--help" || arg === "-h");
    console.log(isHelp ? help : `Cannot understand ${args.join(" ")}: see --help`);
    return isHelp ? 0 : 78;
  }
  const text = withPasswords(await Deno.readTextFile(".env.example"));
  try {
    await Deno.writeTextFile(".env", text, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    console.error("Cannot make .env as it is there already. It is left as it is.");
    return 1;
  }
  console.log(
    "Made .env with four passwords. Docker makes its servers with them when they first start: keep the file.",
  );
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
