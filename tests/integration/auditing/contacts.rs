//! Contacts that were replaced are gone for good, and files of the registry carry those that hold.

use std::path::{Path, PathBuf};

use huizong::pb;
use huizong::pb::registry_service_client::RegistryServiceClient;
use tonic::transport::Channel;

use super::program::{huizong, newest, register, succeed, text};
use crate::support::AGENCIES;
use crate::support::process::start;

/// Words that would stand out wherever they are.
const BEFORE: [&str; 2] = ["负责人张三丰丰", "zhangsanfeng@example.gov.cn"];
const NOW: [&str; 2] = ["负责人李四光光", "lisiguang@example.gov.cn"];

async fn put(channel: &Channel, agency: &str, [name, email]: [&str; 2]) {
    let person = pb::Contact { name: name.to_owned(), email: email.to_owned(), ..Default::default() };
    let contacts = pb::AgencyContacts { name: format!("{agency}/contacts"), people: vec![person], etag: String::new() };
    let request = pb::UpdateAgencyContactsRequest { contacts: Some(contacts), validate_only: false };
    RegistryServiceClient::new(channel.clone()).update_agency_contacts(request).await.unwrap();
}

/// Files below a folder that hold a text.
fn holding(folder: &Path, words: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, words));
        } else if std::fs::read(&path).unwrap().windows(words.len()).any(|part| part == words.as_bytes()) {
            found.push(path);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_that_were_replaced_are_gone_from_log_copy_backup_and_restored_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (server, channel) = start(&file("data")).await;
    register(&channel).await;
    put(&channel, AGENCIES[0], BEFORE).await;
    let first = newest(&channel).await;
    put(&channel, AGENCIES[0], NOW).await;
    assert_eq!(newest(&channel).await, first + 2, "the new ones, and that those before are gone");
    let command = |arguments: &[&str]| {
        let all: Vec<String> =
            ["--server", &server.url].into_iter().chain(arguments.iter().copied()).map(str::to_owned).collect();
        async move { succeed(&all.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    assert!(command(&["contacts", "show", AGENCIES[0]]).await.contains(NOW[0]));
    command(&["verify"]).await;
    let backup = file("backup");
    command(&["backup", "--output", text(&backup)]).await;
    let journal = command(&["journal", "--format", "json"]).await;
    for words in [&BEFORE[..], &NOW].concat() {
        assert!(!journal.contains(words), "{words}");
    }
    drop((server, channel));
    for words in BEFORE {
        assert_eq!(holding(&file("data").join("log"), words), Vec::<PathBuf>::new(), "{words}");
    }
    succeed(&["verify", "--data", text(&file("data"))]).await;
    succeed(&["restore", text(&backup), "--data", text(&file("restored")), "--accept-older-access"]).await;
    succeed(&["verify", "--data", text(&file("restored"))]).await;
    for words in BEFORE {
        assert_eq!(holding(&file("restored"), words), Vec::<PathBuf>::new(), "{words}");
    }
    // Those that hold are there.
    let (server, _channel) = start(&file("restored")).await;
    let shown = succeed(&["--server", &server.url, "contacts", "list"]).await;
    assert!(NOW.iter().all(|words| shown.contains(words)), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_the_registry_carry_contacts_where_that_is_asked_for_and_take_them_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (server, channel) = start(&file("data")).await;
    register(&channel).await;
    put(&channel, AGENCIES[0], BEFORE).await;
    put(&channel, AGENCIES[3], NOW).await;
    let (other, _other_channel) = start(&file("other")).await;
    for ending in ["csv", "xlsx", "json"] {
        let (plain, whole, again) = (format!("plain.{ending}"), format!("whole.{ending}"), format!("again.{ending}"));
        let [plain, whole, again] = [plain, whole, again].map(|name| file(&name));
        succeed(&["--server", &server.url, "registry", "export", text(&plain)]).await;
        succeed(&["--server", &server.url, "registry", "export", text(&whole), "--contacts"]).await;
        let dry = ["--server", &other.url, "registry", "import", text(&whole), "--dry-run", "--confirm", "-"];
        succeed(&dry).await;
        let told = succeed(&["--server", &other.url, "registry", "import", text(&whole), "--confirm", "-"]).await;
        assert!(told.contains("联系人2个机构"), "{told}");
        succeed(&["--server", &other.url, "registry", "export", text(&again), "--contacts"]).await;
        // What is zipped holds times.
        if ending != "xlsx" {
            let [plain, whole, again] = [&plain, &whole, &again].map(|path| std::fs::read_to_string(path).unwrap());
            assert_eq!(again, whole);
            assert!(BEFORE.iter().chain(&NOW).all(|words| whole.contains(words) && !plain.contains(words)));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&whole).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "for its owner alone");
        }
    }
    // A line for people whose field is none is refused with its line.
    let wrong = file("wrong.csv");
    std::fs::write(
        &wrong,
        "type,code,parent,name,level,kind,first_year,telephone\ncontact,city-bureau,,张三,,,,电话\n",
    )
    .unwrap();
    let refused = huizong(&["--server", &server.url, "registry", "import", text(&wrong)]).await;
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("第2行“电话”"), "{told}");
    // Where the contacts of one agency are refused, those of no other and no entry of the file are stored.
    let half = file("half.csv");
    let (known, rows) =
        (AGENCIES[0].trim_start_matches("agencies/"), "type,code,parent,name,level,first_year,telephone\n");
    let rows = format!(
        "{rows}jurisdiction,230600,230000,大庆市,city,2019,\ncontact,{known},,王五,,,0451-9\ncontact,nobody,,赵六,,,0451-8\n"
    );
    std::fs::write(&half, rows).unwrap();
    let refused = huizong(&["--server", &server.url, "registry", "import", text(&half)]).await;
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("nobody"), "{refused:?}");
    let shown = succeed(&["--server", &server.url, "contacts", "show", AGENCIES[0]]).await;
    assert!(shown.contains(BEFORE[0]) && !shown.contains("王五"), "{shown}");
    assert!(!succeed(&["--server", &server.url, "registry", "show", "230000"]).await.contains("230600"));
}
