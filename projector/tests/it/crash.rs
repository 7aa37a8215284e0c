//! A server of the views that crashes. Commits do not wait until they are stored, so it takes back the last of them.

use sqlx::Executor as _;

use crate::setup::{Setup, ids};

/// Keeps the views and their checkpoints as they are now.
const KEEP: &str = "do $$ declare
        name text;
    begin
        create schema kept;
        for name in
            select tablename from pg_tables
            where schemaname = 'public' and (tablename ~ '_1$' or tablename in ('checkpoint', 'parked'))
        loop
            execute format('create table kept.%1$I as table public.%1$I', name);
        end loop;
    end $$";

/// Has them as they were kept, all at once.
const TAKE_BACK: &str = "do $$ declare
        name text;
        columns text;
    begin
        for name in select tablename from pg_tables where schemaname = 'kept' loop
            select string_agg(quote_ident(column_name), ', ') into columns
            from information_schema.columns
            where table_schema = 'public' and table_name = name and is_generated = 'NEVER';
            execute format('delete from public.%I', name);
            execute format('insert into public.%1$I (%2$s) select %2$s from kept.%1$I', name, columns);
        end loop;
    end $$";

#[tokio::test]
async fn what_a_crash_takes_back_is_written_again_without_another_event() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 40, 1).await;
    setup.caught_up().await;
    setup.views.execute(KEEP).await.unwrap();
    setup.note(&ids("o", 40), "taken back").await;
    setup.traffic("p", 10, 0).await;
    setup.views_equal_the_log().await;
    setup.views.execute(TAKE_BACK).await.unwrap();
    setup.views_equal_the_log().await;
    projector.stop().await;
}
