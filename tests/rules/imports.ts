import { dirname, join } from "node:path/posix";
import type { File } from "./files.ts";

/** One import of a file, of a type too. */
export interface Import {
  readonly from: string;
  /** The path of a file of the project, or the name of a package. */
  readonly to: string;
  readonly isPackage: boolean;
}

// Statements begin their line, as `deno fmt` sees to.
const FORMS = [
  /^(?:import|export)\s[^;"'`]*?\sfrom\s*"([^"]+)"/gm,
  /^import\s*"([^"]+)"/gm,
  /\bimport\(\s*"([^"]+)"/g,
];

/** What a file imports and exports again. Of what is computed at run time nothing is known. */
export function importsOf({ path, text }: File): Import[] {
  if (!path.endsWith(".ts")) return [];
  return FORMS.flatMap((form) => [...text.matchAll(form)]).map(([, name]) => {
    const isPackage = !name.startsWith(".");
    return { from: path, to: isPackage ? name : join(dirname(path), name), isPackage };
  });
}
