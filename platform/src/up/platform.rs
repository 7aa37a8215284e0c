//! The platform's parts, in the order in which they start, and stop the other way round.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::future::{join_all, try_join_all};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::keeper::Kept;
use super::servers::{self, Urls};
use super::services::{self, ServicePlan};
use super::{Up, begin_anew};
use super::{announcement, broker_watch};
use crate::data_dir::{DataDir, Lock, write_private};
use crate::port;
use crate::process::Spawner;
use crate::signals::Signals;
use crate::state::State;
use crate::terminal;
use crate::token::Tokens;

/// How long the services may take to be ready.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// A platform on its data directory, which it holds for itself.
#[derive(Debug)]
pub(crate) struct Platform {
    dir: DataDir,
    spawner: Spawner,
    http: reqwest::Client,
    /// Cancelled, it makes a stop that is under way kill instead of wait.
    hasten: CancellationToken,
    /// Cancelled, it ends the watch over the broker.
    watch: CancellationToken,
    apis: Vec<Kept>,
    projectors: Vec<Kept>,
    nats: Option<Kept>,
    postgres: Option<Kept>,
    _lock: Lock,
}

/// Where a platform that is ready can be reached.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub(crate) command_url: String,
    pub(crate) query_url: String,
    /// None where tokens are signed elsewhere (`AUTH_JWKS`).
    pub(crate) token: Option<String>,
    pub(crate) nats_url: String,
    pub(crate) event_store_url: String,
    pub(crate) read_model_url: String,
    pub(crate) pids: BTreeMap<String, i32>,
    pub(crate) data_dir: DataDir,
}

impl Platform {
    /// Takes the data directory. Starts nothing.
    pub(crate) fn open(up: &Up) -> Result<Self> {
        let dir = DataDir::open(&up.data_dir)?;
        let lock = dir.lock()?;
        Ok(Self {
            dir,
            spawner: Spawner::start()?,
            http: crate::http::client()?,
            hasten: CancellationToken::new(),
            watch: CancellationToken::new(),
            apis: Vec::new(),
            projectors: Vec::new(),
            nats: None,
            postgres: None,
            _lock: lock,
        })
    }

    /// Starts everything and waits until it is ready. What was started before an error stays until `stop`.
    pub(crate) async fn start(&mut self, up: &Up) -> Result<Ready> {
        services::end_left_over(&self.dir).await;
        // Of a platform that was killed.
        drop(std::fs::remove_file(self.dir.ready_file()));
        let command_addr =
            choose_addr(up.command_port, "--command-port", "COMMAND_API_ADDR", 8081)?;
        let query_addr = choose_addr(up.query_port, "--query-port", "QUERY_API_ADDR", 8082)?;
        if up.fresh {
            begin_anew(&self.dir).await?;
        }
        let mut state = State::load_or_generate(&self.dir)?;
        let tokens = Tokens::of(&state);
        let mut urls = Urls::default();
        self.postgres = servers::start_postgres(
            &self.dir,
            &mut state,
            &self.spawner,
            &self.hasten,
            &mut urls,
        )
        .await?;
        let nats = servers::start_nats(
            &self.dir,
            &mut state,
            &self.spawner,
            &self.http,
            &self.hasten,
            &mut urls,
        )
        .await?;
        let command_url = format!("http://{command_addr}");
        if let Some((kept, broker)) = nats {
            broker_watch::start(
                broker,
                kept.replacer(),
                &command_url,
                &self.http,
                &self.hasten,
            );
            self.nats = Some(kept);
        }
        let query_url = format!("http://{query_addr}");
        let public_url =
            servers::named("QUERY_API_PUBLIC_URL").unwrap_or_else(|| query_url.clone());
        let secret = tokens.generated_secret();
        let mut plans = vec![
            ServicePlan::command_api(command_addr, &public_url, &urls, secret),
            ServicePlan::query_api(query_addr, &urls, secret),
        ];
        for number in 1..=up.projectors {
            let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port::any()?));
            plans.push(ServicePlan::projector(number, addr, &urls));
        }
        terminal::note("Starting the services …");
        self.start_services(up.split, plans).await?;
        let ready = Ready {
            command_url,
            query_url,
            token: tokens.issue_for_everything().await?,
            nats_url: urls.nats_for_subscribers,
            event_store_url: urls.log_owner,
            read_model_url: urls.views_owner,
            pids: self.pids(),
            data_dir: self.dir.clone(),
        };
        // For other commands on this data directory, e.g. the demo.
        write_private(&self.dir.ready_file(), &announcement::line(&ready))?;
        Ok(ready)
    }

    async fn start_services(&mut self, split: bool, plans: Vec<ServicePlan>) -> Result<()> {
        let addrs: Vec<_> = plans
            .iter()
            .map(|plan| (plan.name.clone(), plan.addr))
            .collect();
        for plan in plans {
            let name = plan.name.clone();
            let is_projector = name.starts_with("projector");
            let start = if split {
                plan.into_process(&self.dir, &self.spawner)
            } else {
                plan.into_task()
            };
            let kept = Kept::start(&name, &self.dir, &self.hasten, start).await?;
            if is_projector {
                self.projectors.push(kept);
            } else {
                self.apis.push(kept);
            }
        }
        let waits = addrs.into_iter().map(|(name, addr)| {
            let kept = self
                .apis
                .iter()
                .chain(&self.projectors)
                .find(|kept| kept.name() == name);
            let first_end = kept.map(Kept::first_end);
            let http = self.http.clone();
            async move {
                let first_end = first_end.context("a service that is not kept")?;
                tokio::select! {
                    how = first_end => bail!("{name} ended at its start: {how}"),
                    ready = await_ready(&http, &name, addr) => ready,
                }
            }
        });
        try_join_all(waits).await?;
        Ok(())
    }

    /// Stops everything; from the first signal on nothing is waited for.
    pub(crate) async fn stop_or_hasten(self, signals: &mut Signals) {
        let hasten = self.hasten.clone();
        let hastened = async {
            loop {
                signals.next().await;
                hasten.cancel();
            }
        };
        tokio::select! {
            () = self.stop() => {}
            () = hastened => {}
        }
    }

    /// Stops everything: APIs, relay (in the command API), projectors, NATS, PostgreSQL.
    async fn stop(self) {
        // Who finds it gone does not try to use what is stopping.
        drop(std::fs::remove_file(self.dir.ready_file()));
        self.watch.cancel();
        join_all(self.apis.into_iter().map(Kept::stop)).await;
        join_all(self.projectors.into_iter().map(Kept::stop)).await;
        for server in [self.nats, self.postgres].into_iter().flatten() {
            server.stop().await;
        }
    }

    fn pids(&self) -> BTreeMap<String, i32> {
        let servers = self.nats.iter().chain(&self.postgres);
        let parts = self.apis.iter().chain(&self.projectors).chain(servers);
        parts
            .filter_map(|kept| {
                let text = std::fs::read_to_string(self.dir.pid_file(kept.name())).ok()?;
                Some((kept.name().to_owned(), text.trim().parse().ok()?))
            })
            .collect()
    }
}

/// Where an API listens: the port of the command line, the address of the environment, or the default.
fn choose_addr(port: Option<u16>, flag: &str, variable: &str, default: u16) -> Result<SocketAddr> {
    let mut addr = match (port, servers::named(variable)) {
        (Some(port), _) => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        (None, Some(addr)) => addr
            .parse()
            .with_context(|| format!("{variable} is no address such as 127.0.0.1:{default}"))?,
        (None, None) => SocketAddr::from((Ipv4Addr::LOCALHOST, default)),
    };
    if addr.port() == 0 {
        addr.set_port(port::any()?);
    }
    TcpListener::bind(addr).with_context(|| {
        format!("cannot listen on {addr}: stop the program that uses it, or choose another port with {flag}")
    })?;
    Ok(addr)
}

async fn await_ready(http: &reqwest::Client, name: &str, addr: SocketAddr) -> Result<()> {
    let url = format!("http://{addr}/health/ready");
    let deadline = Instant::now() + READY_TIMEOUT;
    loop {
        let said = match http.get(&url).timeout(Duration::from_secs(5)).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        if Instant::now() > deadline {
            bail!(
                "{name} is not ready after {} s: {said}",
                READY_TIMEOUT.as_secs()
            );
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_told_with_the_flag_that_helps() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = choose_addr(Some(port), "--command-port", "NO_SUCH_VARIABLE", 1).unwrap_err();
        let text = format!("{error:#}");
        assert!(
            text.contains("--command-port") && text.contains(&port.to_string()),
            "{text}"
        );
    }

    #[test]
    fn port_zero_is_any_free_port() {
        let addr = choose_addr(Some(0), "--query-port", "NO_SUCH_VARIABLE", 1).unwrap();
        assert_ne!(addr.port(), 0);
    }
}
