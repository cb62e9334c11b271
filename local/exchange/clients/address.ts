import type { Route } from "../event.ts";

/** What a client asks for by the URL that it connects to. */
export interface Address {
  readonly route: Route;
  /** Frames come in an envelope that names the stream: `/stream`, not `/ws`. */
  readonly isCombined: boolean;
  readonly streams: readonly string[];
}

/**
 * Reads `/market/stream?streams=a/b`, `/public/ws/a` and their kin; undefined if Binance has no such path.
 * @throws {URIError} if percent-encoding is broken
 */
export function parseAddress(target: string): Address | undefined {
  const [path, query = ""] = target.split("?");
  const [, routed, form, names = ""] =
    /^(?:\/(market|public|private))?\/(stream|ws)(?:\/(.*))?$/.exec(path) ?? [];
  if (!form || (form === "stream" && names)) return;
  const given = form === "ws" ? names : /(?:^|&)streams=([^&]*)/.exec(query)?.[1] ?? "";
  return {
    route: (routed as Route | undefined) ?? "unrouted",
    isCombined: form === "stream",
    streams: decodeURIComponent(given).split("/").filter((name) => name !== ""),
  };
}
