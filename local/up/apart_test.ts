import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryFolder } from "../testing.ts";
import { apartOf } from "./apart.ts";

Deno.test("a recording that can't be read is an error", async () => {
  await assert.rejects(
    apartOf({ kind: "file", file: "/nowhere.jsonl" }),
    /^Error: Cannot play .*No such file/,
  );
});

Deno.test("every feed has names of its own: the market, a simulation, another host, and each recording", async () => {
  await using folder = await temporaryFolder();
  const write = async (name: string, text: string) => {
    const file = join(folder.path, name);
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await Deno.writeTextFile(file, text);
    return { kind: "file", file } as const;
  };
  const day = "x".repeat(65_536);
  const recordings = [
    await write("day.jsonl", day),
    await write("other/day.jsonl", `y${day}`),
    await write("night.jsonl", day),
  ];
  const names = await Promise.all([
    apartOf({ kind: "live" }),
    apartOf({ kind: "simulated" }),
    apartOf({ kind: "host", host: "127.0.0.1:9001" }),
    ...recordings.map(apartOf),
  ]);
  assert.deepEqual(names.slice(0, 3), [
    { database: "", topics: "" },
    { database: "_simulated", topics: "simulated." },
    { database: "_127_0_0_1_9001", topics: "127_0_0_1_9001." },
  ]);
  for (const { database, topics } of names.slice(3)) {
    assert.match(database, /^_(day|night)_[0-9a-f]{6}_simulated$/);
    assert.match(topics, /^simulated\.(day|night)_[0-9a-f]{6}\.$/);
  }
  assert.equal(new Set(names.map(({ database }) => database)).size, names.length);
  assert.equal(new Set(names.map(({ topics }) => topics)).size, names.length);

  const { file } = await write("day.jsonl", `${day}more`);
  assert.deepEqual(await apartOf({ kind: "file", file }), names[3], "a recording that grows stays the same");
});
