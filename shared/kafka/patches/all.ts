/** Every patch of kafkajs 2.2.4, a file each. `docs/kafka.md` lists them. */
import "./broker_choice.ts";
import "./coordinator.ts";
import "./ends.ts";
import "./fetch.ts";
import "./ipv6.ts";
import "./leader.ts";
import "./leaderless.ts";
import "./out_of_range.ts";
import "./own_cluster.ts";
import "./produce.ts";
import "./request_timer.ts";
import "./runner.ts";
import "./silence.ts";
