//! Whether a database is one that this platform can rely on: its server, its settings, its schema.

use sqlx::migrate::Migrator;
use sqlx::{PgPool, Row as _};
use thiserror::Error;

use crate::problem::chain;

/// The oldest PostgreSQL that will do.
const OLDEST_MAJOR: i32 = 15;

/// What is wrong with a database. The texts are public: no names, no SQL.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Flaw {
    /// The server lacks what the schema needs.
    #[error("PostgreSQL {major} is too old, {OLDEST_MAJOR} or newer is needed")]
    OldServer {
        /// Its major version.
        major: i32,
    },
    /// Not every text can be stored.
    #[error("its encoding is {encoding}, and must be UTF8")]
    Encoding {
        /// What it is.
        encoding: String,
    },
    /// Nobody has migrated it.
    #[error("it has no schema, run `orders migrate`")]
    NoSchema,
    /// It has the schema of an older release.
    #[error(
        "its schema is older than this program's, run `orders migrate` (migration {missing} is missing)"
    )]
    OldSchema {
        /// The first migration that is missing.
        missing: i64,
    },
    /// It has the schema of something else.
    #[error(
        "its schema is not this program's (migration {differs} is another one, or did not end well)"
    )]
    OtherSchema {
        /// The first migration that differs.
        differs: i64,
    },
    /// It has the schema of a newer release, which older ones can use unless that release says otherwise.
    #[error("its schema is newer than this program's (migration {unknown})")]
    NewSchema {
        /// The last migration that this program does not know.
        unknown: i64,
    },
    /// A crash of the machine can lose or damage what was acknowledged.
    #[error("fsync is off, a crash of its machine can damage what it holds")]
    Fsync,
    /// A crash of the machine can damage pages.
    #[error("full_page_writes is off, a crash of its machine can damage what it holds")]
    FullPageWrites,
    /// A crash of the server loses what was acknowledged last.
    #[error("synchronous_commit is off, a crash loses what was acknowledged last")]
    SynchronousCommit,
}

impl Flaw {
    /// Whether nothing can work with this database.
    pub fn makes_unusable(&self) -> bool {
        match self {
            Self::OldServer { .. }
            | Self::Encoding { .. }
            | Self::NoSchema
            | Self::OldSchema { .. }
            | Self::OtherSchema { .. } => true,
            Self::NewSchema { .. }
            | Self::Fsync
            | Self::FullPageWrites
            | Self::SynchronousCommit => false,
        }
    }

    /// Whether what was acknowledged can be lost.
    pub fn weakens_durability(&self) -> bool {
        matches!(
            self,
            Self::Fsync | Self::FullPageWrites | Self::SynchronousCommit
        )
    }
}

/// These flaws in one text.
pub fn told<'a>(flaws: impl IntoIterator<Item = &'a Flaw>) -> String {
    let texts: Vec<String> = flaws.into_iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// What the server says of itself and of the schema.
#[derive(Debug, Clone)]
struct Facts {
    version: i32,
    encoding: String,
    fsync: bool,
    full_page_writes: bool,
    synchronous_commit: bool,
    /// Version, checksum and success of each migration, in order; none where nobody has migrated.
    migrations: Option<Vec<(i64, Vec<u8>, bool)>>,
}

/// Looks for what is wrong with this database, as this pool's role and connections see it. `schema` is what the program
/// was built with; its role must be allowed to read the table of migrations.
pub async fn flaws(pool: &PgPool, schema: &Migrator) -> Result<Vec<Flaw>, sqlx::Error> {
    let facts = facts(pool).await?;
    let known: Vec<(i64, &[u8])> = schema
        .iter()
        .map(|migration| (migration.version, migration.checksum.as_ref()))
        .collect();
    Ok(judge(&facts, &known))
}

/// For a service's health: whether it can work with this database, else why not.
pub async fn check(pool: &PgPool, schema: &Migrator) -> Result<(), String> {
    let flaws = flaws(pool, schema).await.map_err(|error| {
        tracing::warn!(error = %chain(&error), "a database cannot be looked at");
        "does not answer as it should".to_owned()
    })?;
    let unusable = told(flaws.iter().filter(|flaw| flaw.makes_unusable()));
    if unusable.is_empty() {
        Ok(())
    } else {
        Err(unusable)
    }
}

async fn facts(pool: &PgPool) -> Result<Facts, sqlx::Error> {
    let row = sqlx::query(
        "select
            current_setting('server_version_num')::integer,
            current_setting('server_encoding'),
            current_setting('fsync')::boolean,
            current_setting('full_page_writes')::boolean,
            current_setting('synchronous_commit') <> 'off',
            to_regclass('_sqlx_migrations') is not null",
    )
    .fetch_one(pool)
    .await?;
    let mut facts = Facts {
        version: row.try_get(0)?,
        encoding: row.try_get(1)?,
        fsync: row.try_get(2)?,
        full_page_writes: row.try_get(3)?,
        synchronous_commit: row.try_get(4)?,
        migrations: None,
    };
    if row.try_get(5)? {
        let migrations = sqlx::query_as(
            "select version, checksum, success
            from _sqlx_migrations
            order by version",
        );
        facts.migrations = Some(migrations.fetch_all(pool).await?);
    }
    Ok(facts)
}

fn judge(facts: &Facts, known: &[(i64, &[u8])]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let major = facts.version / 10_000;
    if major < OLDEST_MAJOR {
        flaws.push(Flaw::OldServer { major });
    }
    if facts.encoding != "UTF8" {
        let encoding = facts.encoding.clone();
        flaws.push(Flaw::Encoding { encoding });
    }
    match &facts.migrations {
        None => flaws.push(Flaw::NoSchema),
        Some(applied) => flaws.extend(judge_schema(applied, known)),
    }
    for (fine, flaw) in [
        (facts.fsync, Flaw::Fsync),
        (facts.full_page_writes, Flaw::FullPageWrites),
        (facts.synchronous_commit, Flaw::SynchronousCommit),
    ] {
        if !fine {
            flaws.push(flaw);
        }
    }
    flaws
}

fn judge_schema(applied: &[(i64, Vec<u8>, bool)], known: &[(i64, &[u8])]) -> Option<Flaw> {
    if applied.is_empty() {
        return Some(Flaw::NoSchema);
    }
    for (version, checksum) in known {
        match applied.iter().find(|(there, ..)| there == version) {
            None => return Some(Flaw::OldSchema { missing: *version }),
            Some((_, there, success)) if there != checksum || !success => {
                return Some(Flaw::OtherSchema { differs: *version });
            }
            Some(_) => {}
        }
    }
    let unknown = applied
        .iter()
        .map(|(version, ..)| *version)
        .rfind(|version| known.iter().all(|(there, _)| there != version));
    unknown.map(|unknown| Flaw::NewSchema { unknown })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [(i64, &[u8]); 2] = [(1, b"one"), (2, b"two")];

    fn good() -> Facts {
        Facts {
            version: 150_018,
            encoding: "UTF8".to_owned(),
            fsync: true,
            full_page_writes: true,
            synchronous_commit: true,
            migrations: Some(vec![(1, b"one".to_vec(), true), (2, b"two".to_vec(), true)]),
        }
    }

    fn with(change: impl FnOnce(&mut Facts)) -> Vec<Flaw> {
        let mut facts = good();
        change(&mut facts);
        judge(&facts, &KNOWN)
    }

    fn migrated(change: impl FnOnce(&mut Vec<(i64, Vec<u8>, bool)>)) -> Vec<Flaw> {
        with(|facts| change(facts.migrations.as_mut().unwrap()))
    }

    #[test]
    fn a_database_as_it_should_be_has_no_flaw() {
        assert_eq!(judge(&good(), &KNOWN), []);
        assert_eq!(with(|facts| facts.version = 180_001), []);
    }

    #[test]
    fn a_server_older_than_fifteen_is_unusable() {
        let flaws = with(|facts| facts.version = 140_011);
        assert_eq!(flaws, [Flaw::OldServer { major: 14 }]);
        assert!(flaws[0].makes_unusable());
        assert_eq!(
            told(&flaws),
            "PostgreSQL 14 is too old, 15 or newer is needed"
        );
    }

    #[test]
    fn every_way_in_which_a_schema_differs_is_told() {
        assert_eq!(with(|facts| facts.migrations = None), [Flaw::NoSchema]);
        assert_eq!(migrated(Vec::clear), [Flaw::NoSchema]);
        let old = migrated(|applied| applied.truncate(1));
        assert_eq!(old, [Flaw::OldSchema { missing: 2 }]);
        let other = migrated(|applied| applied[0].1 = b"uno".to_vec());
        assert_eq!(other, [Flaw::OtherSchema { differs: 1 }]);
        let broken = migrated(|applied| applied[1].2 = false);
        assert_eq!(broken, [Flaw::OtherSchema { differs: 2 }]);
        let new = migrated(|applied| applied.push((3, b"three".to_vec(), true)));
        assert_eq!(new, [Flaw::NewSchema { unknown: 3 }]);
        assert!(!new[0].makes_unusable() && !new[0].weakens_durability());
    }

    #[test]
    fn settings_that_lose_what_was_acknowledged_are_told_all_at_once() {
        let flaws = with(|facts| {
            facts.fsync = false;
            facts.full_page_writes = false;
            facts.synchronous_commit = false;
        });
        assert_eq!(
            flaws,
            [Flaw::Fsync, Flaw::FullPageWrites, Flaw::SynchronousCommit]
        );
        assert!(flaws.iter().all(Flaw::weakens_durability));
        assert!(!flaws.iter().any(Flaw::makes_unusable));
    }
}
