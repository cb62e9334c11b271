/** A text file of the project. */
export interface File {
  /** Relative to the project's root, with "/". */
  readonly path: string;
  readonly text: string;
}

/** Checks all files of the project; returns one complaint a violation: the file and what is wrong. */
export type Rule = (files: readonly File[]) => string[];

const KINDS = /\.(ts|sql|md|py|sh|ya?ml|java)$|^(Dockerfile|\.env\.example)$/;
const LEFT_OUT = new Set([".git", ".local", "node_modules"]);

/** All text files below a folder that people write. */
export async function readFiles(root: URL, below = ""): Promise<File[]> {
  const files: File[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(below || ".", root))) {
    const path = below + name;
    if (isDirectory && !LEFT_OUT.has(name)) files.push(...await readFiles(root, `${path}/`));
    else if (KINDS.test(name)) files.push({ path, text: await Deno.readTextFile(new URL(path, root)) });
  }
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** Whether a file is a test or helps tests. */
export function isTest(path: string): boolean {
  return path.startsWith("tests/") || /(^|\/)test_\w+\.ts$|_test\.ts$|^local\/testing\.ts$/.test(path);
}
