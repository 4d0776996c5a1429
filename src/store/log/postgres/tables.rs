//! Makes the tables of a shared log, once, and tells what is in them.

use crate::report::Hash;
use crate::store::journal::Position;

use super::address::Engine;
use super::session::{ANSWER, Trouble, connect, within};
use super::{Background, FORMAT, Head, sql};

/// A relation that is not there.
const NO_TABLE: &str = "42P01";
/// What is there already; two that make the same at once may also meet in the server's own tables.
const THERE: [&str; 3] = ["42P07", "42710", "23505"];
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

/// Makes the tables, and lets a role use them, in one transaction.
///
/// # Errors
/// Says why not: there are such tables already, the server cannot be reached, or this role may not.
pub fn init(engine: &Engine, role: Option<&str>) -> Result<(), String> {
    let runtime = Background::begin().map_err(|error| error.to_string())?;
    let grants = role.map(|role| sql::GRANTS.replace("{}", &format!("\"{}\"", role.replace('"', "\"\""))));
    let engine = engine.clone();
    let made = runtime.wait(async move {
        let (client, _, driver) = connect(&engine, None).await?;
        let make = async {
            client.batch_execute(sql::BEGIN).await?;
            client.batch_execute(sql::TABLES).await?;
            // Tells this store from any other that may come to be under the same address.
            let epoch = uuid::Uuid::new_v4().into_bytes().to_vec();
            client.execute(sql::FIRST_HEAD, &[&Hash::default().0.to_vec(), &epoch, &FORMAT]).await?;
            if let Some(grants) = grants {
                client.batch_execute(&grants).await?;
            }
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
        driver.abort();
        looked
    });
    let (settings, head, standbys) = looked.map_err(|trouble: Trouble| advised(&trouble))?;
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
        settings: SETTINGS.into_iter().zip(said).collect(),
    })
}
