//! A disk that is full while a view is built anew: a real one, of a few megabytes, which takes root to make.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use read_model::View;
use read_model::operations::{Kind, Phase};
use sqlx::PgPool;
use test_kit::eventually;
use uuid::Uuid;

use crate::replay::{ask, differences, done, ended, live};
use crate::setup::{PATIENCE, Setup};

/// A small disk for tables, which goes away with this.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    /// `None` where nobody may make one, or the server is not on this machine.
    async fn of_server(views: &PgPool) -> Option<Self> {
        let data: String = sqlx::query_scalar("show data_directory")
            .fetch_one(views)
            .await
            .unwrap();
        let owner = std::fs::metadata(&data).ok()?;
        let path = std::env::temp_dir().join(format!("small-disk-{}", Uuid::new_v4().simple()));
        std::fs::create_dir(&path).ok()?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs"])
            .arg(&path)
            .status();
        if !mounted.is_ok_and(|status| status.success()) {
            let _ = std::fs::remove_dir(&path);
            return None;
        }
        let disk = Self { path };
        std::os::unix::fs::chown(&disk.path, Some(owner.uid()), Some(owner.gid())).ok()?;
        Some(disk)
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, since the server may still have files open in it.
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
        let _ = std::fs::remove_dir(&self.path);
    }
}

#[tokio::test]
async fn a_rebuild_that_fills_the_disk_leaves_the_live_view_alone() {
    let mut setup = Setup::new().await;
    let Some(disk) = SmallDisk::of_server(&setup.views).await else {
        let not_tested = "No disk can be made here: a full one is not tested.";
        let _ = writeln!(std::io::stderr(), "{not_tested}");
        return;
    };
    let projector = setup.projector();
    setup.traffic("a", 1_500, 1).await;
    setup.caught_up().await;
    let space = format!("small_{}", Uuid::new_v4().simple());
    for statement in [
        format!(
            "create tablespace {space} location '{}'",
            disk.path().display()
        ),
        // Of tables that are made from now on; new connections heed it.
        format!(
            "do $$ begin execute format('alter database %I set default_tablespace = {space}', current_database()); end $$"
        ),
        "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()"
            .to_owned(),
    ] {
        sqlx::raw_sql(&statement)
            .execute(&setup.views)
            .await
            .unwrap();
    }
    let asked = ask(&setup.views, View::OrderHistory, Kind::Rebuild, false).await;
    let failed = ended(&setup.views, asked).await;
    assert_eq!(failed.phase, Phase::Failed);
    let error = failed.error.unwrap();
    assert!(error.contains("No space left on device"), "{error}");
    assert_eq!(live(&setup.views, View::OrderHistory).await, 1);
    // The live view is served and goes on.
    setup.traffic("b", 20, 2).await;
    setup.caught_up().await;
    assert_eq!(differences(&setup.views).await, []);

    sqlx::raw_sql(
        "do $$ begin execute format('alter database %I reset default_tablespace', current_database()); end $$;
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()",
    )
    .execute(&setup.views)
    .await
    .unwrap();
    done(&setup.views, View::OrderHistory, Kind::Rebuild).await;
    assert_ne!(live(&setup.views, View::OrderHistory).await, 1);
    assert_eq!(differences(&setup.views).await, []);
    eventually(
        "the tables of the failed rebuild to be dropped",
        PATIENCE,
        async || {
            let statement = format!("drop tablespace {space}");
            let dropped = sqlx::raw_sql(&statement);
            dropped.execute(&setup.views).await.ok()
        },
    )
    .await;
    projector.stop().await;
    drop(disk);
}
