import { afterEach, expect, test } from "vitest";
import { language } from "../src/core/language";
import { learn, nameKnown, spoken } from "../src/core/spoken";

afterEach(() => (language.value = "zh"));

test("what a sentence names by its resource name is called what it is", () => {
  learn([{ name: "jurisdictions/230100", displayName: "哈尔滨市" }]);
  const cases = [
    ["单位名录中没有 agencies/office-1；请先列入名录", "单位名录中没有代码为office-1的单位；请先列入名录"],
    ["jurisdictions/230100 的上级 jurisdictions/230000 不存在", "哈尔滨市的上级代码为230000的地区不存在"],
    ["agencies/a-1/reports/2023/revisions/2 已通过，不能通过", "代码为a-1的单位2023年度报告第2版已通过，不能通过"],
    ["没有 jurisdictions/230100/reports/2023", "没有哈尔滨市2023年度报告"],
    ["没有 jurisdictions/230100/frozenForms/2023-4", "没有哈尔滨市2023年度第4号定稿"],
    ["collections/2023 已被他人更改（当前 etag 为 \"abc\"）", "2023年度报送任务已被他人更改"],
    ["请查看待确认的申请（huizong credential proposals）；已过期的请重新提出", "请查看待确认的申请；已过期的请重新提出"],
    ["请确认后再登记（confirmed，命令行为 --confirm）；实为同一单位的，不要再次登记", "请确认后再登记；实为同一单位的，不要再次登记"],
    ["请改用 principals/li-si", "请改用账号li-si"],
  ];
  for (const [text, wanted] of cases) expect(spoken(text!)).toBe(wanted);
  language.value = "en";
  expect(spoken("there is no agencies/a-1/reports/2023 yet")).toBe("there is no agency a-1's report for 2023 yet");
  expect(spoken("make one on the machine itself (huizong credential bootstrap --role)")).toBe("make one on the machine itself");
});

test("what people write stays as it is", () => {
  for (const text of ["（本级政府年度报告）应报12份", "第2版（2023-01-31 24:00）", "https://example.org/agencies/x", "自然人（法人 other）"]) expect(spoken(text)).toBe(text);
  expect(nameKnown("agencies/nobody")).toBe("nobody");
});
