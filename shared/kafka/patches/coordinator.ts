import Cluster from "kafkajs/src/cluster/index.js";
import { backoff, sleep } from "../../wait.ts";

/**
 * Patches kafkajs 2.2.4 (issue 1152, pull request 1779): a consumer keeps the coordinator that it found first, even after another
 * broker has become the coordinator. A join fails while the new coordinator loads the group's commits, and commits go to the old
 * one for ever.
 *
 * The patch gives kafkajs a stand-in for the coordinator, which sends each request to the broker that coordinates the group now. If
 * that broker refuses, is still loading or can't be reached, the stand-in looks up the coordinator again.
 */

/** How long a request is repeated, in ms: short enough for a stopping worker to end in time. */
const LIMIT_MS = 5_000;
/** How long a broker may take for a request that it answers at once, in ms. After that, another broker may coordinate the group. */
const ANSWER_MS = 3_000;

/** Requests that a broker answers at once. */
const quick = ["heartbeat", "offsetCommit", "offsetFetch", "describeGroups", "deleteGroups"] as const;
/** Requests that wait for the other members. */
const slow = ["joinGroup", "syncGroup"] as const;

type Request = (typeof quick)[number] | (typeof slow)[number] | "leaveGroup";

/** A broker of kafkajs, as far as it coordinates groups. */
type Broker = Record<Request, (request: unknown) => Promise<unknown>> & { readonly nodeId: string };

/** A broker's answer to `deleteGroups`. */
interface Deleted {
  readonly results?: readonly { readonly error?: Fault }[];
}

/** What kafkajs uses of a coordinator. */
interface Coordinator extends Broker {
  isConnected(): boolean;
}

/** Types and names of kafkajs' errors after which the coordinator is looked up again. */
const passing = [
  "NOT_COORDINATOR_FOR_GROUP",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "GROUP_LOAD_IN_PROGRESS",
  "REQUEST_TIMED_OUT",
  "KafkaJSConnectionError",
  "KafkaJSConnectionClosedError",
  "KafkaJSRequestTimeoutError",
  "KafkaJSLockTimeout",
  "KafkaJSBrokerNotFound",
  "KafkaJSGroupCoordinatorNotFound",
];

const { findGroupCoordinator } = Cluster.prototype;

Cluster.prototype.findGroupCoordinator = async function (options: unknown): Promise<Coordinator> {
  const find = (): Promise<Broker> => findGroupCoordinator.call(this, options);
  return follow(find, await repeated(find));
};

/** A coordinator who is at first `broker`, and then whom `find` finds. */
function follow(find: () => Promise<Broker>, broker: Broker): Coordinator {
  let current: Broker | undefined = broker;
  const ask = async (name: Request, request: unknown) => {
    const asked = current ??= await find();
    try {
      const asking = asked[name](request);
      const answer = await (name === "joinGroup" || name === "syncGroup" ? asking : inTime(asking, name));
      // Of groups that can't be deleted it tells in the answer.
      const refused = (answer as Deleted | undefined)?.results?.find(({ error }) =>
        error && isPassing(error)
      );
      if (refused) throw refused.error;
      return answer;
    } catch (error) {
      // One who coordinates the group and is not ready for it is asked again.
      if (isPassing(error) && (error as Fault).type !== "GROUP_LOAD_IN_PROGRESS" && current === asked) {
        current = undefined;
      }
      throw error;
    }
  };
  const requests = [...quick, ...slow].map((name) =>
    [name, (request: unknown) => repeated(() => ask(name, request))] as const
  );
  return {
    nodeId: broker.nodeId,
    isConnected: () => true,
    ...Object.fromEntries(requests) as Record<
      (typeof requests)[number][0],
      (request: unknown) => Promise<unknown>
    >,
    // A member that can't say that it leaves is missed after its session.
    leaveGroup: (request) => ask("leaveGroup", request),
  };
}

/** Repeats what fails in a way that passes. */
async function repeated<T>(attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + LIMIT_MS;
  for (let failures = 0;; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error) || performance.now() > end) throw error;
      await sleep(backoff(failures, 100, 1_000));
    }
  }
}

/** @throws once it takes too long; what comes after that is nobody's */
async function inTime<T>(answer: Promise<T>, name: string): Promise<T> {
  const answered = new AbortController();
  const late = Symbol();
  const first = await Promise.race([answer, sleep(ANSWER_MS, answered.signal).then(() => late)])
    .finally(() => answered.abort());
  if (first !== late) return first as T;
  answer.catch(() => {});
  throw Object.assign(new Error(`${name} was not answered for ${ANSWER_MS / 1_000} s`), {
    name: "KafkaJSRequestTimeoutError",
    retriable: true,
  });
}

interface Fault {
  readonly type?: string;
  readonly name?: string;
  readonly cause?: unknown;
}

function isPassing(error: unknown): boolean {
  const { type, name, cause } = error as Fault;
  return passing.includes(type ?? name ?? "") || (cause !== undefined && isPassing(cause));
}
