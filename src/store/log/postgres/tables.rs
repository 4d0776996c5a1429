//! Makes the tables of a shared log, once, and tells what is in them.

use tokio_postgres::Client;

use crate::report::Hash;
use crate::store::journal::Position;

use super::address::Engine;
use super::session::{ANSWER, Trouble, connect, within};
use super::{Background, FORMAT, Head, analysis, sql};

/// A relation that is not there.
const NO_TABLE: &str = "42P01";
const NO_SCHEMA: &str = "3F000";
/// What is there already; two that make the same at once may also meet in the server's own tables.
const THERE: [&str; 4] = ["42P07", "42P06", "42710", "23505"];
/// What this role may not do.
const NOT_ALLOWED: &str = "42501";

/// What the server said, with what to do where that is known.
pub(super) fn advised(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Said { code, words } if code == NO_TABLE => {
            format!("{words}: make the tables with huizong store init")
        }
        Trouble::Said { code, words } if code == NOT_ALLOWED => {
            format!("{words}: let huizong store init grant this role its rights (--role)")
        }
        trouble => trouble.to_string(),
    }
}

/// Who may use the tables, besides whoever makes them.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    /// That of the instances.
    pub instances: Option<String>,
    /// One that may read the analysts' views, and nothing else. Where there is one, these views are made.
    pub analyst: Option<String>,
}

/// What is made beside the head and the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extras {
    /// Jobs are done by one instance for all.
    pub leases: bool,
    /// Figures are kept for analysts.
    pub analysis: bool,
}

/// Statements in which `{}` stands for a role.
fn granted(statements: &str, role: &str) -> String {
    statements.replace("{}", &format!("\"{}\"", role.replace('"', "\"\"")))
}

/// Makes what is beside the head and the journal, as far as it is wanted.
async fn make_extras(client: &Client, missing: Extras) -> Result<(), tokio_postgres::Error> {
    if missing.leases {
        client.batch_execute(sql::LEASE_TABLE).await?;
    }
    if missing.analysis {
        client.batch_execute(sql::ANALYSIS).await?;
        client.execute(sql::FIRST_PLACE, &[&Hash::default().0.to_vec(), &analysis::LAYOUT]).await?;
    }
    Ok(())
}

/// Lets roles use what there is.
async fn grant(client: &Client, roles: &Roles, there: Extras) -> Result<(), tokio_postgres::Error> {
    let parts = [(sql::GRANTS, true), (sql::LEASE_GRANTS, there.leases), (sql::ANALYSIS_GRANTS, there.analysis)];
    for (statements, _) in parts.into_iter().filter(|(_, is_there)| *is_there) {
        if let Some(role) = &roles.instances {
            client.batch_execute(&granted(statements, role)).await?;
        }
    }
    match &roles.analyst {
        Some(role) => client.batch_execute(&granted(sql::ANALYST_GRANTS, role)).await,
        None => Ok(()),
    }
}

/// What there is beside the head and the journal, as far as this role may use it.
pub(super) async fn extras(client: &Client) -> Result<Extras, Trouble> {
    let mut there = [false; 2];
    for (there, question) in there.iter_mut().zip([sql::HAS_LEASES, sql::HAS_ANALYSIS]) {
        *there = match within(ANSWER, client.batch_execute(question)).await {
            Ok(()) => true,
            Err(Trouble::Said { code, .. }) if [NO_TABLE, NO_SCHEMA, NOT_ALLOWED].contains(&code.as_str()) => false,
            Err(trouble) => return Err(trouble),
        };
    }
    let [leases, analysis] = there;
    Ok(Extras { leases, analysis })
}

/// Makes the tables, and lets roles use them, in one transaction.
///
/// # Errors
/// Says why not: there are such tables already, the server cannot be reached, or this role may not.
pub fn init(engine: &Engine, roles: &Roles) -> Result<(), String> {
    let runtime = Background::begin().map_err(|error| error.to_string())?;
    let (engine, roles) = (engine.clone(), roles.clone());
    let made = runtime.wait(async move {
        let (client, _, driver) = connect(&engine, None).await?;
        let make = async {
            client.batch_execute(sql::BEGIN).await?;
            client.batch_execute(sql::TABLES).await?;
            // Tells this store from any other that may come to be under the same address.
            let epoch = uuid::Uuid::new_v4().into_bytes().to_vec();
            client.execute(sql::FIRST_HEAD, &[&Hash::default().0.to_vec(), &epoch, &FORMAT]).await?;
            let extras = Extras { leases: true, analysis: roles.analyst.is_some() };
            make_extras(&client, extras).await?;
            grant(&client, &roles, extras).await?;
            client.batch_execute(sql::COMMIT).await
        };
        let made = within(ANSWER, make).await;
        if made.is_ok()
            && let Err(trouble) = within(ANSWER, client.batch_execute(sql::STORAGE)).await
        {
            tracing::info!(%trouble, "the server keeps rows in its own way");
        }
        driver.abort();
        made
    });
    made.map_err(|trouble: Trouble| match trouble {
        Trouble::Said { code, words } if THERE.contains(&code.as_str()) => {
            format!("there is a store already, or another program's tables, and nothing was changed: {words}")
        }
        trouble => advised(&trouble),
    })
}

/// Makes what a store of before lacks beside its head and its journal, and lets roles use all of it, in one transaction: what was
/// made. Instances of before go on as they are, and know nothing of it.
///
/// # Errors
/// Says why not: there is no store, the server cannot be reached, or this role may not.
pub fn upgrade(engine: &Engine, roles: &Roles) -> Result<Extras, String> {
    let runtime = Background::begin().map_err(|error| error.to_string())?;
    let (engine, roles) = (engine.clone(), roles.clone());
    let made = runtime.wait(async move {
        let (client, _, driver) = connect(&engine, None).await?;
        // Where it may not be looked at, it is there, and whoever makes it is told so.
        let there = extras(&client).await?;
        let missing = Extras { leases: !there.leases, analysis: !there.analysis && roles.analyst.is_some() };
        let make = async {
            client.batch_execute(sql::BEGIN).await?;
            // One after the other, and only where there is a store.
            client.query(sql::LOCK_HEAD, &[]).await?;
            make_extras(&client, missing).await?;
            let now = Extras { leases: true, analysis: there.analysis || missing.analysis };
            grant(&client, &roles, now).await?;
            client.batch_execute(sql::COMMIT).await
        };
        let made = within(ANSWER, make).await;
        driver.abort();
        made.map(|()| missing)
    });
    made.map_err(|trouble: Trouble| match trouble {
        Trouble::Said { code, words } if THERE.contains(&code.as_str()) => {
            format!("it is there already, made by another role or for another store, and nothing was changed: {words}")
        }
        trouble => advised(&trouble),
    })
}

/// What a shared log says of itself.
#[derive(Debug, Clone)]
pub struct EngineStatus {
    /// Its newest entry.
    pub position: Position,
    /// Tells it from others, in hexadecimal.
    pub epoch: String,
    /// Layout of the tables.
    pub format: i64,
    /// Settings that say whether it keeps what it acknowledges, by name.
    pub settings: Vec<(&'static str, String)>,
    /// Why no instance would use it; none where they would.
    pub fault: Option<String>,
    /// Standbys that follow it, and those among them that commits wait for, as far as this role may see them; none where the
    /// server does not tell.
    pub standbys: Option<(u64, u64)>,
    /// What there is beside the journal.
    pub extras: Extras,
}

/// In the order of [`sql::DURABILITY`].
const SETTINGS: [&str; 6] =
    ["fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names", "is a standby", "version"];

/// Looks at a shared log.
///
/// # Errors
/// Says why it cannot be looked at.
pub fn status(engine: &Engine) -> Result<EngineStatus, String> {
    let runtime = Background::begin().map_err(|error| error.to_string())?;
    let engine = engine.clone();
    let without_standby = engine.options.without_standby;
    let looked = runtime.wait(async move {
        let (client, _, driver) = connect(&engine, None).await?;
        let look = async {
            let settings = client.query_one(sql::DURABILITY, &[]).await?;
            let head = client.query_opt(sql::HEAD, &[]).await?;
            Ok((settings, head, client.query_one(sql::STANDBYS, &[]).await.ok()))
        };
        let looked = within(ANSWER, look).await;
        let extras = extras(&client).await;
        driver.abort();
        Ok((looked?, extras?))
    });
    let ((settings, head, standbys), extras) = looked.map_err(|trouble: Trouble| advised(&trouble))?;
    let said = super::session::settings(&settings);
    let head = head.ok_or("the shared log has no head")?;
    let Head { position, epoch, format } = Head::of(&head).map_err(|error| error.to_string())?;
    Ok(EngineStatus {
        position,
        epoch: hex::encode(epoch),
        format,
        fault: super::session::unfit(&said, without_standby).or_else(|| {
            (format > FORMAT).then(|| format!("its tables have format {format}, and this program knows up to {FORMAT}"))
        }),
        standbys: standbys.and_then(|row| {
            let count = |at| row.try_get::<_, i64>(at).ok().and_then(|count| u64::try_from(count).ok());
            Some((count(0)?, count(1)?))
        }),
        extras,
        settings: SETTINGS.into_iter().zip(said).collect(),
    })
}
