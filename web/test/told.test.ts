import { create } from "@bufbuild/protobuf";
import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { language } from "../src/core/language";
import { learn } from "../src/core/spoken";
import { detailLines, subjectText } from "../src/core/told";
import { JournalActionSchema, JournalEntrySchema, JournalOutcome } from "../src/gen/huizong/v1/journal_pb";
import * as told from "../src/words/told";

afterEach(() => (language.value = "zh"));

const HASH = "a".repeat(64);
const ACTIONS = [create(JournalActionSchema, { action: "report.get", text: { zh: "查看报告", en: "read a report" } })];
const entry = (action: string, subject: string, detail: string, outcome = JournalOutcome.DONE) => create(JournalEntrySchema, { action, subject, detail, outcome });
const lines = (action: string, detail: string, outcome?: JournalOutcome) => detailLines(entry(action, "", detail, outcome), ACTIONS);

test("what an entry is about is called by its name, with the year", () => {
  learn([{ name: "agencies/GAT", displayName: "省公安厅" }, { name: "jurisdictions/230100", displayName: "哈尔滨市" }]);
  const cases = [
    ["agencies/GAT/reports/2023/revisions/2", "省公安厅2023年度报告第2版"],
    ["jurisdictions/230100/reports/2023", "哈尔滨市2023年度报告"],
    ["jurisdictions/230100/frozenForms/2023-1", "哈尔滨市2023年度第1号定稿"],
    ["agencies/GAT", "省公安厅"],
    ["collections/2023", "2023年度报送任务"],
    ["principals/li-si", "账号li-si"],
    ["principals/li-si/sessions/0a1b", "账号li-si的登录"],
    ["principals/li-si/credentials/0a1b", "账号li-si的凭据0a1b"],
    ["credentials/0a1b", "凭据0a1b"],
    ["journal/12", "操作日志第12条"],
    ["registry (7 changes)", "单位名录（7项变更）"],
  ];
  for (const [subject, words] of cases) expect(subjectText(entry("any", subject!, ""))).toBe(words);
  language.value = "en";
  expect(subjectText(entry("any", "principals/li-si/sessions/0a1b", ""))).toBe("a session of account li-si");
});

test("what the service wrote into an entry is said in words, in both languages", () => {
  learn([{ name: "agencies/GAT", displayName: "省公安厅" }, { name: "jurisdictions/230100", displayName: "哈尔滨市" }, { name: "jurisdictions/230200", displayName: "齐齐哈尔市" }]);
  const cases: [string, string, string[], string[]][] = [
    ["registry.apply", 'registry.rename entry=agencies/GAT display_name="第三 个名" first_year=2023 was=旧名', ["更名：省公安厅；名称：第三 个名；自2023年度起（原为旧名）"], ["renamed: 省公安厅; name: 第三 个名; from 2023 on (before 旧名)"]],
    ["registry.apply", "registry.move entry=agencies/GAT parent=jurisdictions/230200 first_year=2023 was=jurisdictions/230100\nand 12 more, in the records of this entry", ["划转：省公安厅；上级或范围：齐齐哈尔市；自2023年度起（原为哈尔滨市）", "另有12项，见本条所附记录"], ["moved: 省公安厅; parent: 齐齐哈尔市; from 2023 on (before 哈尔滨市)", "and 12 more, in the records of this entry"]],
    ["collection.update", "registry.collection year=2023\ndue.city=2024-01-31T16:00:00Z was=none\nreview=none", ["报送任务：2023年度", "市级报送截止时间：2024-02-01 00:00（原为无）", "审核方式：无"], ["collection: 2023", "city deadline: 2024-02-01 00:00 (before none)", "review: none"]],
    ["collection.grant", "exception granted: agency=agencies/GAT due=2024-02-29T16:00:00Z reason=系统故障", ["准予延期：单位：省公安厅；报送截止时间：2024-03-01 00:00；原因：系统故障"], ["extension granted: agency: 省公安厅; deadline: 2024-03-01 00:00; reason: 系统故障"]],
    ["access.grant", "reviewer jurisdictions/230100", ["审核员：哈尔滨市"], ["reviewer: 哈尔滨市"]],
    ["access.grant", "system-administrator", ["系统管理员"], ["system administrator"]],
    ["access.propose", "auditor, asked for by li-si; waits as proposals/0a1b", ["审计管理员，由li-si提出；待另一人确认"], ["auditor, asked for by li-si; waits for a second person"]],
    ["credential.enrol", "code ends 2024-02-01T00:00:00Z, credential expires 2025-02-01T00:00:00Z", ["登记码2024-02-01 08:00前有效，凭据有效至2025-02-01 08:00"], ["the code holds until 2024-02-01 08:00, the credential until 2025-02-01 08:00"]],
    ["credential.exchange", "enrolled by chief, confirmed by second", ["由chief签发登记码，second确认"], ["code made by chief, confirmed by second"]],
    ["journal.list", '{"newestFirst":true,"place":"jurisdictions/230100","outcome":"JOURNAL_OUTCOME_REFUSED"}', ["单位或地区：哈尔滨市；结果：已拒绝"], ["agency or place: 哈尔滨市; outcome: refused"]],
    ["journal.list", '{"newestFirst":true}', ["全部"], ["everything"]],
    ["entries.left_out", "report.get 412", ["查看报告：412次"], ["read a report: 412 times"]],
    ["service.start", `version 0.1.0\nsettings ${HASH}\nbefore ended without stopping`, ["程序版本0.1.0", "上次未正常停止（断电、被终止等）"], ["version 0.1.0", "the last run ended without a stop"]],
    ["settings.change", '"access.authentication" = true # was false\n"listen" = "127.0.0.1:7411"\n', ["设置access.authentication改为true（原为false）"], ["access.authentication is now true (before false)"]],
    ["settings.change", '"access.authentication" = true\n"listen" = "127.0.0.1:7411"\n', ["全部设置，共2项"], ["all 2 settings"]],
    ["store.verify", "sequence 812\nrecords 4000\nfaults 0", ["截至流水号812", "核验4000条数据", "发现问题0处"], ["as of entry 812", "4000 records", "0 faults"]],
  ];
  for (const [action, detail, zh, en] of cases) {
    language.value = "zh";
    expect(lines(action, detail), detail).toEqual(zh);
    language.value = "en";
    expect(lines(action, detail), detail).toEqual(en);
  }
});

test("a refusal says why, which rules were broken, and what was asked", () => {
  learn([{ name: "jurisdictions/230100", displayName: "哈尔滨市" }]);
  const refused = (action: string, detail: string) => lines(action, detail, JournalOutcome.REFUSED);
  expect(refused("report.submit", "REPORT_INVALID: T3-ROW-TOTAL, T4-BLOCK-TOTAL")).toEqual(["未通过系统审核，不予接收", "未通过的规则：T3-ROW-TOTAL、T4-BLOCK-TOTAL"]);
  expect(refused("access.grant", 'OWN_ROLES\n{"principal":"principals/li-si","role":{"kind":"ROLE_KIND_VIEWER","scope":"jurisdictions/230100"}}')).toEqual(["不得更改本人的角色", "账号li-si；角色：查看员；管辖范围：哈尔滨市"]);
  expect(refused("registry.apply", `FIELD_INVALID\n{"changes":[{"create${"x".repeat(900)}…`)).toEqual(["填写的内容有误", "请求内容较长，见本条原文"]);
});

test("people's own words stay as they were written, whatever they look like", () => {
  for (const words of ["year=2023 的数字有误", "from 档案\nnone", "REPORT_INVALID", "submitter"]) expect(lines("report.return", words).join("\n")).toBe(words);
});

test("every reason of a refusal and every kind of action has its words in both languages", () => {
  const source = (name: string) => readFileSync(new URL(`../../src/${name}`, import.meta.url), "utf8");
  const reasons = [...source("service/reason.rs").matchAll(/= "([A-Z_]+)",/g)].map(([, reason]) => reason!);
  expect(reasons.length).toBeGreaterThan(60);
  expect(Object.keys(told.REASONS).sort()).toEqual(reasons.sort());
  const kinds = new Set([...source("access/action.rs").matchAll(/"([a-z]+)\.[a-z_]+"/g)].map(([, kind]) => kind!));
  expect([...kinds].filter((kind) => !(kind in told.GROUPS))).toEqual([]);
  const tables = [told.REASONS, told.FIELDS, told.VALUES, told.CHANGES, told.SAID, told.GROUPS, Object.fromEntries(told.LINES.map(([line, pair]) => [String(line), pair]))];
  const values = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort().join();
  for (const [key, [zh, en]] of tables.flatMap((table) => Object.entries(table))) {
    expect(/\p{Script=Han}|^\{value\}$/u.test(zh), key).toBe(true);
    expect(/\p{Script=Han}/u.test(en), key).toBe(false);
    expect(values(zh), key).toBe(values(en));
  }
});
