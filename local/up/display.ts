import type { Monitor } from "./monitor.ts";
import { renderLines, renderScreen, type Stage } from "./screen.ts";
import type { Terminal } from "./terminal.ts";

/** How often a line is printed if the output is not a terminal, in ms. */
const TELL_MS = 5_000;

/** Shows the state of the pipeline: painted in place on a terminal, else a line every few seconds. */
export interface Display {
  show(): void;
  /** Says what is being done now. */
  report(doing: string): void;
  /** The feed has begun: the clock starts. */
  begin(): void;
  /** The feed is over: the clock stops. */
  end(): void;
}

/** @param about what of the stage stays the same */
export function createDisplay(
  terminal: Terminal,
  monitor: Monitor,
  about: Pick<Stage, "tag" | "headline" | "places" | "durationMs">,
): Display {
  let doing = "starting the workers";
  let startedAt: number | undefined;
  let endedAt: number | undefined;
  let toldAt = 0;

  const stage = (): Stage => ({
    doing,
    elapsedMs: startedAt === undefined ? 0 : (endedAt ?? performance.now()) - startedAt,
    ...about,
  });
  const show = () => {
    const picture = monitor.picture();
    if (terminal.isInteractive) {
      terminal.paint((columns, rows) => renderScreen(picture, stage(), columns, rows));
    } else if (startedAt !== undefined && performance.now() - toldAt >= TELL_MS) {
      toldAt = performance.now();
      renderLines(picture, stage()).forEach(terminal.say);
    }
  };
  return {
    show,
    report(words) {
      doing = words;
      show();
    },
    begin: () => void (startedAt = performance.now()),
    end: () => void (endedAt = performance.now()),
  };
}
