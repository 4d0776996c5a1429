import { expect, test } from "vitest";
import { addressFor, faultOf, scopeOf } from "../src/core/perspective";

test("the past is passed on to pages that show it, and to no other", () => {
  const query = { year: "2023", as_of: "9007199254740993", tree: "2022" };
  for (const page of [undefined, "/overview", "/form", "/table"]) expect(addressFor(page, query)).toEqual(query);
  for (const page of ["/progress", "/report", "/frozen"]) expect(addressFor(page, query)).toEqual({ year: "2023", as_of: undefined, tree: undefined });
});

test("a sequence beyond 2^53 keeps every digit, and nothing said is the present", () => {
  expect(scopeOf("jurisdictions/230000", { asOf: "9007199254740993", hierarchyYear: 2022 })).toEqual({ jurisdiction: "jurisdictions/230000", asOf: 9007199254740993n, hierarchyYear: 2022 });
  expect(scopeOf("jurisdictions/230000")).toEqual({ jurisdiction: "jurisdictions/230000", asOf: 0n, hierarchyYear: 0 });
});

test("an address that names no year, moment or place is at fault, and is never taken for the present", () => {
  expect(faultOf({ as_of: "abc" })).toEqual({ what: "badMoment", text: "abc" });
  expect(faultOf({ year: "23", as_of: "1" })).toEqual({ what: "badYear", text: "23" });
  expect(faultOf({ tree: "1999" })?.what).toBe("badTree");
  expect(faultOf({ scope: "agencies/1" })?.what).toBe("badScope");
  expect(faultOf({ year: "2023", as_of: "7", tree: "2022", scope: "jurisdictions/230100", owner: "x" })).toBeUndefined();
});
