//! Two services over one journal: what one decides rests on what the other has changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use huizong::access::{Power, PrincipalName, Role};
use huizong::config::StoreSettings;
use huizong::registry::{Jurisdiction, RegistryChange};
use huizong::report::Level;
use huizong::server::open_store;
use huizong::service::{Caller, Reason, RoleChange, Service, Settings};
use tempfile::TempDir;

use crate::store_contract::samples::{OpenShared, new_folder};

/// A service over a shared store, with the folder of its copy.
async fn service(open: &OpenShared) -> (Service, TempDir) {
    started(open, 5, Settings::default()).await
}

/// The same with settings of its own.
pub(super) async fn started(open: &OpenShared, poll_ms: u64, settings: Settings) -> (Service, TempDir) {
    let (folder, url) = (new_folder(), open.engine.url().to_owned());
    let store = StoreSettings {
        url,
        without_standby: true,
        poll_ms,
        min_free_bytes: 0,
        ballast_bytes: 0,
        ..StoreSettings::default()
    };
    let path = folder.path().to_owned();
    let start = move || {
        let opened = open_store(&path, &store).unwrap();
        Service::start(opened.store, opened.live, settings).unwrap()
    };
    (tokio::task::spawn_blocking(start).await.unwrap(), folder)
}

/// The powers that a principal holds, as a service knows it when it has come as far as any.
async fn powers(service: &Service, name: &PrincipalName) -> usize {
    service.come_to(Some("newest")).await.unwrap();
    let all = service.principals(1000, "").items;
    let known = all.iter().find(|known| known.name == *name);
    known.map_or(0, |known| known.roles.iter().filter(|role| matches!(role, Role::Power(_))).count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_powers_granted_at_two_instances_at_once_nobody_holds_both() {
    let Some(open) = OpenShared::new() else { return };
    let ((one, _one), (two, _two)) = (service(&open).await, service(&open).await);
    let caller = Caller::internal("test");
    let grant = |service: &Service, name: &PrincipalName, power: Power| {
        let (service, name, caller) = (service.clone(), name.clone(), caller.clone());
        tokio::spawn(async move {
            service.change_role(name, Role::Power(power), RoleChange::Grant { allow_missing: true }, &caller).await
        })
    };
    let mut contended = 0;
    for round in 0..30 {
        let name: PrincipalName = format!("person-{round}").parse().unwrap();
        let both = [grant(&one, &name, Power::System), grant(&two, &name, Power::Audit)];
        let granted = futures::future::join_all(both).await.into_iter().map(Result::unwrap);
        let (done, refused): (Vec<_>, Vec<_>) = granted.partition(Result::is_ok);
        assert_eq!(done.len(), 1, "{refused:?}");
        let reason = refused.into_iter().find_map(Result::err).unwrap().reason;
        assert!(matches!(reason, Reason::Contended | Reason::TwoPowers), "{reason:?}");
        contended += usize::from(reason == Reason::Contended);
        assert_eq!((powers(&one, &name).await, powers(&two, &name).await), (1, 1));
    }
    println!("contended: {contended} of 30");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_changes_of_the_registry_at_two_instances_at_once_each_rests_on_the_other() {
    let Some(open) = OpenShared::new() else { return };
    let ((one, _one), (two, _two)) = (service(&open).await, service(&open).await);
    let caller = Caller::internal("test");
    let province = |code: &str, name: &str| {
        RegistryChange::CreateJurisdiction(Jurisdiction {
            code: code.parse().unwrap(),
            display_name: name.to_owned(),
            level: Level::Province,
            parent: None,
            first_year: huizong::report::ReportYear::new(2008).unwrap(),
        })
    };
    for round in 0..20 {
        // The same code by two names: one of them is that of the province, and the other is refused.
        let code = format!("{}0000", 21 + round);
        let changes = [(&one, "甲省"), (&two, "乙省")].map(|(service, name)| {
            let (service, caller, change) =
                (service.clone(), caller.clone(), province(&code, &format!("{name}{round}")));
            tokio::spawn(async move { service.change_registry(vec![change], false, &caller).await })
        });
        let changed = futures::future::join_all(changes).await.into_iter().map(Result::unwrap);
        let (done, refused): (Vec<_>, Vec<_>) = changed.partition(Result::is_ok);
        assert_eq!((done.len(), refused.len()), (1, 1), "{refused:?}");
        for service in [&one, &two] {
            service.come_to(Some("newest")).await.unwrap();
            assert_eq!(service.totals_fault(), None, "round {round}");
        }
    }
    assert_eq!(one.place(), two.place());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_instance_that_starts_while_others_write_misses_nothing() {
    let Some(open) = OpenShared::new() else { return };
    let (one, _one) = service(&open).await;
    let over = Arc::new(AtomicBool::new(false));
    let writing = {
        let (one, over, caller) = (one.clone(), over.clone(), Caller::internal("test"));
        tokio::spawn(async move {
            let mut written = 0;
            while !over.load(Ordering::Relaxed) {
                let name: PrincipalName = format!("person-{written}").parse().unwrap();
                let role = Role::parse("auditor", "").unwrap();
                one.change_role(name, role, RoleChange::Grant { allow_missing: true }, &caller).await.unwrap();
                written += 1;
            }
            written
        })
    };
    let mut others = Vec::new();
    for _ in 0..8 {
        others.push(service(&open).await);
    }
    over.store(true, Ordering::Relaxed);
    let written = writing.await.unwrap();
    for (other, _) in &others {
        other.come_to(Some("newest")).await.unwrap();
        assert_eq!((other.place(), other.newest_sequence()), (one.place(), one.newest_sequence()));
        assert_eq!(other.principals(100_000, "").items.len(), written);
    }
    println!("{written} written beside eight starts");
}
