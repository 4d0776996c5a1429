import { Code } from "@connectrpc/connect";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { refusalText } from "../src/core/service";
import { ErrorReason, ProblemSchema } from "../src/gen/huizong/v1/problem_pb";

const text = (zh: string) => ({ zh, en: zh });

test("a refusal names a field by the word that officials have for it, and never by its path", () => {
  const wrong = (field: string) => create(ProblemSchema, { reason: ErrorReason.FIELD_INVALID, message: text(`${field}：须填写`), remedy: text("请改正后重试"), fieldViolations: [{ field, description: text("须填写") }] });
  const shown = (field: string) => refusalText({ code: Code.InvalidArgument, reason: "FIELD_INVALID", problem: wrong(field), passing: false });
  expect(shown("exception.reason")).toBe("原因：须填写。请改正后重试。");
  expect(shown("measures[0]")).toBe("指标：须填写。请改正后重试。");
  expect(shown("scope.as_of")).toBe("须填写。请改正后重试。");
});
