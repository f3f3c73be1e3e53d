//! What a service tells systemd: that it is ready, alive, and what it is at (sd_notify(3)).
//!
//! Without a socket nothing is told, and nothing that goes wrong with it matters to the work.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::PathBuf;

/// The connection to whoever started us.
#[derive(Debug)]
pub struct Service {
    socket: Option<(UnixDatagram, SocketAddr)>,
}

impl Service {
    /// `address` is what `NOTIFY_SOCKET` holds: a path, or `@` and an abstract name.
    pub fn new(address: Option<PathBuf>) -> Self {
        let socket = address.and_then(|path| {
            let to = match path.as_os_str().as_bytes().split_first() {
                Some((b'@', name)) => SocketAddr::from_abstract_name(name),
                _ => SocketAddr::from_pathname(&path),
            };
            Some((UnixDatagram::unbound().ok()?, to.ok()?))
        });
        Self { socket }
    }

    fn say(&self, what: &str) {
        if let Some((socket, to)) = &self.socket {
            // Nobody can be told that the manager cannot be told.
            let _ = socket.send_to_addr(what.as_bytes(), to);
        }
    }

    /// The start is over.
    pub fn ready(&self) {
        self.say("READY=1");
    }

    /// The watchdog may wait again.
    pub fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    /// What goes on, in one line.
    pub fn status(&self, line: &str) {
        self.say(&format!("STATUS={}", line.replace('\n', " ")));
    }

    /// The end has begun.
    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }
}

#[cfg(test)]
mod tests {
    use super::Service;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn a_manager_is_told_and_without_one_nothing_happens() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let service = Service::new(Some(path));
        service.ready();
        service.status("two\nlines");
        service.alive();
        service.stopping();
        let mut buffer = [0; 100];
        for expected in ["READY=1", "STATUS=two lines", "WATCHDOG=1", "STOPPING=1"] {
            let length = manager.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], expected.as_bytes());
        }
        for none in [None, Some("/no/such/socket".into())] {
            Service::new(none).ready();
        }
    }
}
