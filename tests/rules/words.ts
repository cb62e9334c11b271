import type { File, Rule } from "./files.ts";

/**
 * Words that the project no longer uses, and what it says instead. They were metaphors, archaic, or private to it: a reader had to
 * decode them. Each line has all the forms of a word.
 */
const RETIRED: Record<string, string> = {
  "alongside": "say when it runs: `beforeWrite`, or with, beside",
  "box boxes": "the dead letters",
  "chore chores": "job",
  "company": "say which: other values, other rows",
  "crew crews": "workers, runners",
  "deaf": "say what is ignored",
  "fate fates": "outcome, result",
  "heal heals healed": "recover",
  "hush hushed": "silence, ignore",
  "lane lanes": "stream, queue, connection, partition: whichever it is",
  "lest": "so that … not, or: If …, …",
  "mend mends mended mending": "patch, repair, correct",
  "oversee oversees oversaw": "supervise",
  "patience impatience impatient": "timeout, a limit in ms",
  "persist persists persisted persistence": "retry, or store",
  "sift sifts sifted sifting": "filter",
  "spell spells": "period, interval, connection",
  "tend tends tended tending": "supervise, or: usually",
  "twin twins": "duplicate, copy, the other one",
  "upkeep": "jobs, maintenance",
  "vain": "without success, for nothing",
};

const adviceOf = new Map(
  Object.entries(RETIRED).flatMap(([forms, advice]) => forms.split(" ").map((form) => [form, advice])),
);

/** Files that name the words on purpose, and what was published: the changelog, and the names of migrations. */
const EXEMPT = /^(CHANGELOG\.md|tests\/rules\/(words|rules_test)\.ts)$/;
const NAME_IS_PUBLISHED = /^migrations\/\d{4}_/;

/** The parts of all words of a text in lower case: `retryForever` has two. */
const partsOf = (text: string) =>
  text.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g)?.map((part) => part.toLowerCase()) ?? [];

function complaintsOf({ path, text }: File): string[] {
  const lines = [NAME_IS_PUBLISHED.test(path) ? "" : path, ...text.split("\n")];
  return lines.flatMap((line, n) =>
    [...new Set(partsOf(line))].filter((part) => adviceOf.has(part)).map((part) =>
      `${path}${n > 0 ? `:${n}` : ""}: must not say "${part}". Instead: ${adviceOf.get(part)}`
    )
  );
}

/** No name, comment, message or document has a retired word. */
export const words: Rule = (files) => files.filter(({ path }) => !EXEMPT.test(path)).flatMap(complaintsOf);
