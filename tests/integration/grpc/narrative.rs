//! The chapters of text of a report, over the network: kept, hashed, limited, and compared with others.

use std::sync::Arc;

use huizong::live::Live;
use huizong::pb;
use huizong::report::{NARRATIVE_BYTES_MAX, Narrative, ReportKey, ReportYear};
use huizong::service::{Caller, Service, Settings, Submission};
use huizong::simulation::{DEFAULT_PROVINCE, Parameters, Province};
use huizong::store::{SledOptions, SledStore};
use tempfile::TempDir;
use tonic::Code;

use crate::support::{AGENCIES, Server, problem, report, set, submission};

const OVERVIEW: &str = "2022年，本机关认真贯彻落实《中华人民共和国政府信息公开条例》，坚持以公开为常态、不公开为例外，围绕群众关心的\
    重点领域主动公开政策文件和办事指南，规范办理依申请公开，健全保密审查和发布审核制度，自觉接受社会监督。全年收到政府信息公开申请10件。";

fn narrative(overview: &str) -> pb::Narrative {
    pb::Narrative {
        overview: Some(overview.to_owned()),
        problems: Some("主动公开的内容有待丰富，将继续改进。".to_owned()),
        other_matters: None,
    }
}

fn with_text(agency: &str, requests: i64, overview: &str) -> pb::Report {
    pb::Report { narrative: Some(narrative(overview)), ..report(agency, requests) }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_reads_back_as_it_was_handed_in_and_is_part_of_the_hash() {
    let server = Server::with_registry().await;
    let plain = server.store(report(AGENCIES[0], 10)).await;
    let sent = with_text(AGENCIES[1], 10, OVERVIEW);
    let receipt = server.store(sent.clone()).await;
    let read = server.get(&sent.name).await.unwrap();
    assert_eq!(read.narrative, sent.narrative);
    assert_eq!(server.get(&receipt.revision).await.unwrap().narrative, sent.narrative);

    let list = pb::ListReportsRequest { parent: AGENCIES[1].to_owned(), ..Default::default() };
    let listed = server.reports().list_reports(list).await.unwrap().into_inner().reports;
    assert_eq!((listed.len(), listed[0].narrative.clone()), (1, None), "lists come without text");

    // The same figures with other text are another content; an empty message is no text.
    let mut correction = with_text(AGENCIES[1], 10, &OVERVIEW.replace("自觉", "主动"));
    correction.etag = receipt.etag;
    correction.correction_reason = "修改文字".to_owned();
    assert_ne!(server.store(correction).await.content_sha256, receipt.content_sha256);
    let mut empty = report(AGENCIES[0], 10);
    empty.narrative = Some(pb::Narrative::default());
    empty.etag = plain.etag;
    empty.correction_reason = "再次提交".to_owned();
    let unchanged = server.submit(submission(empty.clone())).await.unwrap_err();
    assert_eq!(problem(&unchanged).reason(), pb::ErrorReason::ContentUnchanged, "an empty message is no text");
    let again = pb::SubmitReportRequest { allow_unchanged: true, ..submission(empty) };
    let stored = server.submit(again).await.unwrap().receipt.unwrap();
    assert_eq!(stored.content_sha256, plain.content_sha256);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_the_longest_length_is_stored_and_longer_text_is_refused_by_field() {
    let server = Server::with_registry().await;
    let mut sent = report(AGENCIES[0], 10);
    let problems = "主动公开的内容有待丰富，将继续改进。".repeat(NARRATIVE_BYTES_MAX / 54);
    sent.narrative = Some(pb::Narrative { problems: Some(problems.clone()), ..Default::default() });
    server.store(sent.clone()).await;
    assert_eq!(server.get(&sent.name).await.unwrap().narrative, sent.narrative);

    let mut long = report(AGENCIES[1], 10);
    long.narrative = Some(pb::Narrative { problems: Some(problems + &"长".repeat(20)), ..Default::default() });
    let mut odd = report(AGENCIES[1], 10);
    odd.narrative = Some(narrative("一\u{7}二"));
    for (report, field) in [(long, "narrative"), (odd, "narrative.overview")] {
        let status = server.submit(submission(report)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(problem(&status).field_violations[0].field, field);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_contradicts_the_tables_or_copies_a_neighbour_needs_a_reason() {
    let server = Server::with_registry().await;
    server.store(with_text(AGENCIES[0], 10, OVERVIEW)).await;
    let mut copied = with_text(AGENCIES[2], 11, OVERVIEW);
    // In whole, for there are passages in the words.
    let mut request = tonic::Request::new(submission(copied.clone()));
    request.metadata_mut().insert("huizong-details", "whole".parse().unwrap());
    let status = server.reports().submit_report(request).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    let findings = problem(&status).findings;
    let rules: Vec<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["TEXT-FIGURE", "TEXT-REUSED"]);
    let [figure, reused] = [0, 1].map(|at: usize| findings[at].message.as_ref().unwrap().zh.clone());
    assert!(figure.contains("全年收到政府信息公开申请10件") && figure.contains("11"), "{figure}");
    assert!(reused.contains(&format!("{}/reports/2022", AGENCIES[0])) && reused.contains("本机关认真贯彻"), "{reused}");

    let answer =
        |rule: &str| pb::Answer { rule: rule.to_owned(), cell: String::new(), reason: "核对无误".to_owned() };
    copied.answers = vec![answer("TEXT-FIGURE"), answer("TEXT-REUSED")];
    server.store(copied.clone()).await;
    assert_eq!(server.get(&copied.name).await.unwrap().findings.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_with_mistakes_in_every_table_fits_its_header_and_keeps_the_likeliest_suggestion() {
    let server = Server::with_registry().await;
    let mut wrong = report(AGENCIES[0], 10);
    let form = wrong.form.as_mut().unwrap();
    set(form, "requests.disclosed.natural_person", 11);
    for block in ["reconsideration", "litigation_direct", "litigation_after_reconsideration"] {
        for (field, number) in [("upheld", 54), ("corrected", 14), ("other_result", 13), ("pending", 11), ("total", 83)]
        {
            set(form, &format!("disputes.{block}.{field}"), number);
        }
    }
    let status = server.submit(submission(wrong)).await.unwrap_err();
    assert!(status.details().len() <= 2560, "{} bytes", status.details().len());
    let problem = problem(&status);
    assert!(problem.diagnoses.iter().all(|diagnosis| !diagnosis.suggestions.is_empty()));
    assert_eq!(problem.diagnoses[0].suggestions[0].suspects[0].cell, "requests.disclosed.natural_person");
    assert!(problem.message.unwrap().zh.contains("疑似填错：自然人·予以公开 很可能是10，不是11"));
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_alike_are_found_after_a_restart() {
    let year = ReportYear::new(2023).unwrap();
    let parameters =
        Parameters { seed: 5, province: DEFAULT_PROVINCE.to_owned(), agencies: 400, first_year: year, last_year: year };
    let province = Province::simulate(&parameters).unwrap();
    let mut reports = province.reports(year);
    let mut next = || {
        let report = reports.next().unwrap();
        let narrative = Narrative {
            overview: Some(OVERVIEW.replace("2022", "2023").replace("全年收到政府信息公开申请10件。", "")),
            problems: Some("主动公开的内容有待丰富，将继续改进。".to_owned()),
            other_matters: None,
        };
        let key = ReportKey::of_agency(report.agency, year);
        Submission { narrative: Some(narrative), ..Submission::first(key, report.figures) }
    };
    let directory = TempDir::new().unwrap();
    let caller = Caller::internal("test");
    let open = || {
        let live = Arc::<Live>::default();
        let store = SledStore::open(&SledOptions::new(directory.path()), live.clone()).unwrap();
        Service::start(Arc::new(store), live, Settings::default()).unwrap()
    };
    let first = next();
    {
        let service = open();
        service.change_registry(province.changes.clone(), false, &caller).await.unwrap();
        service.submit(&first, &caller).await.unwrap();
    }
    let problem = open().submit(&next(), &caller).await.unwrap_err();
    let [finding] = &problem.findings[..] else { panic!("{problem:?}") };
    assert_eq!(finding.rule, "TEXT-REUSED");
    assert!(finding.message.zh.contains(&first.report.to_string()), "{:?}", finding.message);
}
