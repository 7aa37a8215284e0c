//! Ports for servers that are stopped and started again.

use std::net::{SocketAddr, TcpListener};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::{self, net::UnixListener};

use uuid::Uuid;

/// Ports are taken from below the range that the kernel gives to outgoing connections, and each is reserved
/// while its server lives, so that nobody sits on a server's port while a test has it stopped.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A free port of the loopback interface that no other test's server takes while this value lives.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) address: SocketAddr,
    _reserved: UnixListener,
}

impl Port {
    /// One of the free ports, at random; none when the one that was looked at is taken.
    pub(crate) fn reserve() -> Option<Self> {
        let width = u128::from(PORTS.end - PORTS.start);
        let offset = u16::try_from(Uuid::new_v4().as_u128() % width).unwrap_or(0);
        let address = SocketAddr::from(([127, 0, 0, 1], PORTS.start + offset));
        // The kernel frees the name with its process.
        let name =
            unix::net::SocketAddr::from_abstract_name(format!("test-kit/port/{}", address.port()));
        let reserved = UnixListener::bind_addr(&name.ok()?).ok()?;
        TcpListener::bind(address).ok()?;
        Some(Self {
            address,
            _reserved: reserved,
        })
    }
}
