//! Edge-triggered epoll.
#![allow(unsafe_code)]

use std::{
    io,
    os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd},
    time::Duration,
};

/// A registered socket and what has happened to it.
#[derive(Clone, Copy)]
pub struct Ready {
    pub token: u64,
    flags: u32,
}

impl Ready {
    pub fn writable(self) -> bool {
        self.has(libc::EPOLLOUT)
    }
    pub fn readable(self) -> bool {
        self.has(libc::EPOLLIN) || self.ended()
    }
    /// The peer sends no more, so a read must go on until it has seen the end.
    pub fn ended(self) -> bool {
        self.has(libc::EPOLLRDHUP) || self.failed()
    }
    pub fn failed(self) -> bool {
        self.has(libc::EPOLLERR) || self.has(libc::EPOLLHUP)
    }
    fn has(self, flag: libc::c_int) -> bool {
        self.flags & flag as u32 != 0
    }
}

pub struct Epoll {
    fd: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Epoll {
    pub fn new(events_per_wait: usize) -> io::Result<Self> {
        // SAFETY: no pointer is passed; a result that is not negative is a descriptor of ours.
        let fd = unsafe {
            let raw = libc::epoll_create1(libc::EPOLL_CLOEXEC);
            if raw < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(raw)
        };
        Ok(Self { fd, events: vec![libc::epoll_event { events: 0, u64: 0 }; events_per_wait] })
    }

    /// Reports reading, writing and the peer's end, each once per change.
    pub fn watch(&self, socket: &impl AsFd, token: u64) -> io::Result<()> {
        let flags = libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP | libc::EPOLLET;
        self.add(socket, token, flags as u32)
    }

    /// Reports waiting connections for as long as there are any.
    pub fn watch_listener(&self, socket: &impl AsFd, token: u64) -> io::Result<()> {
        self.add(socket, token, libc::EPOLLIN as u32)
    }

    fn add(&self, socket: &impl AsFd, token: u64, flags: u32) -> io::Result<()> {
        let mut event = libc::epoll_event { events: flags, u64: token };
        let raw = socket.as_fd().as_raw_fd();
        // SAFETY: both descriptors are open and the event outlives the call.
        let done = unsafe {
            libc::epoll_ctl(self.fd.as_raw_fd(), libc::EPOLL_CTL_ADD, raw, &raw mut event)
        };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Waits at most `limit` and says how many sockets are ready; `ready` reads them out.
    pub fn wait(&mut self, limit: Duration) -> io::Result<usize> {
        let limit = libc::timespec {
            tv_sec: limit.as_secs() as libc::time_t,
            tv_nsec: limit.subsec_nanos().into(),
        };
        // SAFETY: the buffer holds as many events as its length says, and both outlive the call.
        let count = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.fd.as_raw_fd(),
                self.events.as_mut_ptr(),
                self.events.len() as libc::c_int,
                &raw const limit,
                std::ptr::null::<libc::sigset_t>(),
                8usize,
            )
        };
        match usize::try_from(count) {
            Ok(count) => Ok(count),
            Err(_) => match io::Error::last_os_error() {
                e if e.kind() == io::ErrorKind::Interrupted => Ok(0),
                e => Err(e),
            },
        }
    }

    #[inline]
    pub fn ready(&self, at: usize) -> Ready {
        let event = self.events[at];
        Ready { token: event.u64, flags: event.events }
    }
}
