import { Code, ConnectError } from "@connectrpc/connect";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { refusal, refusalText } from "../src/core/service";
import { ErrorReason, ProblemSchema } from "../src/gen/huizong/v1/problem_pb";

const text = (zh: string) => ({ zh, en: zh });

test("a refusal names a field by the word that officials have for it, and never by its path", () => {
  const wrong = (field: string) => create(ProblemSchema, { reason: ErrorReason.FIELD_INVALID, message: text(`${field}：须填写`), remedy: text("请改正后重试"), fieldViolations: [{ field, description: text("须填写") }] });
  const shown = (field: string) => refusalText({ code: Code.InvalidArgument, reason: "FIELD_INVALID", problem: wrong(field), passing: false });
  expect(shown("exception.reason")).toBe("原因：须填写。请改正后重试。");
  expect(shown("measures[0]")).toBe("指标：须填写。请改正后重试。");
  expect(shown("scope.as_of")).toBe("须填写。请改正后重试。");
});

test("an instance that is of no use just now is asked again, and a refusal that would come again is not", () => {
  const told = (reason: ErrorReason) => {
    const value = create(ProblemSchema, { reason, message: text("原因"), remedy: text("办法") });
    return refusal(new ConnectError("refused", Code.Unavailable, undefined, [{ desc: ProblemSchema, value }]));
  };
  expect([ErrorReason.STOPPING, ErrorReason.STORE_UNAVAILABLE, ErrorReason.STORE_READ_ONLY].map((reason) => told(reason).passing)).toEqual([true, true, false]);
});
