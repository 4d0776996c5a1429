//! `huizong demo`: a simulated province, served.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};

use crate::config::{Config, DEFAULT_LISTEN, Log, StoreSettings};
use crate::report::{ReportKey, ReportYear};
use crate::server;
use crate::service::{Caller, Service, Submission};
use crate::simulation::{Parameters, Province};

use super::language::{beside, told};
use super::output::parse_years;
use super::{Failure, Outcome, both, serve};
use story::Highlights;

mod story;

/// Reports handed in side by side.
const IN_FLIGHT: usize = 256;

#[derive(Args)]
pub(crate) struct Demo {
    /// Folder to keep the province in; left out, it is gone at the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where a journal is that is shared with other instances, in a PostgreSQL without a standby; the folder holds a copy then.
    #[arg(long, value_name = "URL", requires = "keys")]
    store: Option<String>,
    /// Folder of the keys that they have in common.
    #[arg(long, value_name = "DIR", requires = "store")]
    keys: Option<PathBuf>,
    #[arg(long, value_name = "ADDR", default_value_t = DEFAULT_LISTEN)]
    listen: SocketAddr,
    #[arg(long, value_name = "N", default_value_t = crate::simulation::DEFAULT_AGENCIES)]
    agencies: usize,
    /// Report years.
    #[arg(long, value_name = "A..B", default_value = "2022..2025", value_parser = parse_years)]
    years: (i32, i32),
    /// The same seed makes the same province.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn year(year: i32) -> Result<ReportYear, Failure> {
    let year = u16::try_from(year).ok().and_then(|year| ReportYear::new(year).ok());
    year.ok_or_else(|| {
        Failure::Usage(told("--years：年度为四位数字", "--years: a report year has four digits", "\n  "))
    })
}

impl Demo {
    pub(crate) async fn run(self) -> Outcome {
        let _log = serve::start_log(&Log { filter: "warn".to_owned(), json: false })?;
        let (first_year, last_year) = (year(self.years.0)?, year(self.years.1)?);
        let parameters = Parameters {
            seed: self.seed,
            province: crate::simulation::DEFAULT_PROVINCE.to_owned(),
            agencies: self.agencies,
            first_year,
            last_year,
        };
        let province = Province::simulate(&parameters).map_err(|error| Failure::Usage(both(&error.message())))?;
        let temporary = if self.data.is_none() { Some(tempfile::tempdir()?) } else { None };
        let folder = self.data.clone().or_else(|| temporary.as_ref().map(|folder| folder.path().to_owned()));
        let config = Config {
            listen: self.listen,
            data_directory: folder.unwrap_or_default(),
            // A demonstration is worth no space set aside.
            store: StoreSettings {
                ballast_bytes: 0,
                url: self.store.clone().unwrap_or_default(),
                without_standby: self.store.is_some(),
                keys_directory: self.keys.clone().unwrap_or_default(),
                ..StoreSettings::default()
            },
            ..Config::default()
        };
        server::warn_of_exposure(&config);
        let service = server::open(&config).await?;
        let story = fill(&service, &province, first_year, last_year).await?;
        let guest = province.guest();
        server::serve(service, &config, None, None, |address| {
            // Commands call the default address by themselves.
            let at = if address == DEFAULT_LISTEN { String::new() } else { format!(" --server http://{address}") };
            println!(
                "{}\n\
                 {}: http://{address}{}\n\
                 {}: http://{address}  (gRPC, gRPC-Web, HTTP)\n\n\
                 {}:\n  \
                 huizong rollup jurisdictions/230000 --year {last_year} --measure received --by requester-type{at}\n  \
                 huizong coverage jurisdictions/230000 --year {last_year} --depth 2{at}\n  \
                 huizong coverage jurisdictions/230000 --year {last_year} --missing --format csv{at}\n  \
                 huizong form jurisdictions/230000 --year {last_year} --output form.docx{at}",
                beside(
                    format!("模拟的黑龙江省已就绪：{}个机构，{first_year}—{last_year}年度", self.agencies),
                    "A simulated Heilongjiang is ready",
                ),
                told("看板", "Dashboard", " "),
                dashboard_note(),
                told("服务地址", "Address", " "),
                told("请在另一终端试试", "Try in another shell", " "),
            );
            for line in highlights(&story, first_year, last_year, &at) {
                println!("  {line}");
            }
            let (id, year) = (&guest.id, guest.first_year.max(first_year));
            println!(
                "\n{}: {}\n  \
                 huizong sample --agency {id} --year {year} --output report.docx\n  \
                 huizong submit report.docx --agency {id} --year {year}{at}\n\n\
                 Ctrl-C {}",
                told("尚未报送、可用自己的文档一试的机构", "An agency left for a document of your own", " "),
                guest.display_name,
                told("结束", "ends it", " "),
            );
        })
        .await?;
        Ok(())
    }
}

/// Why there is no dashboard at its address, where there is none.
fn dashboard_note() -> String {
    if crate::http::has_dashboard() {
        String::new()
    } else {
        told("（未编入，需 Node.js 20 以上）", " (not built in: needs Node.js 20 or later)", "")
    }
}

/// Commands that show what happened in the province.
fn highlights(story: &Option<Highlights>, first_year: ReportYear, last_year: ReportYear, at: &str) -> Vec<String> {
    let Some(story) = story else { return Vec::new() };
    let mut lines = Vec::new();
    for (report, what) in [
        (&story.returned, told("被退回", "returned", " ")),
        (&story.corrected, told("退回后更正", "returned, then corrected", " ")),
    ] {
        lines.extend(report.as_ref().map(|report| format!("huizong report history {report}{at}    # {what}")));
    }
    if let Some((merged, into)) = &story.merged {
        lines.push(format!(
            "huizong rollup jurisdictions/230000 --year {first_year} --hierarchy-year {last_year} --by child{at}    # {merged} {} {into}",
            told("并入", "merged into", " ")
        ));
    }
    if let Some(city) = &story.reconciled {
        lines.push(format!("huizong reconcile {} --year {}{at}", city.name(), story.reconciled_year));
    }
    lines.extend(story.frozen.as_ref().map(|name| format!("huizong frozen compare {name}{at}")));
    lines
}

/// Hands in everything that the province has; what is there already is recognised. Says what happened in the last
/// year, unless it was there before.
async fn fill(
    service: &Service,
    province: &Province,
    first: ReportYear,
    last: ReportYear,
) -> Result<Option<Highlights>, Failure> {
    let refused = |problem: crate::service::Problem| {
        Failure::Failed(format!("{}\n  {}", both(&problem.message), both(&problem.remedy)))
    };
    if service.collection(last).is_ok() {
        return Ok(None);
    }
    let caller = Caller::internal("demo");
    service.change_registry(province.changes.clone(), false, &caller).await.map_err(refused)?;
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}").unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    for year in (first.get()..last.get()).filter_map(|year| ReportYear::new(year).ok()) {
        bar.set_message(format!("{year}"));
        let reports: Vec<_> = province.reports(year).collect();
        bar.inc_length(reports.len() as u64);
        let submissions = reports
            .into_iter()
            .map(|report| Submission::first(ReportKey::of_agency(report.agency, year), report.figures));
        let (caller, bar) = (&caller, &bar);
        futures::stream::iter(submissions)
            .map(|submission| async move {
                let result = match service.report(&submission.report) {
                    Ok(_) => Ok(()),
                    Err(_) => story::submit_answering(service, submission, caller).await,
                };
                bar.inc(1);
                result
            })
            .buffer_unordered(IN_FLIGHT)
            .try_collect::<()>()
            .await
            .map_err(refused)?;
    }
    bar.set_message(format!("{last}"));
    let told = story::last_year(service, province, first, last).await.map_err(refused)?;
    bar.finish_and_clear();
    Ok(Some(told))
}
