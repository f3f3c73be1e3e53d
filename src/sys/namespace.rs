//! Entering the network of another process.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::PathBuf;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::sys::error::{SysError, SysResult};

/// Gives the calling thread, and those it starts, the network of the process `pid`. There is no way back:
/// it is for threads that end soon.
pub fn enter_network(pid: u32) -> SysResult<()> {
    let path = PathBuf::from(format!("/proc/{pid}/ns/net"));
    let file = File::open(&path).map_err(|error| SysError::at("open", &path, error))?;
    move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
        .map_err(|error| SysError::at("enter the network", &path, error))
}
