//! What an append costs in a session that is as old as its log.

use serde_json::Value;
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

use crate::log::Log;

const APPENDS: usize = 50_000;

/// Begins order `n` with one event and a key.
const APPEND: &str = "append_events(
    array['order'], array['o-' || n], array[0::bigint], array[null::uuid], array[1], array[0],
    array[md5('e' || n)::uuid], array[md5('k' || n)::uuid], array[md5('r')::uuid], array[201::smallint], array[false],
    array['order'], array['o-' || n], array[1::bigint], array[get_byte(decode(md5('o-' || n), 'hex'), 0)::smallint],
    array[md5('e' || n)::uuid], array['NoteAdded'], array['1'], array['{}'], array['{}'])";

/// Pages that one append looks at, by the plans that this session keeps.
async fn pages_of_an_append(session: &mut PgConnection, n: usize) -> u64 {
    let explain = format!(
        "explain (analyze, buffers, format json) select a.* from (values ({n})) as v (n), {APPEND} as a"
    );
    let row = session.fetch_one(explain.as_str()).await.unwrap();
    let plan: Value = row.get(0);
    let plan = &plan[0]["Plan"];
    ["Shared Hit Blocks", "Shared Read Blocks"]
        .map(|name| plan[name].as_u64().unwrap())
        .iter()
        .sum()
}

#[tokio::test]
async fn the_fifty_thousandth_append_of_a_session_costs_what_the_first_did() {
    let log = Log::new().await;
    // Nobody may mend the plans: statistics that say "empty" are what a fresh log has.
    log.run(
        "alter table event set (autovacuum_enabled = off);
        alter table idempotency_key set (autovacuum_enabled = off)",
    )
    .await;
    log.run("vacuum analyze event").await;
    log.run("vacuum analyze idempotency_key").await;
    let mut session = PgConnection::connect(&log.database.url).await.unwrap();
    for n in 0..20 {
        pages_of_an_append(&mut session, n).await;
    }
    let at_first = pages_of_an_append(&mut session, 20).await;
    let many = format!(
        "do $$
        begin
            for n in 21 .. {APPENDS} loop
                perform {APPEND};
                commit;
            end loop;
        end $$"
    );
    session
        .execute("set synchronous_commit = off")
        .await
        .unwrap();
    session.execute(many.as_str()).await.unwrap();
    let at_last = pages_of_an_append(&mut session, APPENDS + 1).await;
    // Each of the indexes has grown by a level or two; a walk through a table would be thousands of pages.
    assert!(
        at_last <= at_first + 40,
        "an append looked at {at_first} pages at first and at {at_last} after {APPENDS}"
    );
    session.close().await.unwrap();
    assert_eq!(log.assert_continuous().await.len(), APPENDS + 2);
}
