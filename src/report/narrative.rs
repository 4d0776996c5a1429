//! The chapters of text of a report.

/// The chapters of text, each as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrative {
    /// 一、总体情况
    pub overview: Option<String>,
    /// 五、存在的主要问题及改进情况
    pub problems: Option<String>,
    /// 六、其他需要报告的事项
    pub other_matters: Option<String>,
}
