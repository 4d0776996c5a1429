// The collection of a year: when a report is due and locked, for a level and for an agency with an extension.
import { Code } from "@connectrpc/connect";
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { Collection, CollectionException, Level } from "../gen/huizong/v1/registry_pb";
import { refusal, registry } from "./service";

/** The collection of a year; undefined where it has not been opened. */
export async function collectionOf(year: number, signal?: AbortSignal): Promise<Collection | undefined> {
  try {
    return (await registry.getCollection({ name: `collections/${year}` }, signal ? { signal } : {})).collection;
  } catch (error) {
    if (refusal(error).code === Code.NotFound) return undefined;
    throw error;
  }
}

/** When an agency's report is due and locked. */
export interface Deadline {
  due: Timestamp | undefined;
  lock: Timestamp | undefined;
  exception: CollectionException | undefined;
}

const later = (one: Timestamp | undefined, other: Timestamp | undefined) =>
  !one || !other ? (one ?? other) : timestampDate(one) > timestampDate(other) ? one : other;

/** An extension gives more time, never less, and where the collection sets none it takes none away. */
export function deadlineOf(collection: Collection | undefined, level: Level | undefined, agency: string, now = Date.now()): Deadline {
  const due = collection?.dueTimes.find((one) => one.level === level)?.dueTime;
  const lock = collection?.lockTime;
  const holds = (one: CollectionException) => one.agency === agency && (!one.expireTime || timestampDate(one.expireTime).getTime() > now);
  const exception = collection?.exceptions.filter(holds).at(-1);
  return { due: due && later(due, exception?.dueTime), lock: lock && later(lock, exception?.lockTime), exception };
}
