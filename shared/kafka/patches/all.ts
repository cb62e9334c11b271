/** Every patch of kafkajs 2.2.4, a file each. A file says what is wrong in kafkajs, which upstream issue reports it, and has a test. */
import "./broker_choice.ts";
import "./coordinator.ts";
import "./leader.ts";
import "./leaderless.ts";
import "./request_timer.ts";
import "./runner.ts";
import "./silence.ts";
