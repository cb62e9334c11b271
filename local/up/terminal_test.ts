import assert from "node:assert/strict";
import { createTerminal } from "./terminal.ts";

/** An output that keeps what is written to it. */
function fakeOutput(isTerminal: boolean) {
  let text = "";
  return {
    isTerminal: () => isTerminal,
    // Half of it at a time, as a pipe that is full may take it.
    writeSync(bytes: Uint8Array) {
      const taken = Math.ceil(bytes.length / 2);
      text += new TextDecoder().decode(bytes.subarray(0, taken));
      return taken;
    },
    get text() {
      return text;
    },
  };
}

/** What a terminal that understands "up" and "erase" shows of a text. */
function shown(text: string): string[] {
  const screen: string[] = [];
  let row = 0;
  for (
    const [, up, below, line] of text.replaceAll("\x1b", "ESC").matchAll(/ESC\[(\d+)A\r|(ESC\[J)|([^\n]*)\n/g)
  ) {
    if (up) row -= Number(up);
    else if (below) screen.length = row;
    else screen[row++] = line.replace(/ESC\[[\d;]*[mK]/g, "");
  }
  return screen;
}

Deno.test("a reader who has gone away is noticed, and is no error", () => {
  let gone = 0;
  const output = {
    isTerminal: () => false,
    writeSync(): number {
      throw new Deno.errors.BrokenPipe();
    },
  };
  createTerminal(output, () => gone++).say("hello");
  assert.equal(gone, 1);
});

Deno.test("in a file there are plain lines", () => {
  const output = fakeOutput(false);
  const terminal = createTerminal(output, () => assert.fail());
  terminal.shout("SIMULATED");
  terminal.say("two\nlines");
  assert.equal(output.text, "SIMULATED\ntwo\nlines\n");
});

Deno.test("on a terminal the picture stays below what is said, and old rows don't show through", () => {
  const output = fakeOutput(true);
  const terminal = createTerminal(output, () => assert.fail(), () => ({ columns: 80, rows: 24 }));
  terminal.say("first");
  terminal.paint(() => [[{ text: "a long row", style: "bold" }], [{ text: "another" }], [{ text: "third" }]]);
  terminal.say("second");
  assert.deepEqual(shown(output.text), ["first", "second", "a long row", "another", "third"]);
  terminal.paint((columns, rows) => [[{ text: `${columns}x${rows}` }]]);
  assert.deepEqual(shown(output.text), ["first", "second", "80x24"]);
  terminal.keep();
  terminal.say("end");
  assert.deepEqual(shown(output.text), ["first", "second", "80x24", "end"]);
});

Deno.test("on a terminal that has become smaller the cursor goes up no further than the terminal is high", () => {
  const output = fakeOutput(true);
  const size = { columns: 80, rows: 24 };
  const terminal = createTerminal(output, () => assert.fail(), () => size);
  terminal.paint(() => Array.from({ length: 20 }, () => [{ text: "row" }]));
  size.rows = 10;
  terminal.paint(() => [[{ text: "small" }]]);
  const ups = [...output.text.replaceAll("\x1b", "ESC").matchAll(/ESC\[(\d+)A/g)].map(([, up]) => Number(up));
  assert.deepEqual(ups, [9]);
});
