import { sleep } from "../../../shared/wait.ts";
import { readGaps } from "../judge/tables.ts";
import type { Scenario } from "../scenario.ts";
import { recovery } from "../stage.ts";

export const kafkaKilled: Scenario = {
  name: "Kafka killed",
  promise: "while Kafka is down messages wait in the producers, and all are stored when it is back",
  gaps: "none",
  seconds: { short: 40, long: 70 },
  async run(stage, form) {
    const { kafka } = stage.servers;
    await kafka.kill();
    await sleep({ short: 10_000, long: 30_000 }[form]);
    await kafka.restart();
    return { injected: 1, recovery: await recovery(stage, Date.now()) };
  },
};

export const bufferOverflow: Scenario = {
  name: "buffer overflow",
  promise: "what a full buffer drops while Kafka is away is a gap, counted exactly",
  gaps: "recorded",
  seconds: { short: 35, long: 60 },
  setting: { variables: { BUFFER_BYTES: "65536" } },
  async run(stage, form) {
    const { kafka } = stage.servers;
    await kafka.kill();
    await sleep({ short: 4_000, long: 20_000 }[form]);
    await kafka.restart();
    return { injected: 1, recovery: await recovery(stage, Date.now()) };
  },
  /** Truth − table = the gaps' counts. */
  async verify({ sql }, { inGaps }) {
    const gaps = await readGaps(sql);
    const dropped = gaps.reduce((sum, gap) => sum + (gap.dropped ?? 0), 0);
    const others = gaps.filter(({ reason, stream }) => reason !== "buffer overflow" || stream !== "book");
    if (others.length > 0) return `a gap that is none: ${JSON.stringify(others[0])}`;
    if (dropped !== inGaps) return `${inGaps} messages are missing and the ledger counts ${dropped}`;
  },
};
