import kafkajs from "kafkajs";
import { withAdmin } from "./with_admin.ts";

/**
 * The consumer groups that have members now: those of `groups`, and any other with a member that is subscribed to one of the
 * topics.
 */
export function liveGroups(
  client: kafkajs.Kafka,
  topics: readonly string[],
  groups: readonly string[],
): Promise<string[]> {
  return withAdmin(client, async (admin) => {
    const listed = (await admin.listGroups()).groups.filter(({ protocolType }) =>
      protocolType === "consumer"
    );
    // A broker that has just started leaves out of the list what it is still loading.
    const names = new Set([...groups, ...listed.map(({ groupId }) => groupId)]);
    const described = await admin.describeGroups([...names]);
    return described.groups.filter(({ groupId, members }) =>
      members.length > 0 && (groups.includes(groupId) || members.some((member) => readsAny(member, topics)))
    ).map(({ groupId }) => groupId);
  });
}

/** Whether a member is subscribed to one of the topics; one whose subscription can't be read counts. */
function readsAny({ memberMetadata }: kafkajs.MemberDescription, topics: readonly string[]): boolean {
  try {
    const subscription = kafkajs.AssignerProtocol.MemberMetadata.decode(memberMetadata);
    return subscription?.topics.some((topic) => topics.includes(topic)) ?? true;
  } catch {
    return true;
  }
}
