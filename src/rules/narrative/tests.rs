//! What the rules about text find, and what they leave alone.

use jiff::civil::date;

use super::super::valid::valid_figures;
use super::super::{all_rules, judge, rule_set};
use super::*;
use crate::form::{CellId, catalogue, edition_for_year};
use crate::report::{Cell, Figures, Finding, ReportKey, ReportYear};

/// Requests: 12 received, 3 carried over; 10 disclosed, 2 partially, 1 refused, 2 carried forward; 4 reconsiderations.
fn figures() -> Figures {
    let mut figures = valid_figures(edition_for_year(2023).unwrap(), || 0);
    for (line, number) in [
        ("requests.received", 12),
        ("requests.carried_over", 3),
        ("requests.disclosed", 10),
        ("requests.partially_disclosed", 2),
        ("requests.refused.internal_affairs", 1),
        ("requests.outcomes_total", 13),
        ("requests.carried_forward", 2),
    ] {
        for column in ["natural_person", "total"] {
            set(&mut figures, &format!("{line}.{column}"), number);
        }
    }
    for column in ["upheld", "total"] {
        set(&mut figures, &format!("disputes.reconsideration.{column}"), 4);
    }
    for (cell, number) in [
        ("normative_documents.issued", 8),
        ("normative_documents.repealed", 26),
        ("normative_documents.in_force", 66),
        ("administrative_permits", 4_472),
        ("administrative_penalties", 39),
        ("administrative_compulsions", 5),
        ("administrative_fees", 18_871_000),
    ] {
        set(&mut figures, &format!("proactive_disclosure.{cell}"), number);
    }
    figures
}

fn set(figures: &mut Figures, path: &str, number: i64) {
    let cell: CellId = catalogue().cell_at(path).unwrap();
    assert!(figures.set(cell, Cell::Number(number)));
}

const PROBLEMS: &str = "主动公开的内容有待丰富，将继续改进。";

fn found(narrative: &Narrative, others: &[(&ReportKey, &Narrative)]) -> Vec<Finding> {
    let year = ReportYear::new(2023).unwrap();
    let figures = figures();
    let case = Case {
        year,
        figures: &figures,
        completed: &figures.complete(),
        previous: None,
        reporter: None,
        narrative: Some(narrative),
        others,
        others_figures: &[],
        document: None,
        today: date(2024, 1, 20),
    };
    judge(rule_set(year), &case)
}

fn with_overview(text: &str) -> Narrative {
    Narrative { overview: Some(text.to_owned()), problems: Some(PROBLEMS.to_owned()), other_matters: None }
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule.as_str()).collect()
}

#[test]
fn every_expression_of_the_rules_compiles() {
    let statements = all_rules().filter_map(|rule| match rule.check {
        super::super::Check::Text(TextCheck::Figures(statements)) => Some(statements),
        _ => None,
    });
    let mut count = 0;
    for statement in statements.flatten() {
        regex::Regex::new(statement.pattern).unwrap();
        for path in statement.meanings.iter().copied().flatten() {
            let is_of_the_form = catalogue().lines.iter().any(|line| line.path.starts_with(path));
            assert!(is_of_the_form || catalogue().cell_at(path).is_some(), "{path}");
        }
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn figures_that_contradict_the_tables_are_found() {
    for text in [
        "2023年，共收到政府信息公开申请13件。",
        "全年新收政府信息公开申请 １３ 件，均按时答复。",
        "2023年度，我局受理依申请公开1,200件。",
        "我局全年未收到政府信息公开申请。",
        "收到依申请公开政府信息申请11件，上年结转3件。",
        "收到政府信息公开申请12件，上年结转4件。",
        "收到政府信息公开申请12件，结转下年度继续办理3件。",
        "办理申请13件，予以公开9件，部分公开2件。",
        "办理申请13件，予以公开10件，部分公开3件。",
        "办理申请13件，不予公开2件。",
        "因政府信息公开被申请行政复议5件。",
        "全年共办理政府信息公开申请14件。",
        "答复申请13件，其他处理1件。",
        "2023年，制发行政规范性文件9件，均已公开。",
        "全年废止规范性文件25件。",
        "现行有效行政规范性文件65件。",
        "2023年，作出行政许可决定4,473件。",
        "全年办理行政许可447件。",
        "我局作出行政处罚决定40件。",
        "实施行政强制6件。",
        "全年行政事业性收费188.71万元。",
        "收取行政事业性收费18871元。",
    ] {
        let findings = found(&with_overview(text), &[]);
        assert_eq!(ids(&findings), ["TEXT-FIGURE"], "{text}");
        let quoted = text.trim_end_matches('。');
        assert!(findings[0].message.zh.contains(quoted), "{}", findings[0].message.zh);
        assert!(!findings[0].left.is_empty());
    }
}

#[test]
fn figures_that_agree_or_mean_something_else_are_left_alone() {
    for text in [
        "2023年，共收到政府信息公开申请12件，上年结转3件。",
        "2023年，受理政府信息公开申请15件。",
        "予以公开10件，部分公开2件，不予公开1件，结转下年度2件，均为申请公开的事项。",
        "办理申请13件，其中予以公开12件。",
        "全市共收到政府信息公开申请3607件。",
        "收到政府信息公开申请12件，较2022年增加5件。",
        "2022年收到政府信息公开申请7件。",
        "上半年收到政府信息公开申请6件。",
        "其中，通过网络收到政府信息公开申请8件，当面收到4件。",
        "自然人提出的申请中，收到政府信息公开申请9件。",
        "收到政府信息公开申请十二件。",
        "共收到政府信息公开申请20余件次的咨询。",
        "主动公开政府信息345条，予以公开345条。",
        "及时答复各类申请，予以公开率100%。",
        "收到人大代表建议30件，政协提案12件。",
        "未收到政府信息公开收费申请以外的意见。",
        "全年共办理政府信息公开申请13件，其他处理0件。",
        "办理政府信息公开申请15件。",
        "县公安局收到政府信息公开申请7件。",
        "县政府办公室收到政府信息公开申请5件，予以公开5件，均为申请人当面提出。",
        "2023年，制发行政规范性文件8件，废止26件，现行有效规范性文件66件。",
        "制发规范性文件2件并向社会公开。",
        "审查规范性文件30件，备案规范性文件12件。",
        "作出行政许可决定4472件，作出行政处罚决定39件，实施行政强制5件。",
        "受理行政许可申请500件，办理行政许可事项35个。",
        "政务服务中心办理行政许可4000件。",
        "交通运输执法大队作出行政处罚20件。",
        "适用简易程序作出行政处罚20件。",
        "公开行政许可100件、行政处罚20件。",
        "全年行政事业性收费18.871万元。",
        "收取行政事业性收费188710元。",
        "行政事业性收费18.87万元。",
        "全市作出行政处罚400件。",
    ] {
        assert_eq!(ids(&found(&with_overview(text), &[])), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn another_year_is_found_only_where_the_report_year_is_meant() {
    for (text, expected) in [
        ("现将2022年度政府信息公开工作情况报告如下。", 1),
        ("本报告所列数据的统计期限自2022年1月1日起，至2022年12月31日止。", 1),
        ("2022年，我局认真做好政府信息公开工作。全年无申请。", 1),
        ("现公布某局2024年政府信息公开工作年度报告。", 1),
        ("现将2023年度政府信息公开工作情况报告如下。", 0),
        ("2023年，我局认真做好政府信息公开工作。2022年，受理7件。", 0),
        ("与2022年相比，工作有所进步。", 0),
        ("2022年度报告中提出的问题已经整改，并于2023年1月公布了2022年政府信息公开工作年度报告。", 0),
        ("本报告所列数据的统计期限自2023年1月1日起，至2023年12月31日止。", 0),
        ("根据2019年修订的《中华人民共和国政府信息公开条例》编制本报告。", 0),
        ("全年工作平稳。2024年，我局将继续努力。", 0),
    ] {
        let findings = found(&with_overview(text), &[]);
        let years: Vec<_> = findings.iter().filter(|finding| finding.rule == "TEXT-YEAR").collect();
        assert_eq!(years.len(), expected, "{text}");
    }
}

#[test]
fn chapter_five_has_to_say_something_where_text_was_handed_in() {
    let thin = |problems: Option<&str>| {
        let narrative = Narrative { problems: problems.map(str::to_owned), ..with_overview("工作平稳。") };
        ids(&found(&narrative, &[])).contains(&"TEXT-THIN")
    };
    assert!(thin(None) && thin(Some("")) && thin(Some("无。")));
    assert!(thin(Some("，。，。，。，。，。，。，。")));
    assert!(!thin(Some(PROBLEMS)));
}

const COMMON: &str = "本机关认真贯彻落实条例，坚持以公开为常态、不公开为例外，围绕群众关心的重点领域主动公开政策文件和办事指南，\
    规范办理依申请公开，健全保密审查和发布审核制度，加强门户网站和政务新媒体建设，自觉接受社会监督，不断提高工作水平。";
const OWN: &str = "这一年里新建了三个乡镇的查阅点，请村民代表试用了办事指南，按他们的意见改写了十二份，并把低保评定的结果逐村张贴，\
    又在集市日设点答疑，收集的意见逐条回复，年底还请三位退休教师逐页读过全部公开的文件，指出错字九处。";

#[test]
fn a_text_that_is_more_than_half_another_ones_is_found_with_its_sentence() {
    let last: ReportKey = "agencies/example/reports/2022".parse().unwrap();
    let other: ReportKey = "agencies/neighbour/reports/2023".parse().unwrap();
    let original = with_overview(&format!("{COMMON}{COMMON}这里另有一些话。"));
    // Spaces and line ends do not make it another text.
    let copied = with_overview(&format!("{}\n{}", COMMON.replace('，', " ， "), "新的一年里多说一句话。"));
    let findings = found(&copied, &[(&last, &original), (&other, &original)]);
    assert_eq!(ids(&findings), ["TEXT-REUSED", "TEXT-REUSED"]);
    assert!(findings[0].message.zh.contains("agencies/example/reports/2022"), "{:?}", findings[0].message);
    assert!(findings[1].message.zh.contains("agencies/neighbour/reports/2023"), "{:?}", findings[1].message);
    assert!(findings[0].message.zh.contains("本机关认真贯彻落实条例"), "{:?}", findings[0].message);

    let own_words = with_overview(&format!("{COMMON}{OWN}{OWN}"));
    assert_eq!(ids(&found(&own_words, &[(&last, &original)])), Vec::<&str>::new());
    let short = Narrative { overview: Some("工作平稳。".to_owned()), ..Narrative::default() };
    let short = Narrative { problems: Some(PROBLEMS.to_owned()), ..short };
    assert_eq!(ids(&found(&short, &[(&last, &short)])), Vec::<&str>::new());
}

proptest::proptest! {
    #[test]
    fn any_text_is_judged_without_failing(texts in proptest::collection::vec(".{0,200}", 3), digits in "[0-9０-９,，年件收到政府信息公开申请。]{0,120}") {
        let [overview, problems, other] = &texts[..] else { unreachable!() };
        let narrative = Narrative {
            overview: Some(format!("{overview}{digits}")),
            problems: Some(problems.clone()),
            other_matters: Some(other.clone()),
        };
        let key: ReportKey = "agencies/example/reports/2022".parse().unwrap();
        let _ = found(&narrative, &[(&key, &narrative)]);
    }
}
