import type { RequestPause } from "./request_pause.ts";

/** An answer of the exchange's REST API, as it came. */
export interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * Sends one request now, and notes what the answer says of further ones.
 * @param ms how long the answer may take
 * @throws {Error} if there is none in that time, or a signal is aborted
 */
export async function request(
  url: string,
  requestPause: RequestPause,
  ms: number,
  ...signals: readonly AbortSignal[]
): Promise<Answer> {
  const response = await fetch(url, { signal: AbortSignal.any([...signals, AbortSignal.timeout(ms)]) });
  const { ok, status, headers } = response;
  let text = "";
  try {
    text = await response.text();
  } finally {
    // A refusal counts though its text is cut off.
    requestPause.note(status, headers, text);
  }
  return { ok, status, headers, text };
}
