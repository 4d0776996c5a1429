//! What the system and libraries say in English, in Chinese: errors of files and connections, of JSON, of numbers. Data, and one
//! way to match it; what is not known stays as it is.

/// What an error of the system says, by its number on Linux.
const SYSTEM: &[(u16, &str)] = &[
    (1, "系统不允许此操作"),
    (2, "文件或文件夹不存在"),
    (5, "磁盘读写出错"),
    (11, "暂时不可用"),
    (12, "内存不足"),
    (13, "没有权限"),
    (16, "正被使用"),
    (17, "文件已存在"),
    (18, "不在同一文件系统"),
    (20, "路径中有一段不是文件夹"),
    (21, "是文件夹，不是文件"),
    (22, "参数无效"),
    (23, "系统打开的文件过多"),
    (24, "打开的文件过多"),
    (26, "程序文件正在运行"),
    (27, "文件过大"),
    (28, "磁盘已满"),
    (30, "文件系统只读"),
    (32, "对方已关闭管道"),
    (36, "名称过长"),
    (39, "文件夹不为空"),
    (40, "符号链接过多"),
    (98, "地址已被占用"),
    (99, "本机没有此地址"),
    (101, "网络不通"),
    (104, "连接被对方断开"),
    (110, "连接超时"),
    (111, "连接被拒绝"),
    (113, "主机不可达"),
    (122, "超出磁盘配额"),
];

/// Texts with holes, in the order in which they are tried; `{}` stands for what is kept, or said in Chinese itself.
const TEXTS: &[(&str, &str)] = &[
    ("{} at line {} column {}", "第{1}行第{2}列：{0}"),
    ("invalid type: {}, expected {}", "类型不符：应为{1}，实为{0}"),
    ("invalid value: {}, expected {}", "值不符：应为{1}，实为{0}"),
    ("invalid length {}, expected {}", "长度为 {0}，应为{1}"),
    ("missing field `{}`", "缺少 {0}"),
    ("duplicate field `{}`", "{0} 重复出现"),
    ("unknown field `{}`, expected one of {}", "没有 {0} 一项；可用 {1}"),
    ("unknown field `{}`, expected {}", "没有 {0} 一项；可用 {1}"),
    ("unknown field `{}`, there are no fields", "没有 {0} 一项"),
    ("unknown variant `{}`, expected one of {}", "没有 {0} 这个值；可用 {1}"),
    ("unknown variant `{}`, expected {}", "没有 {0} 这个值；可用 {1}"),
    ("unrecognized field name '{}'", "没有 {0} 一项"),
    ("unrecognized enum value '{}'", "没有 {0} 这个值"),
    ("multiple fields provided for oneof '{}'", "{0} 只能有一种"),
    ("invalid base64: {}", "不是 Base64 文字"),
    ("error decoding: {}", "内容不成报文"),
    ("invalid field mask", "字段路径无效"),
    ("expected integer value", "应为整数"),
    ("expected null", "应为 null"),
    ("float value out of range", "数值超出范围"),
    ("EOF while parsing {}", "内容不完整"),
    ("expected value", "此处应有一个值"),
    ("expected ident", "此处不是 true、false 或 null"),
    ("expected {} or {}", "此处应为 {0} 或 {1}"),
    ("expected {}", "此处应为 {0}"),
    ("trailing comma", "多了一个逗号"),
    ("trailing characters", "内容之后还有多余的字符"),
    ("key must be a string", "名称须加双引号"),
    ("control character {} found while parsing a string", "文字中有换行等控制字符"),
    ("invalid escape", "反斜杠之后的字符无效"),
    ("invalid number", "数字写法无效"),
    ("number out of range", "数值超出范围"),
    ("invalid unicode code point", "字符无效"),
    ("recursion limit exceeded", "嵌套过深"),
    ("invalid digit found in string", "有不是数字的字符"),
    ("cannot parse integer from empty string", "没有数字"),
    ("number too large to fit in target type", "数值过大"),
    ("number too small to fit in target type", "数值过小"),
    ("stream did not contain valid UTF-8", "不是 UTF-8 文字"),
    ("failed to fill whole buffer", "内容不完整"),
    ("invalid socket address syntax", "应为 地址:端口"),
    ("invalid IP address syntax", "不是 IP 地址"),
    ("provided string was not `true` or `false`", "应为 true 或 false"),
    // What stands in the holes above.
    ("`{}` or `{}`", "{0} 或 {1}"),
    ("string {}", "文字 {0}"),
    ("integer `{}`", "整数 {0}"),
    ("floating point `{}`", "小数 {0}"),
    ("boolean `{}`", "{0}"),
    ("sequence", "列表"),
    ("map", "对象"),
    ("null", "空值"),
    ("a list", "列表"),
    ("a sequence", "列表"),
    ("a map", "对象"),
    ("an object", "对象"),
    ("struct {}", "对象"),
    ("a string", "文字"),
    ("a boolean", "是或否"),
    ("a string or integer", "文字或整数"),
    ("a base64-encoded string", "Base64 文字"),
    ("a rfc3339 timestamp string", "时间，如 2026-01-31T18:00:00+08:00"),
    ("a duration string", "时长，如 3s"),
    ("a 64-bit floating point value", "小数"),
    ("a 32-bit floating point value", "小数"),
    ("a {}-bit signed integer or decimal string", "整数"),
    ("a {}-bit unsigned integer or decimal string", "正整数"),
    ("a 32-bit signed integer", "整数"),
];

/// What the holes of a text hold, where it is this one.
fn holes<'t>(text: &'t str, pattern: &str) -> Option<Vec<&'t str>> {
    let mut pieces = pattern.split("{}");
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut found = Vec::new();
    let pieces: Vec<&str> = pieces.collect();
    for (number, piece) in pieces.iter().enumerate() {
        let is_last = number + 1 == pieces.len();
        let end = if is_last { rest.strip_suffix(piece)?.len() } else { rest.find(piece)? };
        found.push(&rest[..end]);
        rest = &rest[end + piece.len()..];
    }
    rest.is_empty().then_some(found)
}

/// What a library says, in Chinese; as it stands where it says something else.
pub fn in_chinese(text: &str) -> String {
    let known = TEXTS.iter().find_map(|(english, chinese)| Some((holes(text, english)?, chinese)));
    let Some((found, chinese)) = known else { return system_in_chinese(text) };
    found.iter().enumerate().fold((*chinese).to_owned(), |told, (number, hole)| {
        told.replace(&format!("{{{number}}}"), &in_chinese(hole).replace('`', ""))
    })
}

/// Behind a Chinese sentence, in brackets, what a library or the system says of it: where it is known in Chinese. What is not is
/// in the English sentence, and in the log.
pub fn because(text: &str) -> String {
    let told = in_chinese(text);
    let is_chinese = told.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
    if is_chinese { format!("（{told}）") } else { String::new() }
}

/// Ends what the system says.
const NUMBER: &str = " (os error ";

/// A text with what the system says in it in Chinese: `a.csv: No such file or directory (os error 2)`.
pub fn system_in_chinese(text: &str) -> String {
    let Some((before, after)) = text.split_once(NUMBER) else { return text.to_owned() };
    let Some((number, rest)) = after.split_once(')') else { return text.to_owned() };
    let known = number.parse().ok().and_then(|number: u16| SYSTEM.iter().find(|(known, _)| *known == number));
    let words = known.map_or_else(|| format!("系统错误{number}"), |(_, words)| (*words).to_owned());
    // The system's words are letters, blanks and little else, after a colon, a bracket or a Chinese sign.
    let is_words = |letter: char| letter.is_ascii_alphanumeric() || " -'/,".contains(letter);
    let place = before.trim_end_matches(is_words);
    let blank = if place.ends_with(':') { " " } else { "" };
    format!("{place}{blank}{words}{}", system_in_chinese(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_told_wherever_it_stands() {
        let missing = std::fs::File::open("/nowhere/at/all").unwrap_err();
        assert_eq!(in_chinese(&missing.to_string()), "文件或文件夹不存在");
        assert_eq!(system_in_chinese(&format!("a b.csv: {missing}")), "a b.csv: 文件或文件夹不存在");
        assert_eq!(system_in_chinese(&format!("无法读取：{missing}；请核对")), "无法读取：文件或文件夹不存在；请核对");
        assert_eq!(system_in_chinese("x: Odd (os error 999)"), "x: 系统错误999");
        assert_eq!(because(&missing.to_string()), "（文件或文件夹不存在）");
        assert_eq!(because("a sum of 2023 is more than can be counted"), "");
        assert_eq!(system_in_chinese("nothing of the system"), "nothing of the system");
    }

    #[test]
    fn what_is_wrong_with_json_is_told() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only read")]
        struct One {
            a: u32,
            b: Vec<String>,
        }
        let told = |text: &str| in_chinese(&serde_json::from_str::<One>(text).unwrap_err().to_string());
        for (text, words) in [
            (r#"{"a": "x"}"#, "类型不符：应为u32，实为文字 \"x\""),
            (r#"{"a": 1}"#, "缺少 b"),
            (r#"{"a": 1, "b": {}}"#, "类型不符：应为列表，实为对象"),
            (r#"{"c": 1}"#, "没有 c 一项；可用 a 或 b"),
            (r#"{"a": 1"#, "内容不完整"),
            (r#"{"a": 1,}"#, "多了一个逗号"),
            (r#"{"a": 1, "b": []} x"#, "内容之后还有多余的字符"),
            (r#"{"a" 1}"#, "此处应为 :"),
        ] {
            let told = told(text);
            assert!(told.starts_with("第1行第") && told.contains(words), "{text}: {told}");
        }
    }

    #[test]
    fn what_is_not_known_stays() {
        for text in ["", "something else went wrong", "a {} b", "第一行"] {
            assert_eq!(in_chinese(text), text);
        }
    }
}
