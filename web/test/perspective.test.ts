import { expect, test } from "vitest";
import { addressFor, fieldsOf } from "../src/core/perspective";

test("the past is passed on to pages that show it, and to no other", () => {
  const query = { year: "2023", as_of: "9007199254740993", tree: "2022" };
  for (const page of [undefined, "/", "/form"]) expect(addressFor(page, query)).toEqual(query);
  for (const page of ["/progress", "/report", "/frozen"]) expect(addressFor(page, query)).toEqual({ year: "2023", as_of: undefined, tree: undefined });
});

test("a sequence beyond 2^53 keeps every digit, and nothing said is the present", () => {
  expect(fieldsOf({ asOf: "9007199254740993", hierarchyYear: 2022 })).toEqual({ asOf: 9007199254740993n, hierarchyYear: 2022 });
  expect(fieldsOf({})).toEqual({ asOf: 0n, hierarchyYear: 0 });
});
