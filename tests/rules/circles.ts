import type { Rule } from "./files.ts";
import { importsOf } from "./imports.ts";

/**
 * No file imports a file that imports it in turn, directly or through others, types included. A complaint
 * names the files of a shortest circle; a file that is already named gets no complaint of its own.
 */
export const circles: Rule = (files) => {
  const graph = new Map(files.map((file) => [file.path, importsOf(file).map(({ to }) => to)]));
  const told = new Set<string>();
  const complaints: string[] = [];
  for (const path of graph.keys()) {
    if (told.has(path)) continue;
    const circle = wayBack(graph, path);
    if (!circle) continue;
    for (const member of circle) told.add(member);
    complaints.push(`${path}: must not import what imports it: ${[...circle, path].join(" -> ")}`);
  }
  return complaints;
};

/** The files on a shortest way from a file back to it, itself first. */
function wayBack(graph: ReadonlyMap<string, readonly string[]>, start: string): string[] | undefined {
  const before = new Map<string, string>();
  const queue = [start];
  for (const path of queue) {
    for (const next of graph.get(path) ?? []) {
      if (next === start) {
        const way = [path];
        while (way[0] !== start) way.unshift(before.get(way[0])!);
        return way;
      }
      if (before.has(next)) continue;
      before.set(next, path);
      queue.push(next);
    }
  }
}
