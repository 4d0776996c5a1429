import { timestampDate } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { FIELDS, inert, linksOf, questionOf, type Asked } from "../src/core/journal";
import { momentText } from "../src/core/time";
import { JournalOutcome } from "../src/gen/huizong/v1/journal_pb";

const asked = (fields: Partial<Asked>): Asked => ({ ...(Object.fromEntries(FIELDS.map((field) => [field, ""])) as Asked), ...fields });

test("days are days in Beijing, and both are included", () => {
  const question = questionOf(asked({ since: "2026-01-31", until: "2026-01-31", place: "230100", outcome: "refused" }));
  expect(timestampDate(question.startTime!).toISOString()).toBe("2026-01-30T16:00:00.000Z");
  expect(timestampDate(question.endTime!).toISOString()).toBe("2026-01-31T16:00:00.000Z");
  expect(question).toMatchObject({ place: "jurisdictions/230100", outcome: JournalOutcome.REFUSED, newestFirst: true });
  expect(momentText(question.startTime)).toBe("2026-01-31 00:00:00 +08:00");
});

test("what is not said is not asked for", () => {
  const question = questionOf(asked({ since: "yesterday", place: "agencies/11341702486344515H", outcome: "other" }));
  expect(question).not.toHaveProperty("startTime");
  expect(question).not.toHaveProperty("endTime");
  expect(question).toMatchObject({ place: "agencies/11341702486344515H", outcome: JournalOutcome.UNSPECIFIED });
});

test("words turn no direction of reading and move nothing", () => {
  expect(inert("一\u202e二\u001b[2J\n三")).toBe("一\ufffd二\ufffd[2J\n三");
});

test("a code of a place is told from that of an agency", () => {
  expect(questionOf(asked({ place: "11341702486344515H" })).place).toBe("agencies/11341702486344515H");
  expect(questionOf(asked({ place: "230102001" })).place).toBe("jurisdictions/230102001");
});

test("entries that lie next to each other follow each other, or the first that does not is named", () => {
  const entry = (sequence: bigint, previousSha256: string, chainSha256: string) => ({ sequence, previousSha256, chainSha256 });
  const whole = [entry(5n, "d", "e"), entry(4n, "c", "d"), entry(2n, "a", "b")];
  expect(linksOf(whole)).toEqual({ links: 1, broken: undefined });
  expect(linksOf([...whole, entry(6n, "x", "f")])).toEqual({ links: 1, broken: 6n });
});
