//! What registry files promise: nothing lost, nothing guessed, every faulty line named.

use proptest::prelude::*;

use super::*;
use crate::registry::{Agency, Jurisdiction, Registry};
use crate::report::{AgencyId, AgencyKind, Level, ReportYear};

const CSV: &str = "\
type,code,parent,name,level,kind,large,first_year,vertical,into,years,reason
jurisdiction,230000,,黑龙江省,province,,,2019,,,,
jurisdiction,231000,230000,牡丹江市,city,,,2019,,,,
jurisdiction,231071,231000,\"经济技术开发区, 一区\",functional_zone,,,2020,,,,
agency,mudanjiang-industry,231000,牡丹江市工业和信息化局,,department,false,2022,false,,,
agency,11341702486344515H,230000,\"\"\"公安\"\"厅\",,department,true,2019,true,,,
agency,mudanjiang-tax,231000,牡丹江市税务局,,department,false,2019,true,,,
rename,agencies/mudanjiang-industry,,牡丹江市工业局,,,,2023,,,,
move,agencies/mudanjiang-tax,230000,,,,,2023,,,,
merge,agencies/mudanjiang-industry agencies/mudanjiang-tax,,,,,,2024,,agencies/11341702486344515H,,
abolish,jurisdictions/231071,,,,,,2024,,,,
reclassify,agencies/11341702486344515H,,,,dispatched_office,,2024,false,,,
correct,agencies/mudanjiang-industry,230000,,,,,2022,,,,登记有误
";

const JSON: &str = r#"{
"jurisdictions": [
{"code": "230000", "parent": null, "name": "黑龙江省", "level": "province", "first_year": 2019},
{"code": "231000", "parent": "230000", "name": "牡丹江市", "level": "city", "first_year": 2019}
],
"agencies": [
{"id": "mudanjiang-industry", "jurisdiction": "231000", "name": "“工信”\"局\"", "kind": "department", "large": false, "vertical": true, "first_year": 2022}
],
"changes": [
{"type": "rename", "entry": "jurisdictions/231000", "name": "牡丹江", "first_year": 2023},
{"type": "move", "entry": "agencies/mudanjiang-industry", "parent": "230000", "first_year": 2024},
{"type": "merge", "entry": ["agencies/one"], "into": "agencies/two", "first_year": 2024},
{"type": "split", "entry": "agencies/three", "into": ["agencies/two","agencies/four"], "first_year": 2025},
{"type": "abolish", "entry": "jurisdictions/231000", "first_year": 2025},
{"type": "void", "entry": "agencies/five", "reason": "误登"},
{"type": "join", "entry": "agencies/six", "into": "agencies/two", "years": [2023,2024], "reason": "重复登记"}
]
}
"#;

fn faults(result: Result<RegistryFile, ExchangeError>) -> Vec<String> {
    result.unwrap_err().faults.iter().map(|fault| fault.message().en).collect()
}

#[test]
fn canonical_files_are_written_as_they_were_read() {
    assert_eq!(write_csv(&read_csv(CSV).unwrap().changes), CSV);
    assert_eq!(write_json(&read_json(JSON).unwrap().changes), JSON);
    for empty in [write_csv(&[]), write_json(&[])] {
        assert!(read_csv(&empty).or_else(|_| read_json(&empty)).unwrap().changes.is_empty(), "{empty}");
    }
}

#[test]
fn lines_are_counted_however_they_end_and_long_cells_are_quoted_by_their_beginning() {
    let text = "type,code,parent,name,first_year\n\nward,1,,甲,2019\n";
    for end in ["\n", "\r\n", "\r"] {
        let error = read_csv(&text.replace('\n', end)).unwrap_err();
        assert_eq!(error.faults[0].place, Place::Line(3), "{end:?}");
    }
    let error = read_csv(&text.replace("ward", &"市".repeat(1_000_000))).unwrap_err();
    assert!(error.message().zh.chars().count() < 500, "{}", error.message().zh.len());
}

#[test]
fn a_cell_far_to_the_right_makes_no_other_row_wider() {
    let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    let mut far = vec![String::new(); 16_383];
    far.push("x".to_owned());
    let titles = row(&["type", "code", "parent", "name", "level", "first_year"]);
    let place = row(&["jurisdiction", "230000", "", "黑龙江省", "province", "2019"]);
    let error = read_rows(&[titles, far, place]).unwrap_err();
    let problems: Vec<_> = error.faults.into_iter().map(|fault| (fault.place, fault.problem)).collect();
    assert_eq!(problems, [(Place::Line(2), Problem::Width { expected: 6, found: 16_384 })]);
}

#[test]
fn both_formats_hold_the_same_and_make_a_registry() {
    let changes = read_csv(CSV).unwrap().changes;
    assert_eq!(read_json(&write_json(&changes)).unwrap().changes, changes);
    let mut registry = Registry::default();
    for change in &changes {
        registry.apply(change).unwrap();
    }
    assert_eq!(registry.changes(), changes);
}

#[test]
fn chinese_headers_words_and_a_byte_order_mark_are_understood() {
    let chinese = "\u{feff}\
类型,代码,上级,名称,级别,类别,大型,起始年度,垂直管理,承继者,报告年度,原因\r
地区,230000,,黑龙江省,省,,,2019,,,,\r
地区,231000,230000,牡丹江市,市,,,2019,,,,\r
地区,231071,231000,\"经济技术开发区, 一区\",功能区,,,2020,,,,\r
,,,,,,,,,,,\r
机构,mudanjiang-industry,231000,牡丹江市工业和信息化局,,部门,否,2022,,,,\r
机构,11341702486344515H,230000,\"\"\"公安\"\"厅\",,部门,是,2019,是,,,\r
机构,mudanjiang-tax,231000,牡丹江市税务局,,部门,否,2019,是,,,\r
更名,agencies/mudanjiang-industry,,牡丹江市工业局,,,,2023,,,,\r
划转,agencies/mudanjiang-tax,230000,,,,,2023,,,,\r
合并,agencies/mudanjiang-industry  agencies/mudanjiang-tax,,,,,,2024,,agencies/11341702486344515H,,\r
撤销,jurisdictions/231071,,,,,,2024,,,,\r
调整类别,agencies/11341702486344515H,,,,派出机构,,2024,否,,,\r
更正,agencies/mudanjiang-industry,230000,,,,,2022,,,,登记有误\r
";
    assert_eq!(read_csv(chinese).unwrap().changes, read_csv(CSV).unwrap().changes);
}

#[test]
fn what_is_no_table_as_a_whole_is_told_by_the_line_where_it_begins() {
    let header = "type,code,parent,name,level,kind,first_year\n";
    let told = |text: &str| -> Vec<_> {
        read_csv(text).unwrap_err().faults.into_iter().map(|fault| (fault.place, fault.problem)).collect()
    };
    for separator in [(";", Separator::Semicolon), ("\t", Separator::Tab), ("，", Separator::WideComma)] {
        let text = header.replace(',', separator.0);
        assert_eq!(told(&text), [(Place::Line(1), Problem::Separator(separator.1))], "{text}");
    }
    for (rows, line, problem) in [
        ("agency,a-b,230100,\"A,,department,2019\n", 2, Problem::Unclosed),
        (
            "agency,a-b,230100,A,,department,2019\nagency,b-c,230100,\"B\n,\"C\",,department,2019\n",
            3,
            Problem::Unclosed,
        ),
        ("\nagency,a-b,230100,A\0,,department,2019\n", 3, Problem::Zero),
    ] {
        assert_eq!(told(&format!("{header}{rows}")), [(Place::Line(line), problem)], "{rows}");
    }
    let quoted = format!("{header}agency,a-b,230100,\"A, \"\"B\"\"\",,department,2019\n");
    assert_eq!(read_csv(&quoted).unwrap().changes.len(), 1, "a quote within a value is written twice");
    for text in ["[]", "3", "\"agencies\""] {
        assert_eq!(read_json(text).unwrap_err().faults[0].problem, Problem::NoLists, "{text}");
    }
}

#[test]
fn columns_and_lines_stand_in_any_order_and_parents_come_first() {
    let text = "\
name,kind,first_year,type,level,parent,code
牡丹江市财政局,department,2019,agency,,231000,finance
东安区,,2019,jurisdiction,county,231000,231002
牡丹江市,,2019,jurisdiction,city,230000,231000
黑龙江省,,2019,jurisdiction,province,,230000
";
    let subjects: Vec<_> = read_csv(text).unwrap().changes.iter().map(RegistryChange::subject).collect();
    let order = ["jurisdictions/230000", "jurisdictions/231000", "jurisdictions/231002", "agencies/finance"];
    assert_eq!(subjects, order);
}

#[test]
fn a_circle_of_parents_is_left_to_the_registry_to_refuse() {
    let text = "\
type,code,parent,name,level,kind,first_year
jurisdiction,230100,230200,甲,city,,2019
jurisdiction,230200,230100,乙,city,,2019
";
    let changes = read_csv(text).unwrap().changes;
    assert_eq!(changes.len(), 2);
    assert!(Registry::default().plan(&changes).is_err());
}

#[test]
fn every_faulty_line_is_named_with_its_column_and_remedy() {
    let text = "\
type,code,parent,name,level,kind,large,first_year
地方,230000,,黑龙江省,province,,,2019

jurisdiction,23,2x,,county level,department,,19
agency,11341702486344515J,,=SUM(A1),city,office,maybe,
agency,finance,231000,财政局,,department,false,2019,extra
agency,audit,231000, 审计局,,department,,2019
agency,audit,231000,审计局,,department,,2019
agency,audit,231000,审计局,,department,,2019
";
    insta::assert_snapshot!(faults(read_csv(text)).join("\n"));
    insta::assert_snapshot!(read_csv(text).unwrap_err().message().zh);
}

#[test]
fn faulty_headers_and_empty_files_are_refused() {
    insta::assert_snapshot!(faults(read_csv("type,code,代码,上级,name,color,level,first_year\n")).join("\n"));
    insta::assert_snapshot!(faults(read_csv("")).join("\n"));
}

#[test]
fn faulty_entries_of_json_files_are_named() {
    let text = r#"{"jurisdictions": [{"code": 230000, "name": "省", "name": "黑龙江省", "level": "province", "first_year": 2019},
        {"code": "231000", "kind": "department", "name": [], "level": "city", "first_year": 2019}],
        "agencies": [{"id": "audit", "large": 3, "name": "审\n计", "kind": "department", "first_year": "2019"}]}"#;
    insta::assert_snapshot!(faults(read_json(text)).join("\n"));
    insta::assert_snapshot!(faults(read_json("{\"jurisdictions\": [],\n\"cities\": []}")).join("\n"));
    insta::assert_snapshot!(faults(read_json("[]")).join("\n"));
}

#[test]
fn faults_beyond_a_hundred_are_counted() {
    let text = format!("type,code,parent,name,level,kind,first_year\n{}", "x,,,,,,\n".repeat(130));
    let error = read_csv(&text).unwrap_err();
    assert_eq!((error.faults.len(), error.more), (FAULTS_SHOWN, 30));
    assert!(error.to_string().ends_with("and 30 more"));
}

#[test]
fn names_that_spreadsheets_would_run_are_refused() {
    for first in ["=", "+", "-", "@", "＝"] {
        let text =
            format!("type,code,parent,name,level,kind,first_year\njurisdiction,230000,,{first}1,province,,2019\n");
        assert!(matches!(read_csv(&text).unwrap_err().faults[0].problem, Problem::Formula(_)), "{first}");
    }
}

fn name() -> impl Strategy<Value = String> {
    "[^\\p{Cc}=+@＝＋－＠-][^\\p{Cc}]{0,20}".prop_map(|name| name.trim().to_owned()).prop_filter("a name", |name| {
        !name.is_empty() && !name.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
    })
}

fn first_year() -> impl Strategy<Value = ReportYear> {
    (2019..2030_u16).prop_map(|year| ReportYear::new(year).unwrap())
}

/// A chain of jurisdictions with agencies in them, in file order.
fn changes() -> impl Strategy<Value = Vec<RegistryChange>> {
    let levels = [Level::Province, Level::City, Level::County, Level::FunctionalZone, Level::Township];
    let jurisdictions = prop::collection::vec((name(), prop::sample::select(levels.to_vec()), first_year()), 1..8);
    let kinds =
        [AgencyKind::GovernmentOffice, AgencyKind::Department, AgencyKind::Township, AgencyKind::DispatchedOffice];
    let agencies =
        prop::collection::vec((name(), prop::sample::select(kinds.to_vec()), any::<[bool; 2]>(), first_year()), 0..8);
    (jurisdictions, agencies).prop_map(|(jurisdictions, agencies)| {
        let code = |number: usize| format!("23{number:04}").parse::<JurisdictionCode>().unwrap();
        let jurisdictions = jurisdictions.into_iter().enumerate().map(move |(number, (name, level, first_year))| {
            RegistryChange::CreateJurisdiction(Jurisdiction {
                code: code(number),
                parent: number.checked_sub(1).map(code),
                display_name: name,
                level,
                first_year,
            })
        });
        let agencies =
            agencies.into_iter().enumerate().map(move |(number, (name, kind, [large, vertical], first_year))| {
                RegistryChange::CreateAgency(Agency {
                    id: format!("agency-{number}").parse::<AgencyId>().unwrap(),
                    jurisdiction: code(0),
                    display_name: name,
                    kind,
                    large,
                    vertical,
                    first_year,
                })
            });
        jurisdictions.chain(agencies).collect()
    })
}

proptest! {
    #[test]
    fn export_then_import_is_identity(changes in changes()) {
        let (csv, json) = (write_csv(&changes), write_json(&changes));
        prop_assert_eq!(&read_csv(&csv).unwrap().changes, &changes);
        prop_assert_eq!(&read_json(&json).unwrap().changes, &changes);
        prop_assert_eq!(write_csv(&read_csv(&csv).unwrap().changes), csv);
        prop_assert_eq!(write_json(&read_json(&json).unwrap().changes), json);
    }

    #[test]
    fn the_order_of_a_file_does_not_matter(changes in changes(), turn in 0..16_usize) {
        let mut turned = changes.clone();
        turned.reverse();
        let turn = turn % turned.len();
        turned.rotate_left(turn);
        let order = read_csv(&write_csv(&turned)).unwrap().changes;
        let count = |changes: &[RegistryChange]| changes.iter().map(RegistryChange::subject).collect::<HashSet<_>>();
        prop_assert_eq!(count(&order), count(&changes));
        let mut known = HashSet::new();
        for change in &order {
            if let RegistryChange::CreateJurisdiction(new) = change {
                prop_assert!(new.parent.as_ref().is_none_or(|parent| known.contains(parent)));
                known.insert(new.code.clone());
            }
        }
    }
}
