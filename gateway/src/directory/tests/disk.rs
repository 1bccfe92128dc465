//! The disk copy: what is written is read back, damage costs what was damaged and no more.

use crate::{
    admission::tests::{app_record, master},
    directory::{
        Alarm, Directory, disk,
        disk::{DiskKeeper, Store},
        import,
    },
};
use contract::directory::{Change, Entry, Kill, Revision};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = hex::encode(contract::credential::random_bytes::<8>().unwrap());
        let path = std::env::temp_dir().join(format!("signalbox-test-{name}"));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
    fn path(&self) -> PathBuf {
        disk::folder(&self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn put(revision: Revision, id: &str) -> Entry {
    let key = format!("key-{id}");
    Entry { revision, change: Change::App(app_record(id, &[(&key, "secret")])) }
}

fn disable(revision: Revision, id: &str) -> Entry {
    let kill = Kill::DisableApp { app: id.parse().unwrap() };
    Entry { revision, change: Change::Kill(kill) }
}

fn loaded(folder: &Path) -> (Directory, Option<Store>) {
    let directory = Directory::new(master());
    let store = disk::load(&directory, folder).expect("readable");
    (directory, store)
}

fn apps(directory: &Directory) -> Vec<String> {
    let mut apps: Vec<_> = directory.apps().iter().map(|app| app.id.to_string()).collect();
    apps.sort();
    apps
}

/// Two generations: snapshot 1 with app 1, its log with app 2; snapshot 2 with both, its log with
/// app 3 and the end of app 1.
fn given_two_generations(folder: &Path) {
    let mut first = Store::create(folder, 1, 1, [put(1, "1")].into_iter()).unwrap();
    first.append(&[put(2, "2")]).unwrap();
    let mut second = Store::create(folder, 2, 2, [put(1, "1"), put(2, "2")].into_iter()).unwrap();
    second.append(&[put(3, "3"), disable(4, "1")]).unwrap();
}

fn only(folder: &Path, prefix: &str) -> PathBuf {
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
        .collect();
    found.sort();
    found.pop().expect("a file")
}

#[test]
fn what_was_written_is_read_back() {
    let folder = Folder::new();
    given_two_generations(&folder.path());
    let (directory, store) = loaded(&folder.path());
    assert_eq!(apps(&directory), ["1", "2", "3"]);
    assert!(!directory.app_by_path("1").unwrap().load().enabled);
    assert_eq!((directory.status().applied(), store.is_some()), (4, true));
    assert!(directory.status().is_loaded());
}

#[test]
fn no_copy_is_no_error() {
    let (directory, store) = loaded(&Folder::new().path());
    assert!(store.is_none() && !directory.status().is_loaded());
}

#[test]
fn a_cut_off_tail_costs_the_last_line_only() {
    let folder = Folder::new();
    given_two_generations(&folder.path());
    let log = only(&folder.path(), "log-");
    let text = fs::read(&log).unwrap();
    for missing in 1..40 {
        fs::write(&log, &text[..text.len() - missing]).unwrap();
        let (directory, mut store) = loaded(&folder.path());
        assert_eq!(directory.status().applied(), 3, "{missing} bytes missing");
        assert!(directory.app_by_path("1").unwrap().load().enabled);
        assert_eq!(directory.status().raised(Alarm::DiskCorrupt), 1);
        store.as_mut().expect("goes on").append(&[disable(4, "1")]).unwrap();
        assert_eq!(loaded(&folder.path()).0.status().applied(), 4, "appended after the cut");
    }
}

#[test]
fn a_damaged_snapshot_is_made_up_for_by_the_one_before() {
    let folder = Folder::new();
    given_two_generations(&folder.path());
    let snapshot = only(&folder.path(), "snapshot-");
    let text = fs::read(&snapshot).unwrap();
    for (what, bytes) in [
        ("flipped", [&text[..text.len() / 2], b"~", &text[text.len() / 2 + 1..]].concat()),
        ("cut off", text[..text.len() - 30].to_vec()),
        (
            "a line short",
            text[..text[..text.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1].to_vec(),
        ),
        ("empty", Vec::new()),
    ] {
        fs::write(&snapshot, bytes).unwrap();
        let (directory, store) = loaded(&folder.path());
        assert_eq!(apps(&directory), ["1", "2", "3"], "{what}");
        assert!(!directory.app_by_path("1").unwrap().load().enabled, "{what}");
        assert!(store.is_none(), "{what}: a new generation is due");
        assert_eq!(directory.status().raised(Alarm::DiskCorrupt), 1, "{what}");
    }
}

#[test]
fn a_gap_in_an_older_log_is_fetched_again() {
    let folder = Folder::new();
    given_two_generations(&folder.path());
    fs::write(only(&folder.path(), "snapshot-"), "").unwrap();
    let first_log = folder.path().join(format!("log-{:020}", 1));
    fs::write(first_log, "damaged\n").unwrap();
    let (directory, _) = loaded(&folder.path());
    assert_eq!(directory.status().applied(), 1, "the feed goes on before the gap");
    assert!(!directory.app_by_path("1").unwrap().load().enabled, "a kill after it is in force");
}

#[tokio::test]
async fn a_full_disk_costs_no_service_and_heals() {
    let folder = Folder::new();
    let blocked = folder.0.join("blocked");
    fs::write(&blocked, "a file where a folder should be").unwrap();
    let directory = Directory::new(master());
    let keeper = DiskKeeper::start(directory.clone(), disk::folder(&blocked), None).unwrap();
    let entry = put(1, "1");
    drop(directory.apply(entry.revision, entry.change.clone()));
    assert!(!keeper.append(vec![entry]).wait(Duration::from_secs(5)).await);
    assert!(directory.status().is_disk_failing() && directory.app_by_path("1").is_some());
    assert!(directory.status().raised(Alarm::DiskUnavailable) >= 1);

    fs::remove_file(&blocked).unwrap();
    let entry = put(2, "2");
    drop(directory.apply(entry.revision, entry.change.clone()));
    assert!(keeper.append(vec![entry]).wait(Duration::from_secs(5)).await);
    assert!(!directory.status().is_disk_failing());
    let (copy, _) = loaded(&disk::folder(&blocked));
    assert_eq!(apps(&copy), ["1", "2"], "what could not be written before is there now");
}

#[tokio::test]
async fn old_generations_go_when_the_third_is_written() {
    let folder = Folder::new();
    given_two_generations(&folder.path());
    Store::create(&folder.path(), 9, 1, [put(1, "1")].into_iter()).unwrap();
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let name = |kind: &str, at: u32| format!("{kind}-{at:020}");
    assert_eq!(names, [name("log", 2), name("log", 9), name("snapshot", 2), name("snapshot", 9)]);
}

#[test]
fn an_import_seals_plain_secrets_and_counts_its_records() {
    let folder = Folder::new();
    let file = folder.0.join("records");
    let line = r#"{"type":"app","id":"7","organisation":"o","enabled":true,"credentials":[{"key":"k7","secret":"plain-text"}]}"#;
    let end = |n: u64| format!("{{\"end\":{{\"revision\":5,\"records\":{n}}}}}");
    let start = r#"{"snapshot":{"revision":5}}"#;
    let hash = "0".repeat(64);
    let secret_key = format!(
        r#"{{"type":"secret_key","id":"sk_id_abc","app":"7","hash":"{hash}","actions":["send"],"channels":[],"token_secret":"sk_secret_def"}}"#
    );
    let publishable_key =
        r#"{"type":"publishable_key","key":"pk_live_1","app":"7","actions":[],"channels":["**"]}"#;
    let lines = [start, line, &secret_key, publishable_key, &end(3)].join("\n");
    fs::write(&file, lines).unwrap();
    assert_eq!(import(&file, &folder.0, &master()).unwrap(), 3);
    let (directory, _) = loaded(&folder.path());
    assert_eq!(directory.status().applied(), 5);
    assert!(directory.app_by_key("k7").is_some());
    let written = fs::read_to_string(only(&folder.path(), "snapshot-")).unwrap();
    assert!(!written.contains("plain-text") && !written.contains("sk_secret_def"));

    let sealed = |name: &str| written.contains(&format!("\"sealed_{name}\":\""));
    assert!(sealed("secret") && sealed("token_secret"));
    let terms = directory.secret_key_by_id("sk_id_abc").and_then(|key| key.terms()).unwrap();
    let token_key = terms.token_key().expect("imported");
    assert_eq!(token_key.secret.expose(), "sk_secret_def");
    assert!(directory.publishable_key("pk_live_1").is_some());

    for bad in [
        format!("{start}\n{line}\n{}\n", end(2)),
        line.replace("plain-text", "two words"),
        line.replace("\"7\"", "\"a/b\""),
        secret_key.replace("sk_secret_def", "two words"),
        publishable_key.replace("pk_live_1", "sk_live_1"),
        "not json".to_owned(),
    ] {
        fs::write(&file, &bad).unwrap();
        assert!(import(&file, &folder.0, &master()).is_err(), "{bad}");
        assert!(loaded(&folder.path()).0.app_by_key("k7").is_some(), "the copy before stays");
    }
}
