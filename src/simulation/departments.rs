//! Which agencies a government has, by level, and how much each usually does. Data only.

use crate::report::Level;

use super::draw::WHOLE;

/// What an agency does in a usual year, at the size of an average city.
#[derive(Debug)]
pub(super) struct Duty {
    /// Disclosure requests received.
    pub requests: u64,
    /// Administrative rules (规章) in force; of provinces and cities only.
    pub rules: u64,
    /// Normative documents in force.
    pub documents: u64,
    pub permits: u64,
    pub penalties: u64,
    pub compulsions: u64,
    /// Administrative fees, in 万元.
    pub fees: u64,
}

/// One department and its name at each level; an empty name where the level has none.
#[derive(Debug)]
pub(super) struct Department {
    province: &'static str,
    city: &'static str,
    county: &'static str,
    zone: &'static str,
    /// So large in a city that a year without any activity is questioned.
    pub large_in_cities: bool,
    /// Report year in which it was set up everywhere, where that was within the time of the form.
    pub since: Option<u16>,
    pub duty: Duty,
}

impl Department {
    /// What follows the government's name; none where the level has no such department.
    pub(crate) fn title(&self, level: Level) -> Option<&'static str> {
        let title = match level {
            Level::Province => self.province,
            Level::City => self.city,
            Level::County => self.county,
            Level::FunctionalZone => self.zone,
            Level::Township => "",
        };
        (!title.is_empty()).then_some(title)
    }
}

/// A bureau's numbered branch offices in a county.
#[derive(Debug)]
pub(super) struct Branch {
    pub bureau: &'static str,
    pub office: &'static str,
    pub duty: Duty,
}

/// How a level compares with an average city, in thousandths.
#[derive(Debug)]
pub(super) struct LevelSize {
    pub requests: u64,
    pub documents: u64,
    /// Permits, penalties, compulsory measures and fees.
    pub decisions: u64,
}

/// Provinces are asked much and decide little; the work is done in cities and counties.
pub(super) fn level_size(level: Level) -> LevelSize {
    match level {
        Level::Province => LevelSize { requests: 3 * WHOLE, documents: 1_800, decisions: 250 },
        Level::City => LevelSize { requests: WHOLE, documents: WHOLE, decisions: WHOLE },
        Level::County => LevelSize { requests: 200, documents: 400, decisions: 120 },
        Level::FunctionalZone => LevelSize { requests: 100, documents: 150, decisions: 60 },
        Level::Township => LevelSize { requests: 50, documents: 100, decisions: 20 },
    }
}

const fn duty(requests: u64, documents: u64, permits: u64, penalties: u64, compulsions: u64, fees: u64) -> Duty {
    Duty { requests, rules: 0, documents, permits, penalties, compulsions, fees }
}

/// Government offices: they answer for the government itself.
pub(super) static OFFICE: Duty =
    Duty { requests: 320, rules: 14, documents: 70, permits: 0, penalties: 0, compulsions: 0, fees: 0 };

/// Townships and street offices; compared with a city like everything else in a county.
pub(super) static TOWNSHIP: Duty = duty(7, 5, 220, 30, 4, 0);

const fn department(titles: [&'static str; 4], duty: Duty) -> Department {
    let [province, city, county, zone] = titles;
    Department { province, city, county, zone, large_in_cities: false, since: None, duty }
}

const fn large(department: Department) -> Department {
    Department { large_in_cities: true, ..department }
}

const fn since(year: u16, department: Department) -> Department {
    Department { since: Some(year), ..department }
}

/// Place of 工业和信息化 in [`DEPARTMENTS`]: the department that is left to a user in one city.
pub(super) const INDUSTRY: usize = 4;

/// In the order in which governments are staffed: the first ones exist in the smallest province.
/// Columns of figures: requests, documents in force, permits, penalties, compulsory measures, fees (万元).
#[rustfmt::skip]
pub(super) static DEPARTMENTS: &[Department] = &[
    large(department(["公安厅", "公安局", "公安局", ""], duty(160, 40, 320_000, 450_000, 6_000, 3_000))),
    large(department(["自然资源厅", "自然资源局", "自然资源局", "规划建设局"], duty(220, 30, 18_000, 160, 30, 8_000))),
    large(department(["市场监督管理局", "市场监督管理局", "市场监督管理局", "市场监督管理局"],
        duty(120, 30, 110_000, 4_500, 400, 300))),
    department(["财政厅", "财政局", "财政局", "财政局"], duty(15, 40, 300, 15, 0, 60)),
    department(["工业和信息化厅", "工业和信息化局", "工业信息科技局", ""], duty(4, 12, 120, 20, 0, 0)),
    department(["发展和改革委员会", "发展和改革委员会", "发展和改革局", "经济发展局"], duty(20, 30, 800, 5, 0, 10)),
    department(["教育厅", "教育局", "教育局", ""], duty(15, 25, 1_500, 5, 0, 4_000)),
    department(["住房和城乡建设厅", "住房和城乡建设局", "住房和城乡建设局", ""], duty(160, 40, 6_000, 250, 10, 2_500)),
    department(["人力资源和社会保障厅", "人力资源和社会保障局", "人力资源和社会保障局", "社会事务局"],
        duty(40, 45, 9_000, 120, 5, 150)),
    department(["卫生健康委员会", "卫生健康委员会", "卫生健康局", ""], duty(25, 25, 12_000, 900, 20, 60)),
    department(["民政厅", "民政局", "民政局", ""], duty(12, 20, 900, 10, 0, 0)),
    department(["农业农村厅", "农业农村局", "农业农村局", ""], duty(25, 30, 3_000, 300, 40, 10)),
    department(["交通运输厅", "交通运输局", "交通运输局", ""], duty(30, 25, 60_000, 18_000, 2_500, 200)),
    department(["生态环境厅", "生态环境局", "生态环境局", "生态环境局"], duty(30, 20, 900, 350, 40, 0)),
    department(["应急管理厅", "应急管理局", "应急管理局", "应急管理局"], duty(15, 15, 1_800, 700, 60, 0)),
    department(["司法厅", "司法局", "司法局", ""], duty(8, 15, 2_500, 5, 0, 20)),
    department(["", "城市管理综合执法局", "城市管理综合执法局", "综合执法局"], duty(60, 12, 9_000, 28_000, 1_500, 900)),
    department(["水利厅", "水务局", "水务局", ""], duty(12, 15, 500, 60, 10, 900)),
    department(["审计厅", "审计局", "审计局", ""], duty(4, 5, 0, 10, 0, 0)),
    department(["", "行政审批局", "行政审批局", "行政审批局"], duty(10, 4, 60_000, 0, 0, 0)),
    department(["医疗保障局", "医疗保障局", "医疗保障局", ""], duty(10, 20, 0, 350, 0, 0)),
    department(["退役军人事务厅", "退役军人事务局", "退役军人事务局", ""], duty(6, 8, 0, 0, 0, 0)),
    department(["文化和旅游厅", "文化广电和旅游局", "文体广电和旅游局", ""], duty(8, 15, 900, 80, 5, 0)),
    department(["商务厅", "商务局", "商务局", "投资促进局"], duty(5, 15, 300, 15, 0, 0)),
    department(["统计局", "统计局", "统计局", ""], duty(3, 4, 0, 60, 0, 0)),
    department(["林业和草原局", "林业和草原局", "林业和草原局", ""], duty(12, 12, 2_500, 180, 10, 300)),
    department(["信访局", "信访局", "信访局", ""], duty(15, 3, 0, 0, 0, 0)),
    department(["科学技术厅", "科学技术局", "", ""], duty(3, 12, 60, 0, 0, 0)),
    since(2024, department(["数据局", "数据局", "", ""], duty(2, 3, 0, 0, 0, 0))),
    department(["人民政府国有资产监督管理委员会", "人民政府国有资产监督管理委员会", "", ""], duty(6, 8, 0, 0, 0, 0)),
    department(["民族宗教事务委员会", "民族宗教事务局", "", ""], duty(1, 5, 60, 2, 0, 0)),
    department(["体育局", "体育局", "", ""], duty(1, 4, 60, 2, 0, 0)),
    department(["机关事务管理局", "机关事务管理局", "", ""], duty(2, 3, 0, 0, 0, 0)),
    department(["粮食和物资储备局", "粮食和物资储备局", "", ""], duty(2, 5, 80, 25, 0, 0)),
];

/// Numbered from one in each county, in this order, when all else is there.
pub(super) static BRANCHES: &[Branch] = &[
    Branch { bureau: "市场监督管理局", office: "市场监督管理所", duty: duty(2, 0, 2_500, 120, 8, 0) },
    Branch { bureau: "公安局", office: "派出所", duty: duty(2, 0, 6_000, 1_500, 30, 20) },
    Branch { bureau: "自然资源局", office: "自然资源所", duty: duty(3, 0, 300, 10, 0, 0) },
    Branch { bureau: "司法局", office: "司法所", duty: duty(1, 0, 0, 0, 0, 0) },
];

/// Names of townships and street offices that recur all over the country.
pub(super) const TOWNSHIP_NAMES: &[&str] = &[
    "红旗", "胜利", "新华", "建设", "和平", "兴隆", "东风", "永安", "太平", "长安", "新兴", "民主", "团结", "光明",
    "向阳", "前进", "兴安", "福民", "双河", "青山", "龙泉", "柳河", "三道", "永丰", "兴华", "文化", "北山", "南岗",
    "西林", "东升", "临江", "平安", "富强", "安乐", "石桥", "清河", "铁东", "铁西", "朝阳", "幸福",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_department_left_to_users_is_industry() {
        assert_eq!(DEPARTMENTS[INDUSTRY].title(Level::City), Some("工业和信息化局"));
    }

    #[test]
    fn names_are_unique_within_a_level() {
        for level in [Level::Province, Level::City, Level::County, Level::FunctionalZone] {
            let mut titles: Vec<_> = DEPARTMENTS.iter().filter_map(|department| department.title(level)).collect();
            let before = titles.len();
            titles.sort_unstable();
            titles.dedup();
            assert_eq!(titles.len(), before, "{level:?}");
        }
        let mut names = TOWNSHIP_NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TOWNSHIP_NAMES.len());
    }
}
