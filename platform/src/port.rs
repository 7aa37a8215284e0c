//! Loopback ports for what this program starts.
//!
//! A port that the kernel hands out (port 0) is only ours while somebody listens on it: between two
//! runs of a server, an outgoing connection of any program may sit on it. So ports come from below the
//! range of outgoing connections, and each is reserved against other platforms until this process ends.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::Mutex;

use anyhow::{Result, bail};
use uuid::Uuid;

/// Below the kernel's default range of outgoing connections, which begins at 32,768.
const PORTS: Range<u16> = 10_000..20_000;

/// How many ports are tried before we give up.
const ATTEMPTS: usize = 1_000;

/// What this process has reserved; the kernel ends each reservation with the process.
static RESERVED: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());

/// Whether a server could listen on this loopback port now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The port of last time if it can be had, else any.
///
/// # Errors
///
/// No port is free.
pub(crate) fn same_or_any(last: Option<u16>) -> Result<u16> {
    match last {
        Some(port) if reserve(port) => Ok(port),
        _ => any(),
    }
}

/// A free port, reserved for this process.
///
/// # Errors
///
/// No port is free.
pub(crate) fn any() -> Result<u16> {
    let width = u128::from(PORTS.end - PORTS.start);
    for _ in 0..ATTEMPTS {
        let offset = u16::try_from(Uuid::new_v4().as_u128() % width)?;
        let port = PORTS.start + offset;
        if reserve(port) {
            return Ok(port);
        }
    }
    bail!(
        "cannot find a free port between {} and {}",
        PORTS.start,
        PORTS.end - 1
    )
}

/// Takes a free port out of every other platform's choice; whether it was free.
///
/// A name in the abstract namespace is a lock on the whole machine that no crash can leave behind.
fn reserve(port: u16) -> bool {
    let lock = SocketAddr::from_abstract_name(format!("order-platform/port/{port}"))
        .and_then(|name| UnixListener::bind_addr(&name));
    let Ok(lock) = lock else { return false };
    if !is_free(port) {
        return false;
    }
    RESERVED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .push(lock);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_port_is_given_once() {
        let port = any().unwrap();
        assert!(PORTS.contains(&port));
        assert!(!reserve(port));
        assert_ne!(same_or_any(Some(port)).unwrap(), port);
    }

    #[test]
    fn the_port_of_last_time_is_taken_again_unless_somebody_listens_there() {
        // Other platforms on this machine may hold some.
        assert!((PORTS.start..PORTS.end).any(|port| same_or_any(Some(port)).unwrap() == port));

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();
        assert_ne!(same_or_any(Some(taken)).unwrap(), taken);
    }
}
