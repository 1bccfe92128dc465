//! Processes that are killed. Such a process is this test program, started again to run one test
//! alone, which says over a socket how far it has come.

use std::{
    env,
    io::{self, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

const FOLDER: &str = "SIGNALBOX_TEST_FOLDER";
const LIFE: &str = "SIGNALBOX_TEST_LIFE";
const SOCKET: &str = "told";

/// In the process that is to be killed.
pub struct Mortal {
    pub folder: PathBuf,
    pub life: u64,
    told: UnixStream,
}

impl Mortal {
    /// None: nobody started it, it runs as a test among others.
    pub fn begin() -> Option<Self> {
        let folder = PathBuf::from(env::var_os(FOLDER)?);
        let life = env::var(LIFE).ok()?.parse().expect("a number");
        let told = UnixStream::connect(folder.join(SOCKET)).expect("whoever started it");
        Some(Self { folder, life, told })
    }

    pub fn say(&mut self, n: u64) {
        self.told.write_all(&n.to_le_bytes()).expect("somebody who reads");
    }
}

/// Who starts them, one after the other, in one folder.
pub struct Lives {
    folder: PathBuf,
    listener: UnixListener,
    /// The test that they run.
    child: &'static str,
}

impl Lives {
    pub fn of(child: &'static str, folder: &Path) -> Self {
        let listener = UnixListener::bind(folder.join(SOCKET)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { folder: folder.to_owned(), listener, child }
    }

    /// Starts a process, kills it after a while, and answers what it last said.
    pub fn live_and_die(&self, life: u64, for_us: u64) -> u64 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([self.child, "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, &self.folder)
            .env(LIFE, life.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut told = loop {
            match self.listener.accept() {
                Ok((told, _)) => break told,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
                    thread::sleep(Duration::from_millis(1));
                }
                Err(e) => panic!("{e}"),
            }
        };
        told.set_nonblocking(false).unwrap();
        let reading = thread::spawn(move || {
            let mut bytes = Vec::new();
            // Its end is not clean.
            let _ended = told.read_to_end(&mut bytes);
            let (said, _) = bytes.as_chunks::<8>();
            said.last().map_or(0, |n| u64::from_le_bytes(*n))
        });
        thread::sleep(Duration::from_micros(for_us));
        child.kill().unwrap();
        child.wait().unwrap();
        reading.join().unwrap()
    }
}

pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
