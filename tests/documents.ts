import { fileURLToPath } from "node:url";
import { join } from "node:path";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A document for users: README.md, or a page of `docs/`. */
export interface Document {
  /** `docs/data.md` */
  readonly path: string;
  readonly text: string;
}

/** Reads README.md and all pages of `docs/`. */
export async function readDocuments(): Promise<Document[]> {
  const pages = (await Array.fromAsync(Deno.readDir(join(root, "docs")))).map(({ name }) => `docs/${name}`);
  return await Promise.all(
    ["README.md", ...pages.sort()].map(async (path) => ({
      path,
      text: await Deno.readTextFile(join(root, path)),
    })),
  );
}

/** The queries of a document's SQL blocks, one each, and of the texts in its Python blocks. */
export function queriesIn({ text }: Document): string[] {
  const sql = [...text.matchAll(/```sql\n([^]*?)```/g)].flatMap(([, block]) =>
    block.split(/;\s*(?:--.*)?\n/)
  );
  const python = [...text.matchAll(/```python\n([^]*?)```/g)].flatMap(([, block]) =>
    [...block.matchAll(/"""([^]*?)"""/g)].map(([, query]) => query)
  );
  return [...sql, ...python].filter((query) => /\bselect\b/.test(query));
}

/** The commands of a document, as a user types them: those of its indented blocks, without comments, and those in its sentences. */
export function commandsIn({ text }: Document): string[] {
  const withoutBlocks = text.replace(/```[^]*?```/g, "");
  return [...withoutBlocks.matchAll(/^ {4}(\S.*?)(?: {2,}#.*)?$|`([^`\n]+)`/gm)]
    .map(([, block, inline]) => (block ?? inline).trim())
    .filter((line) => /\b(deno task|docker compose) \w/.test(line));
}

/** The headings of a document as the links to them name them. GitHub: "Section links". */
export function anchorsOf({ text }: Document): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-")
  );
}

/** The links of a document to others and to its own headings. */
export function linksIn({ text }: Document): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target)
    .filter((target) => !/^https?:/.test(target));
}

/** The cells of the rows of a document's tables, without the header and what is below another heading. */
export function rowsIn(text: string): string[][] {
  return [...text.matchAll(/^\|(.*)\|$/gm)].map(([, row]) => row.split("|").map((cell) => cell.trim()))
    .filter(([first]) => !/^-+$/.test(first));
}

/** What a text has in backquotes. */
export const codesIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
