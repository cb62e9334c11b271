import type { Scenario } from "../scenario.ts";
import { batchesDamaged, transactionsInterleaved } from "./batches.ts";
import {
  brokerFrozen,
  brokersKilled,
  brokersRestarted,
  coordinatorMoved,
  partitionsAdded,
} from "./brokers.ts";
import { consumerKilled, consumersShareWork, zombie } from "./consumers.ts";
import { diskFull, lockTimeout, postgresKilled, rowsLocked } from "./database.ts";
import {
  connectionAged,
  connectionDropped,
  connectionRefused,
  connectionSilent,
  framesDisturbed,
  serverShutDown,
  streamMute,
} from "./exchange.ts";
import { bufferOverflow, kafkaKilled } from "./kafka.ts";
import { clocksApart, producerKilledOften, threeProducers } from "./kills.ts";
import { logTruncated, retentionPassed, topicRemade } from "./logs.ts";
import { lossesOverlap, muteBesideReconnect } from "./losses.ts";
import { framesMutated, messagesMutated, rowsRefused } from "./messages.ts";
import { backlogPacked } from "./packed.ts";
import {
  connectionLostBesideAnother,
  connectionsLostTogether,
  loneProducerKilled,
  producerKilledBesideAnother,
} from "./producers.ts";
import { coverageBehind, marketQuiet } from "./quiet.ts";
import {
  addressBanned,
  outageRepaired,
  repairKilled,
  restDown,
  tooManyRequests,
  twoRepairWorkers,
} from "./repairs.ts";
import { retentionAttacked } from "./retention.ts";
import { rollover, rolloverRefused } from "./rollover.ts";
import { rollupLocked, tablesPublished } from "./rollup.ts";
import { tablesAltered } from "./schema.ts";
import { shardKilled, symbolTakenOut } from "./shards.ts";
import { workersStopped } from "./shutdown.ts";
import { sideTopicsRefused } from "./topics.ts";

/** What is broken on purpose where Kafka has three brokers. */
export const clusterScenarios: readonly Scenario[] = [
  ...[coordinatorMoved, brokersRestarted, brokersKilled, brokerFrozen, partitionsAdded],
  ...[sideTopicsRefused, transactionsInterleaved, backlogPacked],
];

/** Outages after which candles and trades are fetched. */
export const repairScenarios: readonly Scenario[] = [
  ...[outageRepaired, restDown, tooManyRequests, addressBanned, repairKilled, twoRepairWorkers],
];

/**
 * What is broken on purpose in every run of the tests: of each part that can fail, what says most in a short time. One broker is
 * enough for it.
 */
export const shortScenarios: readonly Scenario[] = [
  ...[consumerKilled, kafkaKilled, bufferOverflow, postgresKilled, diskFull],
  ...[producerKilledBesideAnother, producerKilledOften, connectionsLostTogether, workersStopped],
  ...[connectionDropped, connectionSilent, streamMute],
  ...[sideTopicsRefused, batchesDamaged],
];

/** The soak has all that one broker is enough for. The order decides what a seed plays. */
export const scenarios: readonly Scenario[] = [
  ...[consumerKilled, kafkaKilled, bufferOverflow, postgresKilled, diskFull, rowsRefused],
  ...[producerKilledBesideAnother, producerKilledOften, connectionsLostTogether, workersStopped],
  ...[connectionDropped, connectionSilent, streamMute, rollover],
  ...[framesMutated, sideTopicsRefused, batchesDamaged],
  ...[consumersShareWork, zombie, lockTimeout, rowsLocked, tablesPublished, rollupLocked, tablesAltered],
  ...[connectionLostBesideAnother, loneProducerKilled, shardKilled, symbolTakenOut, threeProducers],
  ...[rolloverRefused, connectionAged, connectionRefused, serverShutDown, framesDisturbed, messagesMutated],
  ...[lossesOverlap, coverageBehind, clocksApart, marketQuiet, muteBesideReconnect, transactionsInterleaved],
  ...[topicRemade, logTruncated, retentionPassed, retentionAttacked],
  // A test of its own plays it in every run of the tests.
  outageRepaired,
];
