//! What hides, strikes out or covers a figure by way of a style, a property that is set elsewhere, a condition or a shape,
//! and pictures in the place of figures: never another figure, and never a blank cell.

use super::super::{Certainty, NoteCode, Reading};
use super::kinds::{PERMITS, certainty, codes, docx, docx_table, html, xlsx, xlsx_sheet};
use super::{cell, notes};

#[track_caller]
fn is_unread(reading: &Reading, name: &str) {
    assert_eq!(cell(reading, PERMITS), "", "{name}");
    assert_eq!(certainty(reading, PERMITS), Some(Certainty::Unread), "{name} {:?}", notes(reading));
    assert_eq!(codes(reading), [NoteCode::CellUnreadable], "{name} {:?}", notes(reading));
}

#[track_caller]
fn is_plain(reading: &Reading, name: &str) {
    assert_eq!((cell(reading, PERMITS).as_str(), codes(reading)), ("169", vec![]), "{name} {:?}", notes(reading));
}

#[track_caller]
fn is_beside_a_remark(reading: &Reading, name: &str) {
    assert_eq!(cell(reading, PERMITS), "169", "{name} {:?}", notes(reading));
    assert_eq!(codes(reading), [NoteCode::CellRemark], "{name} {:?}", notes(reading));
}

#[test]
fn custom_properties_of_a_page_count_where_they_have_one_value() {
    let style = ":root{--paper:#fff;--ink:var(--paper);--line:line-through} .a{color:var(--ink)} \
        .b{text-decoration:var(--line)} .c{color:var(--none,#fff)} .d{color:var(--none)} .e{color:var(--two)} \
        .f{--two:#000} .g{--two:#fff}";
    for class in ["a", "b", "c"] {
        is_beside_a_remark(&html(style, &format!("169<i class={class}>5</i>")), class);
    }
    is_beside_a_remark(&html(style, "169<i style='color:var(--paper)'>5</i>"), "attribute");
    is_plain(&html(style, "<i class=d>169</i>"), "set nowhere");
    is_unread(&html(style, "169<i class=e>5</i>"), "of several values");
    is_plain(&html("@media (prefers-color-scheme: dark){td{color:#fff}}", "169"), "on a dark screen");
}

#[test]
fn what_a_sheet_or_a_program_writes_or_sets_apart_in_a_cell_leaves_it_open() {
    for (style, content) in [
        ("i::before{content:'169'}", "<i></i>"),
        ("b:empty::after{content:'169'}", "<b></b>"),
        ("i::before{content:attr(title)}", "<i title=169></i>"),
        ("i::after{content:'7'}", "169<i></i>"),
        ("i{background:url(1.png)}", "<i></i>"),
        ("", "<input type=image src=169.png>"),
        ("", "<script>document.write(169)</script>"),
        ("", "16<hr>9"),
        ("", "<div style='display:flex;flex-direction:column'><span>16</span><span>9</span></div>"),
        (".g{display:grid}", "<div class=g><b>16</b><b>9</b></div>"),
        ("", "<b style='display:inline-block;width:3em'>16</b><b style='display:inline-block'>9</b>"),
        ("", "<div style='display:flex;flex-flow:row-reverse'><span>9</span><span>16</span></div>"),
        ("", "<address>16</address>9"),
        ("i:lang(zh){display:none}", "169<i lang=zh>5</i>"),
        ("b:not(:hover){display:none}", "169<b>5</b>"),
        ("", "<select multiple><option>16<option>9</select>"),
        (":lang(zh){display:none}", "169<i lang=zh>5</i>"),
        ("i:lang(zh){text-decoration:line-through}", "169<i lang=zh>5</i>"),
        ("@media (min-resolution:2dppx){i{display:none}}", "169<i>5</i>"),
        ("i, b:no-such{display:none}", "169<i>5</i>"),
        ("ul{list-style:'1'}", "<ul><li>69</ul>"),
        ("i{text-emphasis:'1'}", "<i>69</i>"),
        ("", "169<iframe srcdoc=5></iframe>"),
        ("", "169<svg><text>5</text></svg>"),
        ("", "<b><template shadowrootmode=open>5</template>169</b>"),
        ("", "<s style='text-decoration:revert'>169</s>"),
        ("", "<s style='all:unset'>169</s>"),
        ("", "<b style='background:currentColor'>169</b>"),
        ("", "<div dir=rtl><b style='display:inline-block'>1</b><b style='display:inline-block'>69</b></div>"),
        ("", "<b style='mask-border:url(a)'>169</b>"),
        ("", "<i style='-webkit-mask:url(n.png);background:#000'></i>"),
        ("", "<i style='border-image:url(n.png)'></i>"),
        ("", "<i style='display:list-item;list-style:url(n.png) inside'></i>"),
        ("", "<num-x value=169></num-x>"),
        ("", "<b ng-bind=permits></b>"),
        ("", "<input placeholder=169>"),
    ] {
        is_unread(&html(style, content), &format!("{style} {content}"));
    }
    is_plain(&html("", "<select><option disabled>0<option>169</select>"), "the first that can be chosen");
    is_plain(&html("a:hover{display:none} tr:hover td{color:#fff}", "<a>169</a>"), "under a pointer");
    is_plain(&html("i::before{content:''}", "169<i></i>"), "nothing written");
    for style in [
        "@media not all{i{display:none}}",
        "@media not screen{i{display:none}}",
        "@media (max-width:600px){i{display:none}}",
        ":not(:defined){display:none}",
        "i:hover, i::-webkit-scrollbar{display:none}",
        "i{{display:none}}",
    ] {
        is_plain(&html(style, "16<i>9</i>"), style);
    }
    for style in [
        "@media not print{i{display:none}}",
        "i{displ\\61y:none}",
        "i{visibility:hi\\64 den}",
        "b::before{content:'}'} i{display:none}",
        "i, a:hover, a:visited{display:none}",
    ] {
        is_beside_a_remark(&html(style, "169<i>5</i>"), style);
    }
}

#[test]
fn boxes_and_pictures_over_the_digits_of_a_page_leave_them_open() {
    for content in [
        "447228<div style='position:absolute;left:0;background:#fff;width:2em'>&nbsp;</div>",
        "39<b style='position:absolute;left:0;background:white'>169</b>",
        "169<img style='position:absolute;left:0' src=a.png>",
        "<span style='position:relative;left:-20px'>1</span>69",
        "169<div style='margin-top:-16px;background:#fff'>5</div>",
        "<span class=k>169</span>",
        "<div style='display:flex'><span style='order:2'>1</span><span>69</span></div>",
        "<img src=169.png>",
        "<svg><text>169</text></svg>",
        "<input type=button value=169>",
        "<details>169</details>",
        "<meter value=169></meter>",
        "<div style='width:2em;overflow:hidden'>1694</div>",
        "169<b style='color:color-mix(in srgb,white 100%,black)'>5</b>",
        "169<b style='color:light-dark(white,black)'>5</b>",
        "169<b style='font-size:calc(0px)'>5</b>",
        "169<b style='animation:k 1s forwards'>5</b>",
        "169<b style='all:unset' hidden>5</b>",
        "169<b class=l>5</b>",
        "169<b class=m>5</b>",
        "<q>169</q>",
        "<b style='font-family:Wingdings'>169</b>",
        "169<font face='Webdings'>5</font>",
        "<ol><li>169</li></ol>",
    ] {
        let style = ".k::after{content:'';position:absolute;inset:0;background:#fff}\
            q{quotes:'1' '2'}@layer a{.l{display:inline}}@supports not (display:grid){.m{display:none}}";
        is_unread(&html(style, content), content);
    }
    for content in [
        "169<img src=blank.gif>",
        "<div style='position:relative;left:1px'>169</div>",
        "<div style='margin-top:-2px'>169</div>",
        "<details open>169</details>",
        "<input type=checkbox value=1>169",
        "<ul><li>169</li></ul>",
        "<b hidden style='display:inline'>169</b>",
        "<b style='display:none of these'>169</b>",
        "<select><option label=169>5</option></select>",
        "<div style='width:100%;overflow:hidden'>169</div>",
    ] {
        is_plain(&html("td::after{content:''}", content), content);
    }
}

fn run(properties: &str, text: &str) -> String {
    format!("<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>")
}

#[test]
fn the_fill_of_characters_hides_them() {
    let fill = |inside: &str| format!("<w:color w:val=\"000000\"/><w14:textFill>{inside}</w14:textFill>");
    let solid = |colour: &str| fill(&format!("<w14:solidFill>{colour}</w14:solidFill>"));
    for hidden in [
        fill("<w14:noFill/>"),
        solid("<w14:srgbClr w14:val=\"FFFFFF\"/>"),
        solid("<w14:schemeClr w14:val=\"bg1\"/>"),
        solid("<w14:srgbClr w14:val=\"000000\"><w14:alpha w14:val=\"100000\"/></w14:srgbClr>"),
    ] {
        is_beside_a_remark(&docx("", &(run("", "169") + &run(&hidden, "5"))), &hidden);
    }
    for seen in [
        "<w14:textOutline><w14:noFill/></w14:textOutline>".to_owned(),
        solid("<w14:schemeClr w14:val=\"tx1\"/>"),
        solid("<w14:schemeClr w14:val=\"bg1\"><w14:lumMod w14:val=\"50000\"/></w14:schemeClr>"),
        fill("<w14:gradFill><w14:gsLst><w14:gs><w14:srgbClr w14:val=\"FFFFFF\"/></w14:gs></w14:gsLst></w14:gradFill>"),
        format!(
            "<w:color w:val=\"FFFFFF\"/>{}",
            "<w14:textFill><w14:solidFill><w14:srgbClr w14:val=\"000000\"/></w14:solidFill></w14:textFill>"
        ),
    ] {
        is_plain(&docx("", &run(&seen, "169")), &seen);
    }
}

#[test]
fn styles_of_paragraphs_runs_and_tables_strike_out() {
    let style = |kind: &str, id: &str, inside: &str| {
        format!("<w:style w:type=\"{kind}\" w:styleId=\"{id}\">{inside}</w:style>")
    };
    let strike = "<w:rPr><w:strike/></w:rPr>";
    let part = format!("<w:tblStylePr w:type=\"firstCol\">{strike}</w:tblStylePr>");
    let styles = format!(
        "<w:styles>{}{}{}{}{}</w:styles>",
        style("character", "c", strike),
        style("paragraph", "p", strike),
        style("table", "t", strike),
        style("table", "u", &part),
        style(
            "table",
            "v",
            "<w:tblStylePr w:type=\"firstRow\"><w:rPr><w:color w:val=\"FFFFFF\"/></w:rPr></w:tblStylePr>"
        ),
    );
    let of_run = run("", "169") + &run("<w:rStyle w:val=\"c\"/>", "39");
    is_beside_a_remark(&docx(&styles, &of_run), "style of a run");
    let paragraph = format!("<w:pPr><w:pStyle w:val=\"p\"/></w:pPr>{}", run("", "169"));
    is_unread(&docx(&styles, &paragraph), "style of a paragraph");
    let kept = format!("<w:pPr><w:pStyle w:val=\"p\"/></w:pPr>{}", run("<w:strike w:val=\"0\"/>", "169"));
    is_plain(&docx(&styles, &kept), "the run says otherwise");
    let twice = format!("<w:pPr><w:pStyle w:val=\"p\"/></w:pPr>{}", run("<w:rStyle w:val=\"c\"/>", "169"));
    is_unread(&docx(&styles, &twice), "struck out by two styles, which some programs take for none");
    let table = |id: &str| format!("<w:tblPr><w:tblStyle w:val=\"{id}\"/></w:tblPr>");
    is_unread(&docx_table(&table("u"), &styles, &run("", "169")), "a part of the table");
    is_plain(&docx_table(&table("v"), &styles, &run("", "169")), "white on the colour of a header");
    // All of the table is struck out, its labels too: then nothing is left of it.
    assert_eq!(cell(&docx_table(&table("t"), &styles, &run("", "169")), PERMITS), "");
}

#[test]
fn what_a_word_processor_numbers_or_draws_by_itself_leaves_digits_open() {
    let code = |code: &str| {
        let mark = |kind: &str| format!("<w:r><w:fldChar w:fldCharType=\"{kind}\"/></w:r>");
        format!("{}<w:r><w:instrText>{code}</w:instrText></w:r>{}", mark("begin"), mark("end"))
    };
    let numbered = |list: &str| format!("<w:pPr><w:numPr><w:numId w:val=\"{list}\"/></w:numPr></w:pPr>");
    let style = "<w:styles><w:style w:type=\"paragraph\" w:styleId=\"n\"><w:pPr><w:numPr><w:numId w:val=\"1\"/></w:numPr>\
                 </w:pPr></w:style></w:styles>";
    let styled = "<w:pPr><w:pStyle w:val=\"n\"/></w:pPr>";
    is_unread(&docx("", &(run("", "169") + &code(" eq \\o\\ac(○,1)"))), "a digit in a ring");
    is_unread(&docx("", &format!("<w:fldSimple w:instr=\"EQ \\o(1,2)\"/>{}", run("", "169"))), "two upon each other");
    is_unread(&docx("", &(numbered("1") + &run("", "169"))), "numbered");
    is_unread(&docx("", &numbered("1")), "nothing but its number");
    is_unread(&docx(style, &(styled.to_owned() + &run("", "169"))), "numbered by its style");
    is_plain(
        &docx(
            style,
            &(styled.replace("/></w:pPr>", "/><w:numPr><w:numId w:val=\"0\"/></w:numPr></w:pPr>") + &run("", "169")),
        ),
        "not numbered after all",
    );
    is_plain(&docx("", &(run("", "169") + &code("PAGE"))), "a field of another kind");
    is_unread(&docx("", &run("<w:rFonts w:ascii=\"Wingdings\" w:hAnsi=\"Wingdings\"/>", "169")), "a font of pictures");
    is_plain(&docx("", &run("<w:rFonts w:ascii=\"SimSun\" w:cs=\"Wingdings\"/>", "169")), "of another script");
    for content in [
        "<w:r><w:sym w:font=\"SimSun\" w:char=\"F0A3\"/></w:r>",
        "<w:r><w:pgNum/></w:r>",
        "<w:altChunk r:id=\"rId9\"/>",
        "<m:oMath><m:phant><m:r><m:t>169</m:t></m:r></m:phant></m:oMath>",
        "<mc:AlternateContent><mc:Choice Requires=\"zz\"/><mc:Fallback><w:r><w:t>169</w:t></w:r></mc:Fallback></mc:AlternateContent>",
        "<mc:AlternateContent><mc:Choice Requires=\"wps\"><w:r><w:t>169</w:t></w:r></mc:Choice></mc:AlternateContent>",
        "<w:pPr><w:spacing w:line=\"20\" w:lineRule=\"exact\"/></w:pPr><w:r><w:t>169</w:t></w:r>",
    ] {
        is_unread(&docx("", content), content);
    }
    let lines =
        "<w:pPr><w:spacing w:line=\"320\" w:lineRule=\"exact\"/><w:rPr><w:spacing w:val=\"2\"/></w:rPr></w:pPr>";
    is_plain(&docx("", &(lines.to_owned() + &run("", "169"))), "lines of a height");
    let parted = "<w:r><w:t>16</w:t><w:ptab w:alignment=\"right\"/><w:t>9</w:t></w:r>";
    assert_eq!(cell(&docx("", parted), PERMITS), "", "two numbers or one");
}

#[test]
fn shapes_over_the_digits_of_a_word_processor_leave_them_open() {
    let anchor = |behind: &str| {
        format!("<w:r><w:drawing><wp:anchor behindDoc=\"{behind}\"><wps:wsp/></wp:anchor></w:drawing></w:r>")
    };
    let line = "<w:r><w:pict><v:line style=\"position:absolute;z-index:2\"/></w:pict></w:r>";
    is_unread(&docx("", &(run("", "169") + &anchor("0"))), "a shape");
    is_unread(&docx("", &(run("", "169") + line)), "a line");
    is_unread(&docx("", "<w:r><w:drawing><wp:inline><pic:pic/></wp:inline></w:drawing></w:r>"), "a picture");
    is_plain(&docx("", &(run("", "169") + &anchor("1"))), "behind the text");
}

#[test]
fn what_a_workbook_repeats_adds_or_draws_leaves_digits_open() {
    let styles = "<styleSheet><numFmts><numFmt numFmtId=\"200\" formatCode=\"@&quot;0&quot;\"/></numFmts>\
        <fonts><font/><font><name val=\"Wingdings\"/></font></fonts><cellXfs><xf/><xf fontId=\"1\"/>\
        <xf><alignment horizontal=\"fill\"/></xf><xf numFmtId=\"200\"/><xf><alignment horizontal=\"center\"/></xf></cellXfs></styleSheet>";
    let number = |style: usize| format!("<c r=\"B2\" s=\"{style}\"><v>169</v></c>");
    let text = |style: usize| format!("<c r=\"B2\" s=\"{style}\" t=\"inlineStr\"><is><t>169</t></is></c>");
    for style in 1..=3 {
        is_unread(&xlsx(styles, "", &number(style)), &format!("a number of style {style}"));
        is_unread(&xlsx(styles, "", &text(style)), &format!("a text of style {style}"));
    }
    is_plain(&xlsx(styles, "", &number(4)), "in the middle");
    is_plain(&xlsx(styles, "", &text(4)), "a text in the middle");
}

#[test]
fn a_workbooks_figure_that_has_no_room_or_gives_way_to_its_formula_is_open() {
    let styles = "<styleSheet><fonts><font/></fonts><cellXfs><xf/><xf><alignment shrinkToFit=\"1\"/></xf>\
        <xf><alignment wrapText=\"1\"/></xf></cellXfs></styleSheet>";
    // What is said of the sheet is read wherever it stands.
    let read = |sheet: &str, cell: &str| xlsx(styles, "", &format!("{sheet}{cell}"));
    let number = |style: usize| format!("<c r=\"B2\" s=\"{style}\"><v>169</v></c>");
    let text = |style: usize| format!("<c r=\"B2\" s=\"{style}\" t=\"inlineStr\"><is><t>169</t></is></c>");
    let width = |width: &str| format!("<cols><col min=\"2\" max=\"2\" width=\"{width}\"/></cols>");
    is_unread(&read(&width("1.9"), &number(0)), "marks in its place");
    is_unread(&read(&width("1.9"), &number(2)), "a number is not wrapped");
    is_unread(&read(&width("1.9"), &text(0)), "cut off");
    is_plain(&read(&width("1.9"), &number(1)), "shrunk");
    is_plain(&read(&width("1.9"), &text(2)), "wrapped");
    is_plain(&read(&width("3"), &number(0)), "wide enough");
    is_unread(&read("<sheetFormatPr defaultColWidth=\"1.5\"/>", &number(0)), "of the usual width");
    let formula = "<c r=\"B2\"><f>A9</f><v>169</v></c>";
    is_unread(&read("<sheetView showFormulas=\"1\"/>", formula), "formulas are shown");
    is_plain(&read("<sheetView/>", formula), "what they come to is shown");
    let twice = super::formats::package(&[
        ("xl/workbook.xml", "<workbook><sheets><sheet name=\"a\" r:id=\"r1\"/></sheets></workbook>"),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships><Relationship Id=\"r1\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
        ),
        (
            "xl/worksheets/sheet1.xml",
            "<worksheet><sheetData><row><c r=\"B2\"><v>16</v></c><c r=\"B2\"><v>169</v></c></row></sheetData></worksheet>",
        ),
    ]);
    let refused = super::super::read_document(&twice, "a.xlsx", &super::super::Limits::default());
    assert!(refused.is_err_and(|error| error.to_string().contains("row 2, column 2")));
}

const BEHIND: &str = "<fills><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"solid\">\
    <fgColor rgb=\"FF000000\"/></patternFill></fill><fill><patternFill patternType=\"solid\"><fgColor theme=\"4\"/>\
    </patternFill></fill><fill><patternFill patternType=\"solid\"><fgColor indexed=\"9\"/></patternFill></fill>\
    <fill><patternFill patternType=\"gray125\"/></fill></fills>";

#[test]
fn a_sheets_figure_of_the_colour_behind_it_is_hidden() {
    let styles = format!(
        "<styleSheet><fonts><font/><font><color rgb=\"FFFFFFFF\"/></font><font><color theme=\"4\"/></font></fonts>{BEHIND}\
         <cellXfs><xf/><xf fillId=\"1\"/><xf fontId=\"1\" fillId=\"1\"/><xf fontId=\"2\" fillId=\"2\"/><xf fontId=\"1\" fillId=\"3\"/>\
         <xf fillId=\"3\"/><xf fillId=\"4\"/><xf fontId=\"2\"/></cellXfs></styleSheet>"
    );
    for (style, is_hidden) in
        [(0, false), (1, true), (2, false), (3, true), (4, true), (5, false), (6, false), (7, false)]
    {
        let reading = xlsx(&styles, "<sst/>", &format!("<c r=\"B2\" s=\"{style}\"><v>169</v></c>"));
        let name = format!("style {style}");
        if is_hidden { is_unread(&reading, &name) } else { is_plain(&reading, &name) }
    }
}

#[test]
fn a_condition_that_may_hide_or_strike_out_a_figure_leaves_it_open() {
    let styles = "<styleSheet><fonts><font/></fonts><cellXfs><xf/></cellXfs><dxfs>\
        <dxf><numFmt numFmtId=\"164\" formatCode=\";;;\"/></dxf><dxf><font><strike/></font></dxf>\
        <dxf><font><color rgb=\"FFFFFFFF\"/></font></dxf><dxf><fill><patternFill><bgColor rgb=\"FF000000\"/></patternFill></fill></dxf>\
        <dxf><font><color rgb=\"FFFF0000\"/></font><border><left><color rgb=\"FFFFFFFF\"/></left></border></dxf></dxfs></styleSheet>";
    let reading = |inside: &str| {
        let behind = format!("<conditionalFormatting sqref=\"B2:B9\">{inside}</conditionalFormatting>");
        xlsx_sheet(styles, "<sst/>", "<c r=\"B2\"><v>169</v></c>", &behind)
    };
    let rule = |number: usize, rest: &str, formula: &str| {
        format!("<cfRule dxfId=\"{number}\" {rest}><formula>{formula}</formula></cfRule>")
    };
    let above = "type=\"cellIs\" operator=\"greaterThan\"";
    for rule in [
        rule(0, above, "100"),
        rule(1, above, "100"),
        rule(2, above, "100"),
        rule(3, above, "100"),
        rule(2, above, "$A$1"),
        rule(2, "type=\"expression\"", "B2=A2"),
        "<cfRule type=\"dataBar\"><dataBar showValue=\"0\"/></cfRule>".to_owned(),
    ] {
        is_unread(&reading(&rule), &rule);
    }
    for rule in [
        rule(2, above, "200"),
        rule(2, "type=\"cellIs\" operator=\"equal\"", "0"),
        rule(4, above, "100"),
        "<cfRule type=\"dataBar\"><dataBar/></cfRule>".to_owned(),
    ] {
        is_plain(&reading(&rule), &rule);
    }
    let elsewhere =
        "<conditionalFormatting sqref=\"C2:C9 B3\"><cfRule type=\"expression\" dxfId=\"0\"/></conditionalFormatting>";
    is_plain(&xlsx_sheet(styles, "<sst/>", "<c r=\"B2\"><v>169</v></c>", elsewhere), "another cell");
    let newer = "<extLst><ext><x14:conditionalFormattings><x14:conditionalFormatting><x14:cfRule type=\"expression\"><xm:f>1</xm:f>\
        <x14:dxf><font><strike/></font></x14:dxf></x14:cfRule><xm:sqref>B2</xm:sqref></x14:conditionalFormatting>\
        </x14:conditionalFormattings></ext></extLst>";
    is_unread(&xlsx_sheet(styles, "<sst/>", "<c r=\"B2\"><v>169</v></c>", newer), "of newer programs");
}
