//! Reminders, from who is missing to a mail server and a webhook that take them.

mod receivers;

use std::path::Path;

use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use huizong::config::Reminders;
use huizong::pb;
use huizong::pb::ReminderOutcome as Outcome;
use huizong::pb::journal_service_client::JournalServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::reminder_service_client::ReminderServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::service::Settings;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic::transport::Channel;
use tower::ServiceExt as _;

use crate::support::{self, AGENCIES, CITY, PROVINCE, YEAR, refused, report, small_registry, submission};
use receivers::{Hook, MailServer, PASSWORD, Security, USER};

/// The day on which everything happens, unless it is moved.
static NOW: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);

/// A service with a mail server and a webhook.
struct Office {
    channel: Channel,
    url: String,
    routes: Routes,
    mail: MailServer,
    hook: Hook,
    folder: TempDir,
    reminders: Reminders,
    task: JoinHandle<()>,
}

impl Drop for Office {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is served over one store for a while.
struct Served {
    channel: Channel,
    url: String,
    routes: Routes,
    task: JoinHandle<()>,
}

async fn served(folder: &Path, reminders: &Reminders, clock: fn() -> Timestamp) -> Served {
    let reminding = huizong::remind::reminding(reminders).unwrap();
    let service = support::start(folder, Settings { reminding, clock, ..Settings::default() }).await;
    let (doors, listener) = support::doors(&service).await;
    let (url, routes) = (format!("http://{}", listener.local_addr().unwrap()), doors.routes.clone());
    let task = tokio::spawn(async move { doors.serve(listener).await.unwrap() });
    let channel = Channel::from_shared(url.clone()).unwrap().connect().await.unwrap();
    Served { channel, url, routes, task }
}

impl Office {
    async fn open() -> Self {
        Self::at(Timestamp::now).await
    }

    async fn at(clock: fn() -> Timestamp) -> Self {
        Self::with(clock, Security::FirstByte, "smtps").await
    }

    /// Whose mail server is one of these, and is called by this scheme.
    async fn with(clock: fn() -> Timestamp, security: Security, scheme: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = |name: &str| folder.path().join(name);
        let (mail, hook) = (MailServer::default(), Hook::default());
        let port = mail.start(&file("ca.pem"), security).await;
        std::fs::write(file("password"), format!("{PASSWORD}\n")).unwrap();
        std::fs::write(file("token"), "hook-token\n").unwrap();
        let reminders = Reminders {
            smtp: format!("{scheme}://localhost:{port}"),
            user: USER.to_owned(),
            password_file: file("password"),
            from: "省政府办公厅 <office@example.gov.cn>".to_owned(),
            webhook: hook.start().await,
            webhook_token_file: file("token"),
            ca: file("ca.pem"),
            ..Reminders::default()
        };
        let Served { channel, url, routes, task } = served(&file("data"), &reminders, clock).await;
        let office = Self { channel, url, routes, mail, hook, folder, reminders, task };
        let request = pb::ApplyRegistryChangesRequest { changes: small_registry(), ..Default::default() };
        office.registry().apply_registry_changes(request).await.unwrap();
        office
    }

    /// The same store, served anew.
    async fn again(&mut self, clock: fn() -> Timestamp) {
        self.task.abort();
        let _ = (&mut self.task).await;
        self.routes = Routes::default();
        let data = self.folder.path().join("data");
        let Served { channel, url, routes, task } = served(&data, &self.reminders, clock).await;
        (self.channel, self.url, self.routes, self.task) = (channel, url, routes, task);
    }

    fn registry(&self) -> RegistryServiceClient<Channel> {
        RegistryServiceClient::new(self.channel.clone())
    }

    fn reminders(&self) -> ReminderServiceClient<Channel> {
        ReminderServiceClient::new(self.channel.clone())
    }

    async fn know(&self, agency: &str, name: &str, telephone: &str, email: &str) {
        let person = pb::Contact {
            name: name.to_owned(),
            telephone: telephone.to_owned(),
            email: email.to_owned(),
            ..Default::default()
        };
        let contacts =
            pb::AgencyContacts { name: format!("{agency}/contacts"), people: vec![person], etag: String::new() };
        let request = pb::UpdateAgencyContactsRequest { contacts: Some(contacts), validate_only: false };
        self.registry().update_agency_contacts(request).await.unwrap();
    }

    async fn list(&self) -> Vec<pb::Reminder> {
        let request =
            pb::ListRemindersRequest { jurisdiction: PROVINCE.to_owned(), year: YEAR.into(), ..Default::default() };
        self.reminders().list_reminders(request).await.unwrap().into_inner().reminders
    }

    async fn send(&self, change: impl FnOnce(&mut pb::SendRemindersRequest)) -> pb::SendRemindersResponse {
        let mut request =
            pb::SendRemindersRequest { jurisdiction: PROVINCE.to_owned(), year: YEAR.into(), ..Default::default() };
        change(&mut request);
        self.reminders().send_reminders(request).await.unwrap().into_inner()
    }

    async fn journal(&self) -> Vec<pb::JournalEntry> {
        let request = pb::ListJournalRequest { page_size: 1000, ..Default::default() };
        JournalServiceClient::new(self.channel.clone()).list_journal(request).await.unwrap().into_inner().entries
    }
}

fn outcomes(sent: &pb::SendRemindersResponse) -> Vec<(&str, Outcome)> {
    sent.reminders.iter().map(|one| (one.agency.as_str(), one.outcome())).collect()
}

/// A message's body and subject as people read them.
fn readable(text: &str) -> (String, String) {
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let base64 = |text: &str| {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(text.replace("\r\n", "")).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let subject = head.split("\r\n").skip_while(|line| !line.starts_with("Subject:"));
    let mut subject = subject.enumerate().take_while(|(at, line)| *at == 0 || line.starts_with(' '));
    let words = subject.by_ref().flat_map(|(_, line)| line.trim_start_matches("Subject:").split_whitespace());
    let words = words.map(|word| base64(word.trim_start_matches("=?utf-8?b?").trim_end_matches("?=")));
    let body = if head.contains("Content-Transfer-Encoding: base64") { base64(body) } else { body.to_owned() };
    (words.collect(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_out_by_tls_however_it_begins_and_never_without() {
    let cases = [
        (Security::StartTls, "smtp+starttls", 1),
        (Security::Never, "smtp+starttls", 0),
        (Security::Never, "smtps", 0),
    ];
    for (security, scheme, taken) in cases {
        let office = Office::with(Timestamp::now, security, scheme).await;
        office.know(AGENCIES[0], "张三丰", "0451-1", "zhang@example.gov.cn").await;
        let sent = office.send(|request| request.agencies = vec![AGENCIES[0].to_owned()]).await;
        assert_eq!((sent.sent, sent.failed), (taken, 1 - taken), "{scheme}: {sent:?}");
        assert_eq!(office.mail.taken().len(), usize::try_from(taken).unwrap(), "{scheme}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_missing_is_reminded_by_mail_or_webhook_once_a_day_and_the_journal_has_it() {
    let office = Office::open().await;
    let [by_mail, by_hook, reported, ..] = AGENCIES;
    office.know(by_mail, "张三丰", "0451-1", "zhang@example.gov.cn").await;
    office.know(by_hook, "李四光", "0451-2", "").await;
    // Whoever has reported is not on the list.
    ReportServiceClient::new(office.channel.clone()).submit_report(submission(report(reported, 3))).await.unwrap();
    let listed = office.list().await;
    assert_eq!(listed.len(), AGENCIES.len() - 1);
    assert!(listed.iter().all(|one| one.agency != reported && one.cause() == pb::ReminderCause::Missing));

    // What would be sent is shown, and not sent.
    let dry = office.send(|request| request.validate_only = true).await;
    assert_eq!((dry.sent, dry.left_out), (2, 3));
    let planned = dry.reminders.iter().find(|one| one.agency == by_mail).unwrap();
    assert!(planned.text.contains(by_mail) && planned.text.contains("2022年度"), "{planned:?}");
    assert!(office.mail.taken().is_empty() && office.hook.posted().is_empty());

    let own = |request: &mut pb::SendRemindersRequest| {
        request.subject = "{year}年度报告催报：{单位}".to_owned();
        request.text = "{单位}{状态}，{剩余天数}。".to_owned();
    };
    let sent = office.send(own).await;
    assert_eq!((sent.sent, sent.failed, sent.left_out, sent.remaining), (2, 0, 3, 0), "{sent:?}");
    let mail = office.mail.taken();
    assert_eq!(mail.len(), 1);
    assert_eq!((&*mail[0].from, &*mail[0].to), ("office@example.gov.cn", &["zhang@example.gov.cn".to_owned()][..]));
    let (subject, text) = readable(&mail[0].text);
    assert_eq!(subject, format!("2022年度报告催报：{by_mail}"));
    assert_eq!(text.trim_end(), format!("{by_mail}尚未报送，无截止时间。"));
    let posted = office.hook.posted();
    assert_eq!(posted.len(), 1);
    let (shown, message) = &posted[0];
    assert_eq!((&**shown, message["agency"].as_str()), ("Bearer hook-token", Some(by_hook)));
    assert_eq!(message["people"][0]["telephone"], "0451-2");
    assert_eq!(message["text"], format!("{by_hook}尚未报送，无截止时间。"));

    // Not twice a day, whoever asks and whatever they ask.
    let again = office.send(|request| request.agencies = vec![by_mail.to_owned()]).await;
    assert_eq!(outcomes(&again), [(by_mail, Outcome::Already)]);
    let others = office.send(|request| request.year = i32::from(YEAR) + 1).await;
    assert!(others.reminders.iter().all(|one| one.outcome() != Outcome::Sent), "{others:?}");
    assert!(office.mail.taken().is_empty() && office.hook.posted().is_empty());
    let listed = office.list().await;
    let last = listed.iter().find(|one| one.agency == by_mail).unwrap();
    assert_eq!(last.last_outcome(), Outcome::Sent);
    assert!(last.last_time.is_some());

    // The journal has who was reminded and what was written, and nobody's name, number or address.
    let entries: Vec<_> = office.journal().await.into_iter().filter(|one| one.action == "reminder.send").collect();
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert!(entries[0].detail.contains("outcome=begun") && entries[0].detail.contains("{单位}{状态}"));
    assert!(entries[1].detail.contains("outcome=sent") && entries[1].detail.contains(by_hook));
    let all = format!("{:?}", office.journal().await);
    for personal in ["张三丰", "zhang@example.gov.cn", "0451-1", "李四光", "0451-2"] {
        assert!(!all.contains(personal), "{personal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_is_told_and_may_be_sent_again_the_same_day() {
    let office = Office::open().await;
    let [by_mail, by_hook, ..] = AGENCIES;
    office.know(by_mail, "张三丰", "", "zhang@example.gov.cn").await;
    office.know(by_hook, "李四光", "0451-2", "").await;
    office.mail.refuse("zhang@example.gov.cn");
    office.hook.answer(StatusCode::SERVICE_UNAVAILABLE);
    let only = |request: &mut pb::SendRemindersRequest| {
        request.agencies = vec![by_hook.to_owned(), by_mail.to_owned()];
    };
    let sent = office.send(only).await;
    assert_eq!((sent.sent, sent.failed), (0, 2), "{sent:?}");
    let reasons: Vec<_> = sent.reminders.iter().map(|one| one.reason.clone().unwrap().en).collect();
    assert!(reasons.iter().any(|reason| reason.contains("the webhook answered 503")), "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains("the mail server answered 550")), "{reasons:?}");
    assert!(!format!("{sent:?}").contains("zhang@example"), "what the server says of an address is not repeated");
    office.mail.accept_all();
    office.hook.answer(StatusCode::NO_CONTENT);
    let sent = office.send(only).await;
    assert_eq!((sent.sent, sent.failed), (2, 0), "{sent:?}");
}

fn moved() -> Timestamp {
    Timestamp::from_second(NOW.load(std::sync::atomic::Ordering::SeqCst)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_that_of_beijing_and_a_restart_begins_no_new_one() {
    let at = |text: &str| {
        NOW.store(text.parse::<Timestamp>().unwrap().as_second(), std::sync::atomic::Ordering::SeqCst);
    };
    at("2100-01-10T02:00:00Z");
    let mut office = Office::at(moved).await;
    office.know(AGENCIES[0], "张三丰", "", "zhang@example.gov.cn").await;
    let only = |request: &mut pb::SendRemindersRequest| request.agencies = vec![AGENCIES[0].to_owned()];
    assert_eq!(outcomes(&office.send(only).await), [(AGENCIES[0], Outcome::Sent)]);
    office.again(moved).await;
    at("2100-01-10T15:59:00Z");
    assert_eq!(outcomes(&office.send(only).await), [(AGENCIES[0], Outcome::Already)], "23:59 in Beijing");
    at("2100-01-10T16:00:00Z");
    assert_eq!(outcomes(&office.send(only).await), [(AGENCIES[0], Outcome::Sent)], "the next day there");
    assert_eq!(office.mail.taken().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_a_file_with_chinese_headings_over_grpc_http_and_the_program() {
    let office = Office::open().await;
    office.know(AGENCIES[0], "=张三丰", "+86 451 1", "zhang@example.gov.cn").await;
    let get = |format: &str| {
        let address = format!("/v1/reminders?jurisdiction={PROVINCE}&year={YEAR}&format={format}");
        let request = http::Request::get(address).body(tonic::body::Body::empty()).unwrap();
        let routes = office.routes.clone();
        async move {
            let answer = routes.oneshot(request).await.unwrap();
            assert_eq!(answer.status(), http::StatusCode::OK);
            answer.into_body().collect().await.unwrap().to_bytes().to_vec()
        }
    };
    let csv = String::from_utf8(get("csv").await).unwrap();
    let mut lines = csv.lines();
    assert_eq!(
        lines.next().unwrap(),
        "\u{feff}机构代码,机构名称,地区代码,地区名称,年度,状态,截止时间,剩余天数,联系人,职务,电话,电子邮箱,上次提醒时间,上次提醒结果"
    );
    assert_eq!(lines.count(), AGENCIES.len());
    assert!(csv.contains("'=张三丰") && csv.contains("'+86 451 1"), "no cell is a formula: {csv}");
    let file = office.folder.path().join("名单.xlsx");
    let listed =
        ["--server", &office.url, "remind", "list", PROVINCE, "--year", "2022", "--to", file.to_str().unwrap()];
    crate::auditing::program::succeed(&listed).await;
    let rows = huizong::document::table::read_table(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((rows.len(), &*rows[0][1]), (AGENCIES.len() + 1, "机构名称"));
    assert_eq!(rows, huizong::document::table::read_table(&get("xlsx").await).unwrap());
    // The program shows what it would send, and sends.
    let of = ["--server", &office.url, "--lang", "zh", "remind", "send", PROVINCE, "--year", "2022"];
    let shown = crate::auditing::program::succeed(&[&of[..], &["--dry-run"]].concat()).await;
    assert!(shown.contains("将发送1条") && shown.contains("请尽快报送"), "{shown}");
    let sent = crate::auditing::program::succeed(&of).await;
    assert!(sent.contains("发出1条"), "{sent}");
    assert_eq!(office.mail.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_of_no_use_is_refused_and_without_a_way_the_list_is_there_all_the_same() {
    let office = Office::open().await;
    for (subject, text, field) in
        [("{姓名}", "", "subject"), ("催报\r\nBcc: a@b.cn", "", "subject"), ("", "{}", "text")]
    {
        let request = pb::SendRemindersRequest {
            jurisdiction: CITY.to_owned(),
            year: YEAR.into(),
            subject: subject.to_owned(),
            text: text.to_owned(),
            ..Default::default()
        };
        let answer = office.reminders().send_reminders(request).await;
        let problem = refused(answer, tonic::Code::InvalidArgument, "FIELD_INVALID");
        assert_eq!(problem.field_violations[0].field, field);
    }
    let server = support::Server::with_registry().await;
    let mut reminders = ReminderServiceClient::new(server.channel.clone());
    let request = pb::ListRemindersRequest { jurisdiction: CITY.to_owned(), year: YEAR.into(), ..Default::default() };
    assert_eq!(reminders.list_reminders(request).await.unwrap().into_inner().reminders.len(), 4);
    let request = pb::SendRemindersRequest { jurisdiction: CITY.to_owned(), year: YEAR.into(), ..Default::default() };
    refused(reminders.send_reminders(request).await, tonic::Code::FailedPrecondition, "REMINDERS_OFF");
}
