import { circles } from "./circles.ts";
import type { Rule } from "./files.ts";
import { layers } from "./layers.ts";
import { sizes } from "./sizes.ts";
import { words } from "./words.ts";

/** All rules that `deno task check` adds to those of Deno: see docs/design.md. */
export const rules: Rule = (files) => [circles, layers, sizes, words].flatMap((rule) => rule(files));
