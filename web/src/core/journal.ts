// What is asked of the journal, as it stands in the address, and entries as people read them.
import { timestampFromDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { JournalOutcome, type JournalEntry } from "../gen/huizong/v1/journal_pb";

/** The fields of the question, as text. */
export const FIELDS = ["principal", "address", "action", "subject", "place", "outcome", "since", "until"] as const;
export type Field = (typeof FIELDS)[number];
export type Asked = Record<Field, string>;

export const OUTCOMES = { accepted: JournalOutcome.DONE, refused: JournalOutcome.REFUSED } as const;

/** The beginning of a day in Beijing, some days later; undefined for what is no day. */
function dayOf(text: string, later: number): Timestamp | undefined {
  const start = new Date(`${text}T00:00:00+08:00`);
  if (Number.isNaN(start.getTime())) return undefined;
  return timestampFromDate(new Date(start.getTime() + later * 24 * 60 * 60 * 1000));
}

/** The question for the service, the newest entries first; both days are included. */
export function questionOf(asked: Asked) {
  const { principal, address, action, subject, place, outcome, since, until } = asked;
  const startTime = dayOf(since, 0);
  const endTime = dayOf(until, 1);
  return {
    principal, address, action, subject,
    place: placeOf(place),
    outcome: outcome in OUTCOMES ? OUTCOMES[outcome as keyof typeof OUTCOMES] : JournalOutcome.UNSPECIFIED,
    newestFirst: true,
    ...(startTime ? { startTime } : {}),
    ...(endTime ? { endTime } : {}),
  };
}

/** A code of nothing but 6, 9 or 12 digits is a jurisdiction's, any other an agency's. */
export function placeOf(text: string): string {
  if (text === "" || text.includes("/")) return text;
  return `${/^(\d{6}|\d{9}|\d{12})$/.test(text) ? "jurisdictions" : "agencies"}/${text}`;
}

/** What is no name: a code, or a resource by its name. */
export const isCode = (text: string) => /^((jurisdictions|agencies)\/)?[0-9A-Za-z-]+$/.test(text);

/** Who did it and from where: the address is the last word, where there is one. */
export function actorOf(actor: string): { who: string; address: string } {
  const [, who, address] = /^(.*) (\S+)$/.exec(actor) ?? [];
  return { who: who ?? actor, address: address ?? "" };
}

/** Whether entries that lie next to each other follow each other: how many do, and the first that does not. */
export function linksOf(entries: Pick<JournalEntry, "sequence" | "previousSha256" | "chainSha256">[]): { links: number; broken: bigint | undefined } {
  const bySequence = new Map(entries.map((entry) => [entry.sequence, entry]));
  let links = 0;
  for (const entry of [...entries].sort((one, other) => (one.sequence < other.sequence ? -1 : 1))) {
    const before = bySequence.get(entry.sequence - 1n);
    if (!before) continue;
    if (before.chainSha256 !== entry.previousSha256) return { links, broken: entry.sequence };
    links += 1;
  }
  return { links, broken: undefined };
}

/** People's words with a sign for whatever would turn the direction of reading or is no letter at all; ends of lines stay. */
export function inert(words: string): string {
  return words.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}
