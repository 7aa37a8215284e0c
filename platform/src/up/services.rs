//! The services: what each is told, and how it is run, as a task or as a process.

use std::net::SocketAddr;

use futures::FutureExt as _;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use service_kit::Vars;
use tokio_util::sync::CancellationToken;

use super::keeper::Start;
use super::running::Running;
use super::servers::{EVENT_STORE_URL, NATS_URL, READ_MODEL_URL, Urls, named};
use crate::data_dir::DataDir;
use crate::process::{self, GRACE, Output, Program, Spawner};
use crate::service::ServiceName;

/// How long a stopping service goes on with what it accepted, in milliseconds.
const SHUTDOWN_GRACE: &str = "SHUTDOWN_GRACE_MS";

/// One service of the platform, with all that it is told.
#[derive(Debug, Clone)]
pub(super) struct ServicePlan {
    /// Its name among the parts, e.g. `projector-2`.
    pub(super) name: String,
    pub(super) service: ServiceName,
    /// Where it listens.
    pub(super) addr: SocketAddr,
    /// Variables beside those of our own environment.
    pub(super) vars: Vec<(&'static str, String)>,
}

impl ServicePlan {
    pub(super) fn command_api(
        addr: SocketAddr,
        query_url: &str,
        urls: &Urls,
        auth: Option<&str>,
    ) -> Self {
        let mut vars = vec![
            ("COMMAND_API_ADDR", addr.to_string()),
            (EVENT_STORE_URL, urls.log_for_commands.clone()),
            (NATS_URL, urls.nats_for_relay.clone()),
            ("QUERY_API_PUBLIC_URL", query_url.to_owned()),
        ];
        if named(SHUTDOWN_GRACE).is_none() {
            // Within the time after which it would be killed.
            vars.push((SHUTDOWN_GRACE, (GRACE * 4 / 5).as_millis().to_string()));
        }
        vars.extend(auth_secret(auth));
        let service = ServiceName::CommandApi;
        Self {
            name: service.as_str().to_owned(),
            service,
            addr,
            vars,
        }
    }

    pub(super) fn query_api(addr: SocketAddr, urls: &Urls, auth: Option<&str>) -> Self {
        let mut vars = vec![
            ("QUERY_API_ADDR", addr.to_string()),
            (READ_MODEL_URL, urls.views_for_queries.clone()),
        ];
        vars.extend(auth_secret(auth));
        let service = ServiceName::QueryApi;
        Self {
            name: service.as_str().to_owned(),
            service,
            addr,
            vars,
        }
    }

    pub(super) fn projector(number: u16, addr: SocketAddr, urls: &Urls) -> Self {
        Self {
            name: format!("projector-{number}"),
            service: ServiceName::Projector,
            addr,
            vars: vec![
                ("PROJECTOR_ADDR", addr.to_string()),
                (EVENT_STORE_URL, urls.log_for_projectors.clone()),
                (READ_MODEL_URL, urls.views_for_projectors.clone()),
                (NATS_URL, urls.nats_for_projectors.clone()),
            ],
        }
    }

    /// Runs the service as a task of this process.
    pub(super) fn into_task(self) -> Start {
        Box::new(move || {
            let vars = self
                .vars
                .iter()
                .fold(Vars::from_env(), |vars, (name, value)| {
                    vars.with(*name, value.clone())
                });
            let service = self.service;
            async move {
                let stop = CancellationToken::new();
                let task = tokio::spawn(service.run(vars, stop.clone()));
                Ok(Running::Task { task, stop })
            }
            .boxed()
        })
    }

    /// Runs the service as a process of its own.
    pub(super) fn into_process(self, dir: &DataDir, spawner: &Spawner) -> Start {
        let log = dir.log_file(&self.name);
        let spawner = spawner.clone();
        Box::new(move || {
            let program = Program::ourselves()
                .args(["service", self.service.as_str()])
                .envs(self.vars.iter().map(|(name, value)| (*name, value.clone())))
                .output(Output::File(log.clone()));
            let (spawner, log) = (spawner.clone(), log.clone());
            async move {
                let child = spawner.spawn(program).await?;
                Ok(Running::Process {
                    child: Box::new(child),
                    stop: Signal::SIGTERM,
                    log,
                })
            }
            .boxed()
        })
    }
}

fn auth_secret(secret: Option<&str>) -> Option<(&'static str, String)> {
    Some(("AUTH_HS256_SECRET", secret?.to_owned()))
}

/// Ends services that a killed `orders` left: they get a signal when it dies, but may still be finishing.
pub(super) async fn end_left_over(dir: &DataDir) {
    for file in std::fs::read_dir(dir.join("run"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let Ok(text) = std::fs::read_to_string(file.path()) else {
            continue;
        };
        let Ok(pid) = text.trim().parse().map(Pid::from_raw) else {
            continue;
        };
        let ours = process::command_line(pid).is_some_and(|line| {
            ServiceName::ALL
                .iter()
                .any(|name| line.ends_with(&format!(" service {}", name.as_str())))
        });
        if ours {
            process::end(pid, Signal::SIGTERM).await;
        }
    }
}
