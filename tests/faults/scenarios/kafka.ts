import { sleep } from "../../../shared/wait.ts";
import { untilCovered, untilRead, untilReadOnce, watchOpenGaps } from "../coverage.ts";
import { readGaps } from "../judge/gaps.ts";
import type { Scenario } from "../scenario.ts";
import { recovery } from "../stage.ts";

export const kafkaKilled: Scenario = {
  name: "Kafka killed",
  promise:
    "while Kafka is down messages wait in the producers, all are stored when it is back, and no gap is open meanwhile",
  gaps: "none",
  seconds: { short: 85, long: 130 },
  async run(stage, form) {
    const { kafka } = stage.servers;
    await untilReadOnce(stage);
    await using _ = watchOpenGaps(stage);
    await kafka.kill();
    await sleep({ short: 10_000, long: 60_000 }[form]);
    await kafka.restart();
    const took = await recovery(stage, Date.now());
    await untilCovered(stage, 1);
    await untilRead(stage);
    return { injected: 1, recovery: took };
  },
};

export const bufferOverflow: Scenario = {
  name: "buffer overflow",
  promise: "what a full buffer drops while Kafka is away is a gap, counted exactly",
  gaps: "recorded",
  seconds: { short: 60, long: 60 },
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
    const gaps = (await readGaps(sql)).filter(({ to }) => to < Infinity);
    const dropped = gaps.reduce((sum, gap) => sum + (gap.dropped ?? 0), 0);
    const other = gaps.find(({ reason, stream }) => reason !== "overflow" || stream !== "book");
    if (other) return `a gap that is none: ${JSON.stringify(other)}`;
    if (dropped !== inGaps) return `${inGaps} messages are missing and the ledger counts ${dropped}`;
  },
};
